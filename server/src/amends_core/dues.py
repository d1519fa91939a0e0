"""By when something was promised, as said and as a moment.

Turns carry moments and no time zone, so "by five" and "on Friday" are read as the latest moment they can mean
anywhere: a promise is never called overdue for want of a zone.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from amends_core.text import remembered

Latest = Callable[[re.Match[str], datetime], datetime]
"""From what was said, and when, to the latest moment it can mean."""
DAY = timedelta(days=1)
ZONES = timedelta(hours=14)
"""The furthest that a local day ends after the same day of UTC, whichever of the two dates a speaker meant."""
_UNITS: Mapping[str, timedelta] = {
    "min": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "hr": timedelta(hours=1),
    "day": DAY,
    "week": timedelta(weeks=1),
    "month": timedelta(days=31),
}
_WORDS = {word: n for n, word in enumerate("two three four five six seven eight nine ten".split(), start=2)}
_WORDS |= {"a": 1, "the": 1, "an": 1, "one": 1, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30}
_NUMBER = rf"(?:\d{{1,3}}|{'|'.join(sorted(_WORDS, key=len, reverse=True))})"
_SPAN = re.compile(
    rf"\b(?:with)?in (?:the next |about |around |under |less than )?(?:{_NUMBER} ?(?:to|-|or) ?)?"
    rf"(?P<number>{_NUMBER}|the)"
    rf"(?: (?P<working>working|business))?[ -](?P<unit>min|hour|hr|day|week|month)\w*",
    re.I,
)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAY = r"(?P<weekday>mon|tues|wednes|thurs|fri|satur|sun)day"
_CLOCK = (
    r"(?:\d{1,2}(?:[:.]\d{2})?(?: ?[ap]\.?m\b| o'clock)?|noon|midday|midnight|"
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)(?: o'clock)?)"
)
_DAY_PART = r"(?: (?:morning|afternoon|evening|night|lunchtime|noon|midday))?"
_MOMENT = re.compile(
    rf"\b(?:(?:by|before|until|at|around|on|no later than)(?: the)? (?:{_CLOCK} )?(?:on )?)?"
    rf"(?:(?P<tomorrow>tomorrow){_DAY_PART}|(?P<today>today|tonight|this (?:morning|afternoon|evening))|"
    rf"(?:next |this |on )?{_WEEKDAY}{_DAY_PART}|(?P<next_week>next week)|(?P<week>(?:this|the end of the|the) week)\b)"
    rf"(?: (?:at|by|before) {_CLOCK})?",
    re.I,
)
_END = re.compile(
    r"\bby (?:the )?(?:end|close) of (?:(?P<week>(?:the |this )?week)|(?:the |this )?month|"
    r"(?:the |this )?(?:day|business|shift|afternoon|morning|today))\b",
    re.I,
)
_HOUR = re.compile(rf"\b(?:by|before|until|at|no later than) {_CLOCK}(?![\w%])", re.I)
_AT_ONCE = re.compile(r"\b(?:right now|right away|straight ?away|immediately|at once|now)\b", re.I)


@dataclass(frozen=True, slots=True)
class Due:
    """By when something was promised."""

    text: str
    """As said; empty where nothing was."""
    at: datetime | None
    """The latest moment it can mean; None where it cannot be told."""


def due_in(text: str, said_at: datetime | None) -> Due:
    """Finds by when a sentence promises; `said_at` is the time of its turn."""
    said = _said(text)
    if said is None:
        return Due("", None)
    latest, match = said
    return Due(match[0].strip(), _bounded(latest, match, said_at))


def _bounded(latest: Latest, match: re.Match[str], said_at: datetime | None) -> datetime | None:
    try:
        return latest(match, said_at) if said_at else None
    except OverflowError:  # past the last year a calendar has
        return None


def _after_span(match: re.Match[str], said_at: datetime) -> datetime:
    number = match["number"].lower()
    count = _WORDS.get(number) or int(number)
    if match["working"] and match["unit"].lower() == "day":
        # Two days of a weekend for every five, and for the one it may begin in.
        count += 2 * (count // 5 + 1)
    return said_at + count * _UNITS[match["unit"].lower()]


def _after_moment(match: re.Match[str], said_at: datetime) -> datetime:
    if match["today"]:
        return said_at + DAY
    if match["tomorrow"]:
        return said_at + 2 * DAY
    if match["weekday"]:
        ahead = (_WEEKDAYS.index(match["weekday"].lower()[:3]) - said_at.weekday()) % 7 or 7
        if "next " in match[0].lower():
            ahead += 7
        midnight = said_at.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight + (ahead + 1) * DAY + ZONES
    return said_at + (14 if match["next_week"] else 7) * DAY


_READERS: tuple[tuple[re.Pattern[str], Latest], ...] = (
    (_SPAN, _after_span),
    (_END, lambda match, said: said + (7 * DAY if match["week"] else 31 * DAY if "month" in match[0] else DAY)),
    (_MOMENT, _after_moment),
    (_HOUR, lambda _, said: said + DAY),
    (_AT_ONCE, lambda _, said: said + DAY),
)


@remembered
def _said(text: str) -> tuple[Latest, re.Match[str]] | None:
    """The words of a sentence that say by when, and how they are read."""
    for pattern, latest in _READERS:
        match = pattern.search(text)
        if match:
            return latest, match
    return None
