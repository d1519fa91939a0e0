"""Splits a turn into sentences whose spans tile the text: nothing is lost and nothing overlaps.

Built for what agents type: missing capitals, missing spaces, links, order numbers, lists, emoji and
turns without any punctuation. Rules, not a model: a boundary must be the same today and tomorrow.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from amends_core.text.normal import has_words, word_count

MAX_WORDS = 60
"""A run without punctuation is cut here at the latest; the encoder reads about 1.3 tokens a word."""

_ABBREVIATIONS = frozenset(
    "mr mrs ms mx dr prof sr jr st rev hon approx dept est ext fig inc ltd co corp no nos ref tel vs etc e.g i.e "
    "eg ie cf ca al a.m p.m u.s u.k mon tue tues wed thu thur thurs fri sat sun jan feb mar apr jun jul aug sep "
    "sept oct nov dec min max hrs hr qty amt acct pls pt vol ".split()
)
_BEFORE_NUMBERS = frozenset(["no", "nos", "vol", "fig"])
"""Abbreviations only before a number: "no. 12", but "Oh no. We will"."""
_SENTENCE_FINAL = frozenset(["etc", "a.m", "p.m", "inc", "ltd", "co", "corp", "u.s", "u.k", "hr", "hrs", "min"])
"""Abbreviations that may also end a sentence: they do so before a capital."""

_EMOJI = "\u2600-\u27bf\U0001f000-\U0001faff"
_END = re.compile(
    rf"""
    # what each of them begins with: most places are passed over by this alone
    (?=[hw.!?\u2026\u3002{_EMOJI}\n])
    (?:
    # a link, whole: its stops end nothing
    (?P<link>(?:https?://|www\.)\S*[\w/])
    # a stop, what closes with it, then space
    | (?<![.!?\u2026\u3002])(?P<stop>[.!?\u2026\u3002]+)
      (?P<tail>["'\u201d\u2019)\]*]*\s{{0,3}}[{_EMOJI}\ufe0f\u200d]*)(?=\s|$)
    # a stop whose space was forgotten: "sorry.We"
    | (?<=[a-z]{{2}})[.!?]+(?=[A-Z][a-z']*\s)
    | (?<=[^\W\d_]{{3}})[!?]+(?=[^\W\d_])
    # an emoji as a stop
    | (?<![{_EMOJI}])[{_EMOJI}][\ufe0f\u200d{_EMOJI}]*(?=\s{{1,3}}[A-Z])
    # a new line
    | \n
    )
    """,
    re.X,
)
_LAST_WORD = re.compile(r"(\S+)$")
_LIST_MARK = re.compile(r"(?:\A|\n|[.!?:;]\s)[ \t]{0,8}\(?(?:\d{1,2}|[a-hA-H])\Z")
_CLAUSE = re.compile(r"(?<=[,;:])\s+|(?<!\s)\s+(?:(?=(?:but|so|and|because|then|also|please|if|when)\b)|-+\s+)", re.I)
_SIGHT = 40
"""How many characters about a stop are looked at: longer than any abbreviation or list mark."""


class Span(NamedTuple):
    """A stretch of a text: `start` and one past the end, in Unicode code points."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """The stretch of `text`."""
        return text[self.start : self.end]

    def trimmed(self, text: str) -> "Span":
        """The same stretch without white space at its ends; empty at `end` where nothing is left."""
        piece = self.of(text)
        left = len(piece) - len(piece.lstrip())
        return Span(self.start + left, self.start + max(left, len(piece.rstrip())))


def split(text: str) -> tuple[Span, ...]:
    """Gives the sentences of `text`, in order.

    The spans tile the text: the first starts at 0, each starts where the one before ends, the last
    ends at `len(text)`. Every span but a lone one holds at least one letter or digit.
    """
    if not text:
        return ()
    pieces = [part for piece in _tile(text, _boundaries(text)) for part in _cut_long(text, piece)]
    return tuple(_join_wordless(text, pieces))


def _boundaries(text: str) -> Iterator[int]:
    for match in _END.finditer(text):
        if match["link"] or (match["stop"] and not _ends_sentence(text, match)):
            continue
        yield match.end()


def _ends_sentence(text: str, match: re.Match[str]) -> bool:
    if "." not in match["stop"] and "\u2026" not in match["stop"]:
        return True
    after = text[match.end() : match.end() + _SIGHT].lstrip()
    before = text[max(0, match.start() - _SIGHT) : match.start()]
    if before[-1:].isalnum() and _LIST_MARK.search(before):
        return False
    word = _LAST_WORD.search(before)
    last = word.group(1).lstrip("(\"'[").lower() if word else ""
    if match["stop"] == "." and (last in _ABBREVIATIONS or (len(last) == 1 and last.isalpha() and last not in "iu")):
        if last in _BEFORE_NUMBERS:
            return not after[:1].isdigit() and not after.startswith("#")
        return last in _SENTENCE_FINAL and after[:1].isupper()
    ellipsis = len(match["stop"]) > 1 or match["stop"] == "\u2026"
    return not (ellipsis and after[:1].islower() and set(match["stop"]) <= {".", "\u2026"})


def _tile(text: str, ends: Iterator[int]) -> Iterator[Span]:
    start = 0
    for end in ends:
        if end > start:
            after = _after_space(text, end)
            yield Span(start, after)
            start = after
    if start < len(text):
        yield Span(start, len(text))


def _after_space(text: str, index: int) -> int:
    while index < len(text) and text[index].isspace():
        index += 1
    return index


def _cut_long(text: str, span: Span) -> Iterator[Span]:
    piece = span.of(text)
    if len(piece) < 2 * MAX_WORDS or word_count(piece) <= MAX_WORDS:  # a word and what parts it from the next take two
        yield span
        return
    cut = _middle_cut(piece)
    if cut is None:
        yield span
        return
    yield from _cut_long(text, Span(span.start, span.start + cut))
    yield from _cut_long(text, Span(span.start + cut, span.end))


def _middle_cut(piece: str) -> int | None:
    """Where to cut: the clause boundary nearest to the middle, else the space nearest to it."""
    middle = len(piece) / 2
    for pattern in (_CLAUSE, re.compile(r"\s+")):
        cuts = [m.end() for m in pattern.finditer(piece) if len(piece) / 4 < m.end() < len(piece) * 3 / 4]
        if cuts:
            return min(cuts, key=lambda cut: (abs(cut - middle), cut))
    return None


def _join_wordless(text: str, spans: list[Span]) -> list[Span]:
    joined: list[Span] = []
    last_has_words = True
    for span in spans:
        words = has_words(span.of(text))
        if joined and not (words and last_has_words):
            joined[-1] = Span(joined[-1].start, span.end)
            last_has_words |= words
        else:
            joined.append(span)
            last_has_words = words
    return joined
