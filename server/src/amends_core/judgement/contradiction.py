"""Saying back another person, thing, wish, day or share than the customer's: plain contradictions, by rules.

Every rule wants both sides in so many words: the only one that the customer named, and another one of the agent's.
What the customer did not name, or named several of, nobody can contradict. Paraphrases stay out: within a class of
things people change the word.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from amends_core.text import words_in

_RELATIVES: Sequence[tuple[str, str]] = (
    ("daughter daughters girl girls", "son sons boy boys"),
    ("wife missus", "husband hubby"),
    ("mother mum mom mam mama mummy", "father dad daddy papa"),
    ("sister sisters", "brother brothers"),
    ("grandmother grandma gran nan nana granny", "grandfather grandpa grandad granddad"),
    ("aunt auntie aunty", "uncle"),
    ("niece", "nephew"),
    ("girlfriend fiancée bride", "boyfriend groom"),
)
"""Whoever spoke of the one did not speak of the other."""
_SEVERAL = frozenset(
    "kid kids child children twins parents parent family couple both grandparents siblings partner spouse baby".split()
)
"""Among them anybody may be."""
_THINGS: Mapping[str, str] = {
    "broadband wifi internet router landline": "online connect connected connection signal network line modem hub "
    "stream streaming download outage web website app data cable tv smart speed wi fi",
    "washing washer dryer": "wash washed laundry drum spin machine clothes appliance",
    "dishwasher fridge freezer oven cooker hob microwave": "kitchen cook cooking food appliance machine baking frozen",
    "flight flights plane": "fly flying flew airport board boarded boarding gate airline seat seats cabin land landed "
    "travel trip ticket bag bags suitcase luggage pilot tarmac holiday booking booked",
    "hotel villa": "room rooms stay stayed night nights check resort holiday booking booked bed suite trip host "
    "reception plane flight flights flew airport train travel away",
    "sofa couch mattress wardrobe armchair": "furniture chair chairs bed leg legs cushion cushions delivery room",
    "dress shoes trainers jacket jumper trousers jeans": "clothes wear wearing wore size fit fits gown outfit pair "
    "heels boots coat shirt suit hem zip",
    "boiler radiator radiators heating": "heat hot warm cold freezing gas pressure degrees thermostat plumber water",
    "glasses": "eye eyes see sight lens lenses optician prescription frames read spectacles specs",
}
"""Things by class, each with what a customer may mean one by; a thing of one class is never one of another."""
_GOODS = r"(?P<what>refund|replacement|exchange|voucher|credit|discount|repair|engineer|technician|upgrade)s?"
_REFUSES = re.compile(
    r"\b(?:don'?t|do not|didn'?t|did not|never) (?:want|need|ask(?:ed)? for|want to have)"
    rf"(?: (?:a|an|any|your|the|another|more|some|my)){{0,2}} {_GOODS}\b",
    re.I,
)
_WISHES = re.compile(
    r"\byou(?:'d| would|'re| are|'ve| have)?(?: now| really| only| just)? "
    r"(?:want|wanted|like|prefer|asking for|asked for|after|requested|requesting)"
    rf"(?: to have| to get| to receive)?(?: (?:a|an|your|the|another|full)){{0,2}} {_GOODS}\b",
    re.I,
)
_OPEN = re.compile(
    r"\?|n't\b|\b(?:not|no|never|nor|if|whether|or|rather|instead|unless|than|before|unlike|besides|when)\b", re.I
)
"""A question, a condition, a denial, a choice: nothing is said back."""
_SINCE = re.compile(r"\bsince (?:last |this )?(?P<day>mon|tue|wed|thu|fri|sat|sun)(?:s|nes|rs|ur)?(?:day)?\b", re.I)
_ALL = re.compile(
    r"\b(?:it was|they were|they're|they are|i lost|we lost|that was) (?:all|every (?:single )?one|every last one)\b|"
    r"\bevery (?:single|last) one\b",
    re.I,
)
_PART = re.compile(r"\b\d{1,2}(?:\.\d+)? ?(?:%|per ?cent\b)|\b(?:some|a few|part|half|a couple) of\b", re.I)


def _alternatives(words: str) -> str:
    return "|".join(words.split())


def _yours(words: str) -> re.Pattern[str]:
    return re.compile(rf"\byour (?:\w+ )?(?P<what>{_alternatives(words)})\b", re.I)


def _mine(words: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:my|our|the|this) (?:\w+ )?(?:{_alternatives(words)})\b", re.I)


_SIDES = (*_RELATIVES, *((other, one) for one, other in _RELATIVES))
_MY = {words: _mine(words) for words in (*_THINGS, *(one for one, _ in _SIDES))}
_YOUR_RELATIVE = _yours(" ".join(one for one, _ in _SIDES))
_YOUR_THING = _yours(" ".join(_THINGS))


@dataclass(frozen=True)
class Told:
    """What was said before a reply."""

    messages: tuple[str, ...]
    """Of the customer, in order."""
    by_agents: tuple[str, ...]
    """Sentences of agents: what stands in one of them is nothing that the reply brings up."""

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word of the customer."""
        return frozenset[str]().union(*(words_in(message) for message in self.messages))

    def names(self, words: str) -> bool:
        """Whether the customer speaks of one of them as "my …", "our …" or "the …"."""
        return any(_MY[words].search(message) for message in self.messages)

    def is_new(self, word: str) -> bool:
        """Whether neither the customer nor an agent has used a word."""
        return word not in self.words and not any(word in words_in(sentence) for sentence in self.by_agents)


