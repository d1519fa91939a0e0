"""What a customer gives of their case (numbers, addresses, a name, pictures), and how an agent asks for it.

Rules, not a model: an agent is accused of asking again only where both the gift and the request are plain. Only kinds
leave this room; the values stay in the text they were given in.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from itertools import islice

from amends_core.text import has_digits, remembered, words_in


class FactKind(StrEnum):
    """A kind of thing that agents ask customers for; its value is how people call it."""

    ORDER = "order number"
    CASE = "case number"
    ACCOUNT = "account number"
    TRACKING = "tracking number"
    INVOICE = "invoice number"
    SERIAL = "serial number"
    EMAIL = "e-mail address"
    PHONE = "phone number"
    POSTCODE = "postcode"
    ADDRESS = "address"
    NAME = "name"
    PURCHASE_DATE = "date of purchase"
    AMOUNT = "amount"
    PHOTO = "photo"
    SCREENSHOT = "screenshot"


_NOUNS = {
    FactKind.ORDER: r"order|booking|reservation|confirmation|purchase",
    FactKind.CASE: r"case|ticket|complaint|incident|claim",
    FactKind.ACCOUNT: r"account|customer|client|membership|member|policy|contract|loyalty",
    FactKind.TRACKING: r"tracking|parcel|consignment|shipment|package|delivery",
    FactKind.INVOICE: r"invoice|receipt|bill",
    FactKind.SERIAL: r"serial|imei|device|meter|product",
}
"""What stands before "number", "reference" or the value itself."""
_LABEL = r"(?:numbers?|nos?\b\.?|ids?|codes?|ref(?:erence)?s?(?: numbers?| nos?\b\.?)?)"
_VALUE = r"(?=[\w-]*\d[\w-]*\d[\w-]*\d)[A-Za-z0-9][\w-]{2,30}"
_NUMBERED = {
    kind: re.compile(
        rf"(?<!to )\b(?:{nouns})\b(?: {_LABEL})?(?:\s*(?::|=|is\b|was\b|it's\b|-)){{0,2}}\s*"
        rf"(?:#\s?{_VALUE}|(?-i:(?=[A-Z0-9-]{{4}})(?!(?:19|20)\d\d\b){_VALUE})|(?<=[:=])\s?{_VALUE}"
        rf"|(?:(?<=number )|(?<=no )|(?<=no\. )|(?<=id )|(?<=ref )|(?<=is )){_VALUE})",
        re.I,
    )
    for kind, nouns in _NOUNS.items()
}
"""A number with its noun: "order 4471", "booking ref: X7K-220", "my case number is 99120"."""
_HASHED = re.compile(r"#(?=\w*\d)[A-Za-z0-9][\w-]{2,30}\b")
"""A code that says nothing of its kind; agents call it the order or reference number."""
_ANSWER = re.compile(rf"(?<![\w@.#-])#?{_VALUE}")
_ROAD = r"(?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|close|court|crescent|boulevard|blvd|way|terrace|gardens)"
_DAY = (
    r"(?:\d{1,2}(?:st|nd|rd|th)?(?: of)? (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)|"
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]* \d{1,2}\b|\d{1,2}[/.]\d{1,2}\b|\d{4}-\d{2}-\d{2})"
)
_SHOWN = r"(?:attach(?:ed|ing)|here(?:'s| is| are)|uploaded|enclosed|i(?:'ve| have)? (?:just )?(?:sent|posted|added))"


def _shown(thing: str) -> re.Pattern[str]:
    """Says that a picture came with the message."""
    return re.compile(
        rf"\b{_SHOWN}\b[^.?!]{{0,30}}\b(?:{thing})s?\b|\b(?:{thing})s?\b(?: (?:is|are|was|were))? attached\b|"
        rf"\[(?:{thing})",
        re.I,
    )


_PICTURE = r"photo|picture|pic|image|photograph"
_PLAIN = {
    FactKind.EMAIL: re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}\.\w+|<email>"),
    FactKind.PHONE: re.compile(
        r"(?<![\w#-])(?:\+\d|0\d)(?:[\s().-]?\d){6,13}(?![\w-])|(?<![\w#-])\(?\d{3}\)?[\s.-]\d{3}[\s.-]\d{4}(?![\w-])"
    ),
    FactKind.POSTCODE: re.compile(
        r"\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b|"
        r"\b(?i:post ?code|zip(?: code)?)(?i: is)?:? ?(?=[A-Z\d ]*\d)[A-Z\d][A-Z\d ]{3,8}\b"
    ),
    FactKind.ADDRESS: re.compile(rf"\b\d{{1,4}}[a-z]?,? (?:[A-Z][\w']+ ){{1,3}}(?i:{_ROAD})\b"),
    FactKind.NAME: re.compile(
        r"\b(?i:my name is|my name's|name:) ?[A-Z][\w'-]+|"
        r"\b(?i:this is) (?!(?:I|It|The|A|An|My|Your|You)\b)[A-Z][a-z'-]+"
        r"(?: [A-Z][a-z'-]+)?(?=[.,!]| (?:from|here|again|speaking|calling|and)\b|$)"
    ),
    FactKind.PURCHASE_DATE: re.compile(
        rf"\b(?:ordered|bought|purchased|booked|paid)\b[^.?!]{{0,30}}\bon (?:the )?{_DAY}", re.I
    ),
    FactKind.AMOUNT: re.compile(
        r"\b(?:charged|paid|cost|billed|debited|taken|took)\b[^.?!\d]{0,20}"
        r"(?:[$£€]\s?\d|\d[\d.,]* ?(?:dollars|pounds|euros|quid|usd|gbp|eur)\b)",
        re.I,
    ),
    FactKind.PHOTO: _shown(_PICTURE),
    FactKind.SCREENSHOT: _shown(r"screenshot|screen shot|screengrab"),
}
"""What speaks for itself."""
_WITH_DIGITS = (FactKind.PHONE, FactKind.POSTCODE, FactKind.ADDRESS, FactKind.PURCHASE_DATE, FactKind.AMOUNT)
_PICTURES = frozenset({FactKind.PHOTO, FactKind.SCREENSHOT})
_NOUN_WORDS = {kind: frozenset(nouns.split("|")) for kind, nouns in _NOUNS.items()}
_PICTURE_WORDS = frozenset(
    word + end for word in (*_PICTURE.split("|"), "screenshot", "screen", "screengrab") for end in ("", "s")
)
"""Words of which each match of a pattern holds one, so that most patterns need not be tried."""
_ANSWERS_PICTURE = re.compile(r"\b(?:sent|attached|uploaded|done|there you go|here you go|here it is)\b", re.I)
_ANSWERS_NAME = re.compile(r"(?:(?i:it's|i'm|i am|sure,?|yes,?) )?[A-Z][\w'-]+(?: [A-Z][\w'-]+){0,3}[.!]?")
_NOT_GIVEN = re.compile(r"\b(?:don't|do not|haven't|have not|can't|cannot|couldn't|didn't|no|never|lost)\b", re.I)


def given_in(text: str, asked: frozenset[FactKind] = frozenset()) -> frozenset[FactKind]:
    """The kinds of facts that a customer's message gives; `asked` is what the agent's last turn asked for."""
    return _named(text).union(_answers(text, asked)) if asked else _named(text)


@remembered
def _named(text: str) -> frozenset[FactKind]:
    """What a message gives and says what it is."""
    found = {kind for kind, pattern in _worth_trying(text) if pattern.search(text)}
    if "#" in text and not found & _NUMBERED.keys() and _HASHED.search(text):
        found.add(FactKind.ORDER)
    return frozenset(found)


def _worth_trying(text: str) -> Iterator[tuple[FactKind, re.Pattern[str]]]:
    """The patterns without those that cannot match, because what each match of them holds is not there."""
    words = words_in(text)
    if has_digits(text):
        yield from ((kind, _NUMBERED[kind]) for kind, nouns in _NOUN_WORDS.items() if not words.isdisjoint(nouns))
        yield from ((kind, _PLAIN[kind]) for kind in _WITH_DIGITS)
    if "@" in text or "<email>" in text:
        yield FactKind.EMAIL, _PLAIN[FactKind.EMAIL]
    if "name" in words or "this" in words:
        yield FactKind.NAME, _PLAIN[FactKind.NAME]
    if "[" in text or not words.isdisjoint(_PICTURE_WORDS):
        yield from ((kind, _PLAIN[kind]) for kind in _PICTURES)


def _answers(text: str, asked: frozenset[FactKind]) -> Iterator[FactKind]:
    """What a message gives because it was asked for, though it does not name it: "77-4521", "Ana Ruiz", "done"."""
    numbers = asked & _NUMBERED.keys()
    if numbers and len(_ANSWER.findall(text)) >= len(numbers):
        yield from numbers
    if FactKind.NAME in asked and _ANSWERS_NAME.fullmatch(text.strip()) and not _NOT_GIVEN.search(text):
        yield FactKind.NAME
    pictures = asked & _PICTURES
    if pictures and _ANSWERS_PICTURE.search(text) and not _NOT_GIVEN.search(text):
        yield from pictures


_GIVE = r"(?:provide|share|send|give|tell|supply|pass|quote|read|type|dm|message|attach|upload|state|remind|forward)"
_CUE = re.compile(
    r"\b(?:(?:can|could|may|might) (?:i|we)(?: (?:please|just|also|quickly)){0,2} (?:have|get|take|grab|see|ask for)|"
    rf"(?:can|could|would|will) you(?: (?:please|just|also|kindly|quickly|first|possibly)){{0,2}} (?:{_GIVE}|confirm)|"
    rf"(?:please|kindly|^)[, ]*(?:just |also )?(?:{_GIVE}|confirm|let (?:me|us) (?:have|know))|"
    rf"let (?:me|us) (?:have|know)|what(?:'s| is| was)(?= (?:your|the)\b)|"
    r"do you have|have you got|would you mind (?:sharing|sending|giving|providing|telling)|"
    r"(?:i|we)(?:'ll| will|'d| would)? (?:just |also |first |still )?(?:need|require))\b",
    re.I,
)
"""How an agent asks for a thing."""
_CUE_WORDS = frozenset(
    "have get take grab see ask provide share send give tell supply pass quote read type dm message attach upload "
    "state remind forward confirm let what got sharing sending giving providing telling need require".split()
)
_CUE_STARTS = ("please", "kindly")
"""Each match of `_CUE` holds one of these words, or one that starts so."""
_REQUESTS, _OBJECT_CHARACTERS = 5, 200
"""How many requests of a sentence are looked at, and how far after each its object may stand."""
_OBJECT_END = re.compile(
    r"[?!;]|[,\s]+(?:(?:and|so|because|if|when|while|before|that|which|where|but|as|then)\s+(?:that )?"
    r"(?:i|we|you|it|they|he|she)\b|so that\b|in order\b|because\b|to (?!me\b|us\b)\w+)",
    re.I,
)
"""What ends the list of things asked for."""
_FRAGMENT = re.compile(
    r"\s*(?:(?:and|so|ok|okay|sure|right),? )*(?!(?:is|was|are|were|did|do|does|has|have|why|what|which|how|who)\b)"
    r"(?P<what>[\w'-]+(?: [\w'-]+){0,3}?)(?:,? please)?\s*\?",
    re.I,
)
"""A thing with a question mark: "And your order number, please?"."""
_THING = {
    **{kind: rf"(?:{nouns}) {_LABEL}|{_LABEL} of your (?:{nouns})" for kind, nouns in _NOUNS.items()},
    FactKind.EMAIL: r"e-?mail address|(?<!an )(?<!a )(?<!us )(?<!me )e-?mail",
    FactKind.PHONE: r"(?:phone|mobile|contact|telephone|cell|callback) (?:number|no\b\.?)",
    FactKind.POSTCODE: r"post ?code|zip(?: code)?",
    FactKind.ADDRESS: r"(?<!the )(?<!an )(?:home |postal |delivery |shipping |street )?address",
    FactKind.NAME: r"(?<!the )(?<!a )(?<!any )name",
    FactKind.PHOTO: rf"(?:{_PICTURE})s?",
    FactKind.SCREENSHOT: r"screenshots?|screen shots?|screengrabs?",
}


def _asks_for(thing: str) -> re.Pattern[str]:
    return re.compile(
        rf"(?:^|\b(?:your|the|a|an|any|some|me|us|and|or|full)|[:,/&])\s*{thing}\b"
        r"(?!'s|-|\s+of (?!(?:it|this|that|them|the (?:damage|problem|issue|fault|item))\b)|"
        r"\s+(?:on|for|from|in|at|with|to)\b(?! (?:me|us)\b))",
        re.I,
    )


_REQUESTED = {kind: _asks_for(rf"(?>{thing})") for kind, thing in _THING.items()}
_ANY_REQUESTED = _asks_for(rf"(?:{'|'.join(f'(?>{thing})' for thing in _THING.values())})")
"""A thing asked for as such: "the e-mail address on the account" or "a photo of the label" may be another one."""
_REFERENCE = re.compile(
    rf"(?:^|\b(?:your|the|a|any|and|or)|[,/&])\s*{_LABEL}(?=[\s,.?!]*$|,? (?:please|again|and|or)\b)", re.I
)
"""A number whose kind is not said."""
_WHO = re.compile(r"\bwho am i (?:speaking|talking|chatting) (?:to|with)\b|\bwhat(?:'s| is) your name\b", re.I)
_WHEN_BOUGHT = re.compile(
    r"\bwhen did you (?:first )?(?:order|buy|purchase|book)\b|"
    r"\b(?:what|which)\b[^.?!]{0,20}\bdate\b[^.?!]{0,12}\b(?:order|buy|purchase|book)\b|\bdate of purchase\b",
    re.I,
)
_HOW_MUCH = re.compile(
    r"\bhow much (?:were you|did (?:you|we|they|it)|was) (?:be )?(?:charged?|pay|cost|billed|taken?)\b", re.I
)
_ANOTHER = re.compile(
    r"\b(?:another|other|different|new|second|third|next|alternative|alternate|previous|old|instead|both|each|else|more|"
    r"extra|additional|backup|full|last|sur|middle|maiden|correct|clear|clearer|better|close-?up|registered|linked|"
    r"associated|on file|used|sign(?:ed)? (?:up|in)|one you|original|billing|return|someone)\b|\d",
    re.I,
)
"""Words that make it a different thing, or repeat the value so that it can be confirmed."""
_EXCUSED = re.compile(
    r"\b(?:do(?:n't| not) need|no need|needn't|without (?:needing|asking)|(?:asked|ask|asking) you (?:for|to)|"
    r"(?:for|pass) security|verif\w+|identity|data protection|already have)\b",
    re.I,
)
_IDENTITY = frozenset({FactKind.NAME, FactKind.ADDRESS, FactKind.POSTCODE, FactKind.EMAIL, FactKind.PHONE})
_CONFIRM = re.compile(r"\bconfirm\b", re.I)


@remembered
def asked_in(sentence: str) -> frozenset[FactKind]:
    """The kinds of facts that a sentence of an agent plainly asks for.

    Silent where it repeats a value to have it confirmed, asks for another one, or checks an identity.
    """
    found = set(_asked_outright(sentence))
    for wanted in _objects(sentence):
        if _ANY_REQUESTED.search(wanted):
            found |= {kind for kind, pattern in _REQUESTED.items() if pattern.search(wanted)}
        if _REFERENCE.search(wanted) and not found & _NUMBERED.keys():
            found.add(FactKind.ORDER)
    if not found or _ANOTHER.search(sentence) or _EXCUSED.search(sentence):
        return frozenset()
    return frozenset(found - _IDENTITY if _CONFIRM.search(sentence) else found)


def _asked_outright(sentence: str) -> Iterator[FactKind]:
    words = words_in(sentence)
    if ("who" in words or "name" in words) and _WHO.search(sentence):
        yield FactKind.NAME
    if ("when" in words or "date" in words) and _WHEN_BOUGHT.search(sentence):
        yield FactKind.PURCHASE_DATE
    if "much" in words and _HOW_MUCH.search(sentence):
        yield FactKind.AMOUNT


def _objects(sentence: str) -> Iterator[str]:
    """The stretches of a sentence that say what is asked for."""
    fragment = _FRAGMENT.fullmatch(sentence) if "?" in sentence else None
    if fragment:
        yield fragment["what"]
    if not _may_ask(sentence):
        return
    for cue in islice(_CUE.finditer(sentence), _REQUESTS):
        rest = sentence[cue.end() : cue.end() + _OBJECT_CHARACTERS]
        end = _OBJECT_END.search(rest)
        yield rest[: end.start() if end else len(rest)].strip(" .,")


def _may_ask(sentence: str) -> bool:
    words = words_in(sentence)
    return not words.isdisjoint(_CUE_WORDS) or any(word.startswith(_CUE_STARTS) for word in words)
