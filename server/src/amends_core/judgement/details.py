"""How much a sentence says of this customer's case: their own words, numbers, times. Boilerplate says nothing of it."""

import re
from typing import NamedTuple

from amends_core.figures import NUMBER_WORDS, WEEKDAY
from amends_core.judgement.weights import COPIED_WORDS, DETAIL_SHARE, DETAILS_ENOUGH, ECHO_WORDS
from amends_core.text import has_digits, remembered

_WORD = re.compile(r"[a-z][a-z'-]{3,}")
_TOKEN = re.compile(r"[\w']+")
_YES_OR_NO = re.compile(
    r"\W*(?:yes|yeah|yep|no|nope|sure|correct|right|absolutely|certainly|of course|not (?:yet|at|quite)|unfortunately|"
    r"that'?s (?:right|fine|correct|it)|you can(?:'t|not)?|they(?:'re| are)|it(?:'s| is))\b",
    re.I,
)
_SPELLED = re.compile(
    rf"\b(?:{NUMBER_WORDS}|half|noon|midnight|"
    rf"today|tonight|tomorrow|weekdays?|weekends?|{WEEKDAY}s?|free of charge)\b",
    re.I,
)
"""Figures and times in words."""
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_COMMON = frozenset(
    "about after again also always another anything back because been before being came come could didn does done "
    "don't each even ever every from getting give going gone have haven't having hear help here i'll i'm i've "
    "into isn't it's just know like long look made make many maybe more most much need never nothing only other "
    "over please problem really said same says service should since some something sorry still sure take tell "
    "than thank thanks that that's their them then there these they thing things think this those time told "
    "understand until very want wanted was wasn't well went were what when where which while will with without "
    "won't would your you're ".split()
)


class Details(NamedTuple):
    """The words by which a reply shows that it is about this customer."""

    words: frozenset[str] = frozenset()
    messages: tuple[str, ...] = ()
    """What the customer said, word by word."""

    def with_message(self, text: str) -> "Details":
        """Adds the telling words of a message of the customer: four letters or more, and not common ones."""
        return Details(self.words | _words(text), (*self.messages, _plain(text)))

    def share(self, text: str, *, with_numbers: bool) -> float:
        """How much of a strong step's worth the details of a sentence stand for, 0 to DETAIL_SHARE."""
        numbers = len(_NUMBER.findall(text)) if with_numbers and has_digits(text) else 0
        found = len(self.words & _words(text)) + numbers
        return DETAIL_SHARE * min(1.0, found / DETAILS_ENOUGH)

    def bears(self, text: str) -> bool:
        """Whether a sentence says yes or no, gives a figure, or has a telling word of the customer's."""
        return _answers_shortly(text) or not self.words.isdisjoint(_words(text))

    def is_echo(self, text: str) -> bool:
        """Whether a sentence is the customer's own again.

        Word for word, or with ECHO_WORDS telling words or more, every one of which is the customer's.
        """
        words = _words(text)
        if len(words) >= ECHO_WORDS and words <= self.words:
            return True
        plain = _plain(text)
        return plain.count(" ") > COPIED_WORDS and any(plain in message for message in self.messages)


@remembered
def _answers_shortly(text: str) -> bool:
    return has_digits(text) or _SPELLED.search(text) is not None or _YES_OR_NO.match(text) is not None


@remembered
def _plain(text: str) -> str:
    """The words in small letters, a space before and after each."""
    return f" {' '.join(_TOKEN.findall(text.lower()))} "


@remembered
def _words(text: str) -> frozenset[str]:
    return frozenset(_stem(word) for word in _WORD.findall(text.lower()) if word not in _COMMON)


def _stem(word: str) -> str:
    return word.rstrip("s")[:7]