def contradiction(sentence: str, told: Told) -> str:
    """Why a sentence of an agent plainly contradicts what the customer said; empty where it does not."""
    if words_in(sentence).isdisjoint(("you", "your")) or _OPEN.search(sentence):
        return ""
    return next((reason for rule in _RULES for reason in rule(sentence, told)), "")


def _person(sentence: str, told: Told) -> Iterator[str]:
    for match in _YOUR_RELATIVE.finditer(sentence):
        who = match["what"].lower()
        own, other = next(sides for sides in _SIDES if who in sides[0].split())
        if told.words.isdisjoint((*own.split(), *_SEVERAL)) and told.names(other) and told.is_new(who):
            yield "It speaks of another person than the customer did."


def _thing(sentence: str, told: Told) -> Iterator[str]:
    for match in _YOUR_THING.finditer(sentence):
        what = match["what"].lower()
        own = next(words for words in _THINGS if what in words.split())
        if not told.words.isdisjoint((*own.split(), *_THINGS[own].split())) or not told.is_new(what):
            continue
        if any(told.names(words) for words in _THINGS if words != own):
            yield "It speaks of another thing than the customer did."


def _wish(sentence: str, told: Told) -> Iterator[str]:
    wish = _WISHES.search(sentence)
    if wish is None:
        return
    what = wish["what"].lower()
    spoken = sum(len(re.findall(rf"\b{what}", message, re.I)) for message in told.messages)
    refused = sum(match["what"].lower() == what for text in told.messages for match in _REFUSES.finditer(text))
    if 0 < spoken == refused:
        yield f"It says that the customer wants what they turned down: the {what}."


def _day(sentence: str, told: Told) -> Iterator[str]:
    said = _SINCE.search(sentence)
    if said is None:
        return
    theirs = {match["day"].lower() for message in told.messages for match in _SINCE.finditer(message)}
    known = (word[:3] for text in (*told.messages, *told.by_agents) for word in words_in(text))
    if len(theirs) == 1 and said["day"].lower() not in (*theirs, *known):
        yield "It says back another day than the customer gave."


def _share(sentence: str, told: Told) -> Iterator[str]:
    if told.messages and _PART.search(sentence) and _ALL.search(told.messages[-1]):
        yield "It says back a part where the customer said all."


_RULES: Sequence[Callable[[str, Told], Iterator[str]]] = (_person, _thing, _wish, _day, _share)
