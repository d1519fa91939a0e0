"""What the rules of a playbook make of a reply's evidence: what they lower, excuse and ask for.

Playbooks without a rule see the evidence as it was. No rule raises what a misstep earns or lowers what one costs,
but for the short disclosure that a guide allows.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from amends_core.conversation import Sentence, State
from amends_core.detection import Detector
from amends_core.judgement import wording
from amends_core.judgement.evidence import Evidence, Findings, place_of
from amends_core.judgement.result import Place
from amends_core.judgement.weights import DISCLOSURE_WORDS, NAMING, UNCONFIRMED
from amends_core.playbooks import Playbook
from amends_core.stages import exception_is_due
from amends_core.taxonomy import SENTENCE_MISSTEPS, Expectation, Misstep, Step
from amends_core.text import word_count

_PARTY = re.compile(
    r"\b(?:our|the|their|a|an|that|this|my|another)\s+(?:[\w-]+\s+){0,2}?"
    r"(?:couriers?|drivers?|carriers?|warehouses?|suppliers?|manufacturers?|partners?|contractors?|vendors?|"
    r"technicians?|engineers?|mechanics?|colleagues?|co-?workers?|agents?|managers?|supervisors?|trainees?|"
    r"representatives?|reps?|teams?|departments?|staff|branch|head office|call cent(?:re|er)|"
    r"systems?|software|apps?|websites?|servers?|algorithms?|chatbots?|bots?|"
    r"process(?:es)?|procedures?|polic(?:y|ies)|workflows?)\b",
    re.I,
)
"""A person, product or process, by what it is called in a contact centre."""
_PROPER = re.compile(r"\b(?:for|that|about|by|from|because|how|what)\s+([A-Z][a-z]{2,})(?:'s)?(?=\s+\w)")
"""A proper name behind a word that leads to what the apology is for; a name after a comma addresses the customer."""
_ON_BEHALF = re.compile(r"\bon behalf of\s+(?:[\w-]+\s*){1,4}", re.I)
"""Names who apologises, and nobody who is at fault."""
_MIXED_CASE = re.compile(r"\b(?:[a-z]+[A-Z]|[A-Z][a-z]+[A-Z])\w*\b")
"""A brand such as iPhone or PayPal."""
_NO_NAMES = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august "
    "september october november december christmas easter eid ramadan diwali english sir madam".split()
)
_ASKS = re.compile(r"\?\s*$")
_ASKS_WHETHER = re.compile(
    r"\b(?:right|correct|is that (?:it|how)|near the mark|fair to say|have i got|did i (?:get|understand))\b.*\?\s*$|"
    r"\b(?:correct me|let me know if|tell me if)\b.*\b(?:wrong|right|missed|misunderstood|mistaken)\b",
    re.I,
)
"""A sentence that asks of the restatement before it whether it is right."""
_SHARED = re.compile(
    r"\b(?:too|as well|me also|same here|myself|happened to me|been there|once|last (?:year|month|summer|winter)|"
    r"i remember|i know (?:how|what)|i'd|i would)\b",
    re.I,
)
"""What makes a disclosure one of the same feeling: the agent was there, or would feel so."""
_FIRST_PERSON = re.compile(r"\b(?:i|i'm|i've|i'd|i'll|me|my|mine|myself)\b", re.I)
_OWN_TROUBLE = re.compile(
    r"\b(?:shifts?|lunch|breaks?|chats?|tickets?|calls?|tweets?|queues?|staff|short-?staffed|busy|alone|tired|sleep|"
    r"slept|hours?|salary|paid|pay|bonus|targets?|numbers|manager|boss|desk|training|new here|workload|today|tonight|"
    r"morning|feet|head|nothing|worse|bad)\b",
    re.I,
)
"""The agent's own workload, or a contest of who has it harder: never a disclosure that connects."""


