"""Deeds: what is promised, done or missed, told apart only as far as the same one can be recognised again."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from amends_core.text import remembered, words_in


class Deed(StrEnum):
    """A kind of thing that agents promise."""

    CONTACT = "CONTACT"
    MONEY = "MONEY"
    DELIVERY = "DELIVERY"
    REPAIR = "REPAIR"
    CHANGE = "CHANGE"
    INQUIRY = "INQUIRY"
    VISIT = "VISIT"


@dataclass(frozen=True, slots=True)
class _Words:
    """How a deed is spoken of."""

    promised: str
    done: str
    missed: str
    """By a customer for whom it did not come."""
    came: str
    """By a customer for whom it did; whole clauses."""


_CAME = (
    r"(?:'s| is| has| have)?(?: just| finally| now)? (?:arrived|come|came|landed|turned up|gone in|gone through|here)"
)
_PEOPLE = "engineer|technician|plumber|fitter|electrician|mechanic"
_WORDS: Mapping[Deed, _Words] = {
    Deed.CONTACT: _Words(
        "call|ring|phone|text|e-?mail|message|write to|contact|(?:get|come) back to|update|let you know|hear|"
        "follow up|check (?:back )?(?:in )?(?:with|on) you|be in touch|report back|reply|tell you",
        "called|rung|rang|phoned|texted|e-?mailed|messaged|written to you|contacted|updated you",
        r"call\w*|rang|ring|phoned?|text\w*|e-?mail\w*|messag\w+|repl(?:y|ies|ied)|wrote|contacted|got back|came back|"
        "hear|heard|word",
        r"thank(?:s| you) for (?:calling|ringing|getting back|coming back|the (?:call|update|e-?mail))",
    ),
    Deed.MONEY: _Words(
        r"refund\w*|credit\w*|reimburse\w*|pay|money|voucher|waive|compensat\w+|return the (?:charge|fee|deposit)",
        "refunded|credited|reimbursed|paid|waived|compensated|returned|issued|processed|approved|gone through",
        "refund|credit|money|voucher|compensation|payment",
        rf"(?:refund|money|credit|voucher){_CAME}|(?:got|received|have) (?:the|my) (?:refund|money|credit|voucher)",
    ),
    Deed.DELIVERY: _Words(
        "send|ship|post|dispatch|deliver|replace|replacement|courier|re-?send|drop|parcel|bring|arrive",
        "sent|shipped|posted|dispatched|delivered|replaced|arrived|on (?:its|the) way|collected",
        "deliver(?:y|ed)|parcel|package|replacement|courier|driver|arrived",
        rf"(?:parcel|package|replacement|order|new one|it){_CAME}",
    ),
    Deed.REPAIR: _Words(
        r"fix\w*|repair\w*|restore\w*|reset|correct\w*|reconnect\w*|unlock\w*|sort|put (?:it|this|that) right",
        "fixed|repaired|restored|reset|corrected|reconnected|unlocked|sorted|put right|back on|working again",
        "fix|fixed|repaired?|sort|sorted",
        r"(?:it|that|everything)(?:'s| is) (?:fixed|working|back on|sorted)(?: now| again)?",
    ),
    Deed.CHANGE: _Words(
        r"cancel\w*|remove\w*|(?:re)?book\w*|change|reinstate\w*|delete|upgrade|extend|transfer|close",
        "cancell?ed|removed|(?:re)?booked|changed|reinstated|deleted|upgraded|extended|transferred|closed",
        "cancell?ed|changed|booked|removed",
        r"(?!)",
    ),
    Deed.INQUIRY: _Words(
        "check|look into|find out|trace|investigate|ask|speak (?:to|with)|talk to|chase|raise|escalate|review|track",
        "checked|looked|found|traced|investigated|asked|spoken|spoke|talked|chased|raised|escalated|reviewed|tracked|"
        "located|heard (?:back )?from",
        "looked into|checked|chased|escalated",
        r"(?!)",
    ),
    Deed.VISIT: _Words(
        rf"{_PEOPLE}|visit|come (?:out|round|over|by)",
        r"visited|been (?:out|round|over)|came (?:out|round)|on (?:his|her|their|the) way|arrived",
        rf"{_PEOPLE}|visit(?:ed)?|turned up|showed up",
        rf"(?:{_PEOPLE}){_CAME}",
    ),
}
_FUTURE_WORDS = frozenset(["ll", "will", "shall", "going"])
_FUTURE = re.compile(
    r"\b(?!(?:that|this|there|which|what|who|you|nobody|nothing|one)\b)"
    r"(?:\w+(?:'ll| will| shall)\b|(?:i'm|we're|i am|we are) going to\b)|"
    r"\byou(?:'ll| will)(?: then| also| soon)? "
    r"(?:have\b(?! to\b)|get\b(?! to\b)|receive|hear|see|be (?:refunded|credited|contacted|called))",
    re.I,
)
_UNSURE = re.compile(
    r"\?\W*$|\b(?:if|once|unless|as soon as|when) (?:you|i|we|it|the|they)\b|"
    r"\b(?:won't|(?:will|'ll|shall) (?:not|never|be unable|need|have to|try|do (?:my|our) best)|see (?:if|whether)|"
    r"may|might|hopefully|would|could)\b",
    re.I,
)
"""A question, a condition, a hedge or a denial."""
_ADVERBS = r"(?: (?:just|now|already|been|also|personally|both)){0,3}"
_TOLD = rf"(?:(?:i|we|it|they|he|she)(?:'ve|'s)?|(?<!you )(?:have|has)|been|is|are|just|now){_ADVERBS}"
_REFERS_BACK = re.compile(
    r"\b(?:as (?:i |we )?promised|as (?:i|we) said(?: i| we)? would|(?<!be )following up|(?<!be )calling (?:you )?back|"
    r"(?<!be )(?:getting|coming) back to you|(?<!be )checking (?:back )?in|i said i(?:'d| would)|"
    r"(?:here(?:'s| is)|i have|i've got|we have) (?:the|your|an|my|some) (?:update|news)|heard back)\b",
    re.I,
)
"""The promised contact, seen: the agent comes back to it."""
_DONE_WORDS = frozenset(
    "rung rang written paid gone sent way reset put back working found spoken spoke heard been came".split()
)
"""What is reported as done is a word in -ed or one of these."""
_BACK_WORDS = frozenset("promised said following calling getting coming checking update news heard".split())
_CAME_WORDS = frozenset(
    "thank thanks arrived come came landed turned gone here got received have fixed working back sorted".split()
)
"""Each match of `_REFERS_BACK`, and of what came, holds one of these."""
_NOT_SO = re.compile(
    r"\?\W*$|\b(?:not|never|nobody|no ?one|yet|once|until|when|if|will|shall|would|should|wrong|instead)\b|n't\b|'ll\b",
    re.I,
)
_COMES = (
    r"(?:had|g[eo]t|gotten|received?|heard?|called?|c[ao]me|arrived?|show\w*|turn\w*|replie?[ds]?|reply|been|happened|rung|ring|"
    r"rang|phoned?|wrote|written|messaged?|e-?mailed?|texted|refunded|sent|fixed)"
)
_WANTING = re.compile(
    r"\b(?:(?:nobody|no ?one|none of you|never|(?:have|did|has)(?:n't| not))(?: (?:\w+ )?)"
    rf"{_COMES}|still (?:no|nothing|not|waiting)|"
    r"no (?:call|refund|reply|sign|parcel|engineer|delivery)|you(?:'d)? (?:said|promised))\b",
    re.I,
)
"""The customer says that something promised did not come."""
_WANTING_WORDS = frozenset("t nobody no noone one none never not still said promised".split())
"""Each match of `_WANTING` holds one of these; `t` is what is left of n't."""
_VAGUE = re.compile(r"\b(?:you promised|still nothing|nothing (?:came|happened)|never happened)\b", re.I)
_OWN_CALL = re.compile(r"\bi(?:'ve| have)? (?:just )?(?:called|rang|phoned|e-?mailed|messaged|wrote|texted)\b", re.I)
_OF_OLD = re.compile(
    r"\b(?:last (?:time|week|month|guy|agent|person|one|year)|before|already|previous\w*|every time|each time|"
    r"other (?:guy|agent|person)|twice|times|everyone|always)\b",
    re.I,
)
"""What did not come was promised before this conversation."""


