"""Figures of a case: amounts, dates and counts, comparable across a conversation. Rules, and careful ones."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from amends_core.text import has_digits, remembered, words_in

_WORDS = {
    word: float(number)
    for number, word in enumerate(
        "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen twenty".split(),
        start=2,
    )
} | {"thirty": 30.0, "forty": 40.0, "fifty": 50.0, "sixty": 60.0, "hundred": 100.0}
"""`one` is left out: as often a pronoun as a number."""
NUMBER_WORDS = "|".join(_WORDS)
WEEKDAY = "(?:mon|tues|wednes|thurs|fri|satur|sun)day"
"""Both for patterns."""
_NUMBER = rf"\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?|{NUMBER_WORDS}"
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MONTH = rf"(?:{'|'.join(_MONTHS)})[a-z]*"
_MONEY = re.compile(
    rf"[$£€]\s?(?P<after>{_NUMBER})(?!\w)|"
    rf"\b(?P<before>{_NUMBER}) ?(?:dollars?|pounds?|euros?|quid|bucks|usd|gbp|eur)\b",
    re.I,
)
_CURRENCIES = ("dollar", "dollars", "pound", "pounds", "euro", "euros", "quid", "bucks", "usd", "gbp", "eur")
_DATE = re.compile(
    rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<month>{_MONTH})\b|"
    rf"\b(?P<month_first>{_MONTH}) (?P<day_after>\d{{1,2}})(?:st|nd|rd|th)?\b",
    re.I,
)
_SHARE = re.compile(r"(?<![\w.])(?P<number>\d+(?:\.\d+)?) ?(?:%|per ?cent\b)", re.I)
_COUNT = re.compile(rf"(?<![\w.,$£€#-])(?<!hundred and )(?P<number>{_NUMBER})[ -](?P<noun>[a-z]{{3,}})\b", re.I)
_ANY = re.compile(rf"(?<![\w.])(?:{_NUMBER})(?!\w)", re.I)
_NO_NOUNS = frozenset(
    "and the for per out but are was were has had can not off all more less times other than with from".split()
)
_MULTIPLIERS = frozenset(["hundred", "thousand", "million"])


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and what it counts."""

    unit: str
    """`money`, `percent`, `date` (value: month * 100 + day), or the stem of the noun counted."""
    value: float


@remembered
def figures_in(text: str) -> frozenset[Figure]:
    """The figures of a text; those that cannot be compared, such as "a few" or "two hundred", are left out."""
    dated = (*_dates(text), *_shares(text)) if has_digits(text) else ()
    return frozenset((*_money(text), *dated, *_counts(text)))


@remembered
def numbers_in(text: str) -> frozenset[float]:
    """Every number of a text, whatever it counts."""
    return frozenset(_value(match[0]) for match in _ANY.finditer(text)) if _may_count(text) else frozenset()


def _may_count(text: str) -> bool:
    return has_digits(text) or not words_in(text).isdisjoint(_WORDS)


def _may_be_money(text: str) -> bool:
    signed = "$" in text or "£" in text or "€" in text
    return signed or any(word.endswith(_CURRENCIES) for word in words_in(text))


def _money(text: str) -> Iterator[Figure]:
    if not _may_be_money(text):
        return
    for match in _MONEY.finditer(text):
        yield Figure("money", _value(match["after"] or match["before"]))


def _dates(text: str) -> Iterator[Figure]:
    for match in _DATE.finditer(text):
        month = _MONTHS.index((match["month"] or match["month_first"])[:3].lower()) + 1
        yield Figure("date", month * 100.0 + float(match["day"] or match["day_after"]))


def _shares(text: str) -> Iterator[Figure]:
    for match in _SHARE.finditer(text):
        yield Figure("percent", _value(match["number"]))


def _counts(text: str) -> Iterator[Figure]:
    if not _may_count(text):
        return
    for match in _COUNT.finditer(text):
        noun = match["noun"].lower()
        if noun not in _NO_NOUNS and noun not in _MULTIPLIERS and not re.fullmatch(_MONTH, noun):
            yield Figure(noun.rstrip("s")[:7], _value(match["number"]))


def _value(number: str) -> float:
    return _WORDS.get(number.lower()) or float(number.replace(",", ""))