def without_allowed_disclosure(
    playbook: Playbook, sentences: Sequence[Sentence], detector: Detector
) -> Sequence[Sentence]:
    """Takes SELF_FOCUS from the one short disclosure that `self_disclosure_allowed` allows.

    It is short (at most DISCLOSURE_WORDS words), in the first person, about the same feeling and not about the
    agent's own work, does no other harm, and is the only sentence about the agent.
    """
    if not playbook.rules.self_disclosure_allowed:
        return sentences
    about_self = [s for s in sentences if _discloses(s.text) or detector.claims(s.reading, Misstep.SELF_FOCUS)]
    if len(about_self) != 1 or not _is_allowed(about_self[0], detector):
        return sentences
    return [_excused(sentence) if sentence is about_self[0] else sentence for sentence in sentences]


def by_rules(
    playbook: Playbook,
    state: State,
    expected: Mapping[Step, Expectation],
    findings: Findings,
    sentences: Sequence[Sentence],
) -> Findings:
    """Lowers the worth of steps that break a rule of the playbook, and says of each what the rule asks for.

    A step that is not called for is left as it is: it earns nothing, and a rule must not soften what it costs.
    """
    rules = playbook.rules
    changed: dict[Step, Evidence] = {}
    apology, reflection, further = (findings[s] for s in (Step.APOLOGIZE, Step.REFLECT, Step.GO_FURTHER))
    if rules.apology_names_nobody and apology.places and all(_names(p, sentences) for p in apology.places):
        changed[Step.APOLOGIZE] = _lowered(apology, NAMING, wording.NAMING)
    if rules.reflection_is_confirmed and reflection.places and not asks_whether(reflection.places, sentences):
        changed[Step.REFLECT] = _lowered(reflection, UNCONFIRMED, wording.UNCONFIRMED)
    if exception_is_due(playbook, state) and not further.places:
        changed[Step.GO_FURTHER] = further._replace(remark=wording.EXCEPTION)
    return {**findings, **{step: e for step, e in changed.items() if expected[step] is not Expectation.NOT_NOW}}


def asks_whether(places: Sequence[Place], sentences: Sequence[Sentence]) -> bool:
    """Whether a sentence at `places` is a question, or any other asks if it was understood right."""
    there = set(places)
    return any(
        _ASKS_WHETHER.search(sentence.text) or (place_of(sentence) in there and _ASKS.search(sentence.text))
        for sentence in sentences
    )


def names_somebody(text: str) -> bool:
    """Whether the words name a person, product or process: a role or system, a proper name, a brand."""
    text = _ON_BEHALF.sub("", text)
    proper = (match[1] for match in _PROPER.finditer(text))
    return (
        _PARTY.search(text) is not None
        or _MIXED_CASE.search(text) is not None
        or any(name.lower() not in _NO_NAMES for name in proper)
    )


def _names(place: Place, sentences: Sequence[Sentence]) -> bool:
    return any(names_somebody(sentence.text) for sentence in sentences if place_of(sentence) == place)


def _lowered(found: Evidence, share: float, remark: str) -> Evidence:
    return found._replace(worth=share * found.worth, remark=remark)


def _discloses(text: str) -> bool:
    return bool(_FIRST_PERSON.search(text) and _SHARED.search(text) and not _OWN_TROUBLE.search(text))


def _is_allowed(sentence: Sentence, detector: Detector) -> bool:
    harms = (m for m in SENTENCE_MISSTEPS if m is not Misstep.SELF_FOCUS and detector.claims(sentence.reading, m))
    return _discloses(sentence.text) and word_count(sentence.text) <= DISCLOSURE_WORDS and not any(harms)


def _excused(sentence: Sentence) -> Sentence:
    missteps = {**sentence.reading.missteps, Misstep.SELF_FOCUS: 0.0}
    claimed = tuple(label for label in sentence.reading.claimed if label is not Misstep.SELF_FOCUS)
    return sentence._replace(reading=replace(sentence.reading, missteps=missteps, claimed=claimed))