@remembered
def promised_in(text: str) -> frozenset[Deed]:
    """What a sentence of an agent commits to for later; empty where it is conditional, hedged or a question."""
    if words_in(text).isdisjoint(_FUTURE_WORDS):
        return frozenset()
    future = _FUTURE.search(text)
    if not future or _UNSURE.search(text):
        return frozenset()
    return _found("promised", text[future.start() :])


@remembered
def done_in(text: str) -> frozenset[Deed]:
    """What a sentence of an agent reports as done, or is itself the doing of."""
    done = _found("done", text) if _may_report(text) else frozenset[Deed]()
    if not words_in(text).isdisjoint(_BACK_WORDS) and _REFERS_BACK.search(text):
        done |= {Deed.CONTACT}
    return frozenset() if done and _NOT_SO.search(text) else done


@remembered
def missed_in(text: str) -> frozenset[Deed]:
    """What a customer says did not come though it was promised; all deeds where the message does not say which."""
    if words_in(text).isdisjoint(_WANTING_WORDS) or not _WANTING.search(text) or _OF_OLD.search(text):
        return frozenset()
    named = _found("missed", _OWN_CALL.sub("", text))
    return named or (frozenset(Deed) if _VAGUE.search(text) else frozenset())


@remembered
def came_in(text: str) -> frozenset[Deed]:
    """What a customer says has come."""
    came = frozenset[Deed]() if words_in(text).isdisjoint(_CAME_WORDS) else _found("came", text)
    return frozenset() if came and _NOT_SO.search(text) else came


def _may_report(text: str) -> bool:
    words = words_in(text)
    return not words.isdisjoint(_DONE_WORDS) or any(word.endswith("ed") for word in words)


def _found(way: str, text: str) -> frozenset[Deed]:
    if not _ANY[way].search(text):
        return frozenset()
    return frozenset(deed for deed, pattern in _PATTERNS[way].items() if pattern.search(text))


_LEAD: Mapping[str, str] = {"promised": "", "done": rf"{_TOLD} ", "missed": "", "came": ""}
"""What stands before the words of each way."""


def _pattern(way: str, words: Iterable[_Words]) -> re.Pattern[str]:
    return re.compile(rf"\b{_LEAD[way]}(?:{'|'.join(getattr(each, way) for each in words)})\b", re.I)


_PATTERNS: Mapping[str, Mapping[Deed, re.Pattern[str]]] = {
    way: {deed: _pattern(way, [words]) for deed, words in _WORDS.items()} for way in _LEAD
}
_ANY: Mapping[str, re.Pattern[str]] = {way: _pattern(way, _WORDS.values()) for way in _LEAD}
"""Any deed at all: most texts speak of none, which one pattern tells as well as seven."""
