"""The questions and problems of one message of a customer, told apart where it plainly holds several.

Rules, and careful ones: an agent is reminded of a second matter only where no reader would doubt it. A cause, its
consequence and the remedy that is asked for are one matter; so are two faults of one parcel, unless the customer
says "also". What no rule knows is not counted.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest

from amends_core.text import Span, remembered, split, word_count, words_in

MOST = 5
"""A message that holds more is read up to here."""
READ_CHARACTERS = 2000
"""How much of a message is read: some 350 words, and at worst 10 ms of work."""


class Topic(StrEnum):
    """What a question or problem is about; its value is how people call it."""

    DELIVERY = "the delivery"
    DAMAGE = "the damage"
    WRONG_ITEM = "the wrong item"
    CHARGE = "the charge"
    REFUND = "the refund"
    ACCESS = "the login"
    APP = "the app or website"
    CONNECTION = "the connection"
    HOURS = "the opening hours"
    PRICE = "the price"
    STOCK = "what is in stock"
    ADDRESS = "the change of address"


@dataclass(frozen=True, slots=True)
class Issue:
    """A question or problem."""

    topic: Topic | None
    """None where it plainly is a further one, and about none of the known."""
    is_problem: bool
    """Whether something went wrong, and it is not only a question."""
    span: Span
    """Its clause, without white space at the ends, in code points of the message."""


_GOODS = "(?:order|parcel|package|delivery|shipment|courier)"
_LINE = "(?:internet|wi-?fi|broadband|landline|connection|router)"
_SITE = "(?:app|web ?site|web ?page|checkout)"
_IS = "(?:is|was|are|were|keeps?|has been|have been)"
_PROBLEMS: Mapping[Topic, str] = {
    Topic.DELIVERY: rf"(?:late|lost|missing|delayed) {_GOODS}|without my {_GOODS}|where (?:is|are) my {_GOODS}|"
    rf"{_GOODS} (?:\w+ ){{0,4}}?(?:late|overdue|delayed|missing|lost)|"
    rf"{_GOODS} (?:\w+ ){{0,4}}?(?:not|never)(?: been| yet| even)? "
    r"(?:arrived?|come|came|delivered|(?:turn|show)\w* up)",
    Topic.DAMAGE: r"(?:arrived|came|turned up|delivered) (?:(?:all|completely|totally|badly|half) )?"
    r"(?:broken|damaged|cracked|smashed|dented|faulty|defective|shattered|torn|scratched)",
    Topic.WRONG_ITEM: r"(?:sent|got|received|delivered)(?: me| us)? the wrong \w+|"
    r"wrong (?:item|size|colou?r|product|model|one) (?:came|arrived|was sent|turned up)",
    Topic.CHARGE: r"(?:charged|billed|debited) (?:(?:me|us|my card|my account) )?(?:twice|double|three times|too much)|"
    rf"(?:double|twice|over)[- ]?(?:charged?|billed)|(?:bill|invoice) {_IS}(?: \w+)? (?:wrong|too high|incorrect)",
    Topic.REFUND: r"(?:still no|never got (?:my|the|a)|waiting (?:for|on) (?:my|the|a)) refund|where is my refund|"
    r"refund (?:\w+ ){0,2}?(?:not|never)(?: been| yet)? (?:arrived?|come|came|gone through|processed|paid)",
    Topic.ACCESS: r"(?:can|could|able to)(?: not|) (?<=not )(?:log|sign) ?in|unable to (?:log|sign) ?in|"
    rf"locked out of (?:my|the|our) (?:account|portal|e-?mail)|account {_IS}(?: been)? (?:locked|blocked|suspended)",
    Topic.APP: rf"{_SITE} (?:\w+ ){{0,2}}?(?:crash\w*|freez\w+|{_IS} down)|"
    rf"{_SITE} (?:will|does|do|is|would) not (?:load|open|work)(?:ing)?",
    Topic.CONNECTION: rf"{_LINE} (?:{_IS} )?(?:\w+ )?(?:down|dropping|drops|cutting out|dead|too slow|so slow)|"
    rf"{_LINE} (?:does|is|has|did) not (?:been )?work(?:ing|ed)?|(?:have|had) no {_LINE}",
}
"""How a customer says that something is wrong, within one plain clause."""
_QUESTIONS: Mapping[Topic, str] = {
    Topic.HOURS: r"(?:what time|when|until when|how late) (?:do|does|are|is|will) [^.?!]{0,30}\b(?:open|close|shut)|"
    r"what are (?:your|the) (?:opening )?hours|are you open",
    Topic.PRICE: r"how much (?:is|are|does|do|would|will) (?!(?:the|my) refund|i\b|we\b|you\b|longer|more|it\b)|"
    r"what is the price",
    Topic.STOCK: r"(?:is|are|do you have|have you got)\b[^.?!]{0,40} in stock|do you (?:still )?(?:sell|stock)",
    Topic.ADDRESS: r"(?:how|can|could|may) [^.?!]{0,20}(?:change|update) (?:my|the|our) (?:\w+ )?address",
}
"""How a customer asks, within one plain clause."""
_GOODS_TOPICS = {Topic.DELIVERY, Topic.DAMAGE, Topic.WRONG_ITEM, Topic.STOCK, Topic.ADDRESS, Topic.REFUND}
_FAMILIES = (
    frozenset(_GOODS_TOPICS),
    frozenset({Topic.CHARGE, Topic.REFUND, Topic.PRICE}),
    frozenset({Topic.ACCESS, Topic.APP, Topic.CONNECTION}),
)
"""Topics of one family are often one matter: a late parcel and its refund, an app and its login."""


def _any_of(words: Mapping[Topic, str]) -> re.Pattern[str]:
    return re.compile("|".join(rf"(?P<{topic.name}>\b(?:{each})\b)" for topic, each in words.items()))


_PROBLEM, _QUESTION = _any_of(_PROBLEMS), _any_of(_QUESTIONS)
_WORDS = frozenset(
    "late lost missing delayed overdue without where order parcel package delivery shipment courier arrived came "
    "turned delivered wrong charge charged billed debited doublecharged doublebilled overcharge overcharged overbilled "
    "bill invoice refund log login sign signin locked account app website web webpage checkout internet wifi wi "
    "broadband landline connection router open close shut hours stock sell much price address".split()
)
"""Each match of `_PROBLEM` and `_QUESTION` holds one of these."""
_BREAK = re.compile(r"[,;\n]|\s(?:and|but|plus|\+|&)(?=\s)|\s[-\u2013\u2014]+(?=\s)", re.I)
"""Where a clause ends and the next begins."""
_ALSO = re.compile(
    r"(?:\W|\b(?:and|oh|but|ok|okay|so|then|is|there is)\b)*\b(?:also|plus|another (?:thing|question|issue|problem)|"
    r"one (?:more|last|further) (?:thing|question)|secondly|on top of (?:that|this)|separately|besides|by the way|btw)"
    r"\b\W*"
)
"""How a clause begins that brings a further matter; all of its sentence then belongs to that."""
_SEVERAL = re.compile(
    r"\b(?:two|three|four|couple of|several) (?:\w+ )?(?:questions|problems|issues|complaints)\b", re.I
)
"""Announces that the questions which follow are further ones, each of its own."""
_ASKS = re.compile(
    r"(?:(?:and|or|so|then|hi|hello)\b\W*)*(?:which|why|whose|what(?! (?:i|you|we)\b)|who(?! (?:i|you|we)\b)|"
    r"how(?! (?:i|you|we|they|it)\b)|(?:(?:when|where) )?(?:is|are|was|do|does|did|can|could|will|would|may|should|has)"
    r"(?! not\b))\b"
)
_AND_ASKS = re.compile(rf"and {_ASKS.pattern}")
"""How a clause begins that coordinates a second question with a first: "and is there parking"."""
_ASKED_WORDS = 4
"""A question of no known topic has at least so many words: "Also, when?" is about what was said."""
_NOT_SO = re.compile(
    r"\b(?:if|unless|in case|imagine|would have|not (?:late|lost|broken|damaged)|used to|last (?:time|year|month)|"
    r"(?:months?|years?) ago|fixed|sorted|resolved|thanks?)\b"
)
"""A condition, a denial, or something that is over."""
_RHETORIC = re.compile(
    r"\b(?:how (?:dare|could|can) you|are you (?:kidding|joking|serious|people|even)|do you (?:even|people|think|know|"
    r"hear)|how many (?:more )?times|how (?:much )?long(?:er)?|what is wrong with|am i supposed|why|seriously|hell)\b"
)
"""A reproach in the form of a question; a question why asks for a cause, which belongs to what was told."""
_SHORT_FORMS = (
    (re.compile(r"\bcan'?t\b|\bcannot\b"), "can not"),
    (re.compile(r"\bwon'?t\b"), "will not"),
    (re.compile(r"(?<=[a-z])n't\b|(?<=\bdid|\bhas)nt\b|(?<=\bhave|\bdoes)nt\b|(?<=\bis)nt\b"), " not"),
    (re.compile(r"\b(?<=what|when|that|here)'s\b|(?<=where)'?s\b|(?<=it)'s\b"), " is"),
)


@remembered
def issues_in(message: str) -> tuple[Issue, ...]:
    """Gives the questions and problems of a message, at most MOST and in order, each topic once.

    A question of no known topic counts only where the customer says that it is, or another one is, a further matter.
    """
    message = message[:READ_CHARACTERS]
    if "?" not in message and words_in(message).isdisjoint(_WORDS):
        return ()
    pieces = tuple(_pieces(message))
    found: list[Issue] = []
    for (issue, also), following in zip_longest(pieces, pieces[1:]):
        first_of_two = not found and following is not None and following[1]
        counts = issue.topic is not None or also or first_of_two
        if counts and len(found) < MOST and not any(_is_same(issue, earlier, also=also) for earlier in found):
            found.append(issue)
    return tuple(found)


def _pieces(message: str) -> Iterator[tuple[Issue, bool]]:
    """Whatever a message may raise, with whether the customer says that it is a further matter."""
    several = _SEVERAL.search(message) is not None
    for sentence in split(message):
        also, asks = several, sentence.of(message).rstrip().endswith("?")
        for span in _clauses(message, sentence):
            clause = _plain(span.of(message))
            mark = _ALSO.match(clause)
            also |= mark is not None or (asks and _AND_ASKS.match(clause) is not None)
            issue = _read(clause[mark.end() :] if mark else clause, span, asks=asks)
            if issue:
                yield issue, also


def _clauses(message: str, sentence: Span) -> Iterator[Span]:
    """The clauses of a sentence, each with the word that joins it to the one before."""
    start = sentence.start
    for cut in (*(sentence.start + match.start() for match in _BREAK.finditer(sentence.of(message))), sentence.end):
        yield Span(start, cut).trimmed(message)
        start = cut + (message[cut : cut + 1] in (",", ";"))


def _plain(clause: str) -> str:
    """A clause in small letters, with its short forms written out: `hasn't` is `has not`."""
    clause = clause.lower().replace("\u2019", "'")
    for short, long in _SHORT_FORMS:
        clause = short.sub(long, clause)
    return clause


def _read(clause: str, span: Span, *, asks: bool) -> Issue | None:
    """What a plain clause raises; `asks` where its sentence ends in a question mark."""
    if _NOT_SO.search(clause):
        return None
    problem, question = _PROBLEM.search(clause), _QUESTION.search(clause)
    known = problem or question
    if known:
        return Issue(Topic[str(known.lastgroup)], problem is not None, span)
    is_question = asks and _ASKS.match(clause) and not _RHETORIC.search(clause)
    return Issue(None, False, span) if is_question and word_count(clause) >= _ASKED_WORDS else None


def _is_same(issue: Issue, earlier: Issue, *, also: bool) -> bool:
    """Whether an issue may be the same matter as an earlier one of the message."""
    if issue.topic is earlier.topic:
        return issue.topic is not None
    return not also and any({issue.topic, earlier.topic} <= family for family in _FAMILIES)
