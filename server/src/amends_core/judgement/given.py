"""What the customer already gave, so that asking for it again is heard as not having listened."""

import re
from collections.abc import Iterator, Sequence

from amends_core.conversation import Sentence
from amends_core.judgement.evidence import place_of
from amends_core.judgement.result import Place

_ASKS = re.compile(
    r"\?|\b(?:please|kindly|can i|may i|could i|provide|share|send|give|confirm|let me have|i need)\b", re.I
)
_THINGS = (
    (
        re.compile(
            r"\b(?:order|booking|reservation|account|reference|ticket|case|policy|tracking|invoice|serial|customer)"
            r"(?: ?(?:number|no\.?|id|code|ref(?:erence)?)\b)|\breference\b",
            re.I,
        ),
        re.compile(r"#\w{3,}|\b(?=\w*\d\w*\d\w*\d)[A-Z0-9][A-Z0-9-]{3,}\b"),
    ),
    (re.compile(r"\be-?mail(?: address)?\b", re.I), re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}\.\w+|<email>")),
    (re.compile(r"\b(?:phone|mobile|contact|telephone) number\b", re.I), re.compile(r"\+?\d(?:[\s().-]?\d){7,}")),
)
"""What is asked for, and what a customer who gave it wrote."""
_SENDS = re.compile(r"\b(?:i|we)(?:'ll| will|'ve)\b", re.I)
"""The agent's own doing ("I'll e-mail you") asks for nothing."""


def asked_again(said: Sequence[str], sentences: Sequence[Sentence]) -> Iterator[Place]:
    """The sentences that ask for a number or an address which one of the customer's messages already held."""
    given = [asked for asked, value in _THINGS if any(value.search(text) for text in said)]
    for sentence in sentences:
        asks = _ASKS.search(sentence.text) and not _SENDS.search(sentence.text)
        if asks and any(asked.search(sentence.text) for asked in given):
            yield place_of(sentence)
