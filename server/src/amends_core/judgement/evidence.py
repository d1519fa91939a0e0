"""What the sentences of a reply say about each label, brought together."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from amends_core.conversation import CREDIT, Sentence
from amends_core.detection import STRONG_FROM, Detector
from amends_core.encoder import Floats
from amends_core.exemplars import ExemplarIndex, Nearest
from amends_core.judgement.details import Details
from amends_core.judgement.result import Place
from amends_core.judgement.weights import (
    ANSWER_SHARE,
    ANSWER_WORDS,
    NOTHING_BELOW,
    PASTED_COSINE,
    PASTED_SHARE,
    TIMELESS,
    TIMELESS_BY_RULE,
)
from amends_core.judgement.wording import WITHOUT_TIME
from amends_core.taxonomy import SENTENCE_LABELS, Label, Step, Strength
from amends_core.text import word_count

PROMISES = frozenset({Step.TAKE_ACTION, Step.FOLLOW_UP, Step.GO_FURTHER})
"""The steps that a number, an amount or a time makes more concrete."""
_TIME = re.compile(
    r"\b(?:today|tonight|tomorrow|now|right away|straight ?away|immediately|shortly|asap|within|next week|"
    r"by (?:the )?(?:end|close|noon|mon|tue|wed|thu|fri|sat|sun|\d)|(?:mon|tues|wednes|thurs|fri|satur|sun)day|"
    r"this (?:morning|afternoon|evening|week)|\d+ ?(?:min|minute|hour|hr|day|week|working|business)s?\b|"
    r"\d{1,2}(?::\d{2})? ?(?:am|pm)|\d{1,2}:\d{2}|"
    r"(?:a|one|two|three|four|five|few|couple of) (?:minute|hour|day|week)s?)\b",
    re.I,
)

_GREETING = re.compile(
    r"(?:hi|hello|hey|hiya|dear|good (?:morning|afternoon|evening|day)|thanks?|thank you)\b[^,.!]*[,.!]?$", re.I
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a reply says about one label."""

    probability: float
    """Of its likeliest sentence."""
    places: tuple[Place, ...]
    """The sentences that carry it, likeliest first; empty where none does."""
    strength: Strength
    """Of the best sentence that carries it; ABSENT for missteps and where none does."""
    worth: float
    """How far it is there, 0 to 1: presence, and for a step its strength. A hint below the threshold counts, too."""
    certainty: float
    """How far the probability lies from the threshold, 0 to 1."""
    nearest: Nearest | None
    remark: str = ""
    """What a rule of the playbook finds wanting in it; empty where nothing."""


Findings = Mapping[Label, Evidence]


@dataclass(frozen=True, slots=True)
class Gatherer:
    """Brings the sentences of a reply together, label by label."""

    detector: Detector
    exemplars: ExemplarIndex
    details: Details

    def gather(self, sentences: Sequence[Sentence], embeddings: Sequence[Floats]) -> Findings:
        """Gives the evidence for every sentence label; `embeddings` go with `sentences`."""
        return {label: self._evidence(label, sentences, embeddings) for label in SENTENCE_LABELS}

    def _evidence(self, label: Label, sentences: Sequence[Sentence], embeddings: Sequence[Floats]) -> Evidence:
        ranked = sorted(range(len(sentences)), key=lambda i: -sentences[i].reading.probability(label))
        best = sentences[ranked[0]].reading.probability(label)
        carrying = [i for i in ranked if self.detector.claims(sentences[i].reading, label)]
        nearest = [self.exemplars.nearest(label, embeddings[i]) for i in carrying]
        own = {i: _own_words(near) for i, near in zip(carrying, nearest, strict=True)}
        worths = [self._worth(sentences[i], label) * own.get(i, 1.0) for i in ranked]
        return Evidence(
            probability=best,
            places=tuple(place_of(sentences[i]) for i in carrying),
            strength=max((self._strength(sentences[i], label) for i in carrying), default=Strength.ABSENT),
            worth=max(worths),
            certainty=self.detector.certainty(best, label),
            nearest=nearest[0] if nearest else None,
        )

    def own_share(self, sentence: Sentence, embedding: Floats) -> float:
        """How far a sentence is the agent's own, 0 to 1: not an exemplar pasted in, not the customer's words again."""
        if self.details.is_echo(sentence.text):
            return PASTED_SHARE
        carried = (label for label in SENTENCE_LABELS if self.detector.claims(sentence.reading, label))
        return min((_own_words(self.exemplars.nearest(label, embedding)) for label in carried), default=1.0)

    def _strength(self, sentence: Sentence, label: Label) -> Strength:
        if not isinstance(label, Step):
            return Strength.ABSENT
        return Strength.STRONG if self._strong(sentence, label) >= STRONG_FROM else Strength.WEAK

    def _worth(self, sentence: Sentence, label: Label) -> float:
        """Grows with the probability, below the threshold, too; a step counts by how likely it is strong."""
        presence = max(0.0, sentence.reading.probability(label) - NOTHING_BELOW) / (1.0 - NOTHING_BELOW)
        if not isinstance(label, Step) or presence == 0:
            return presence
        weak, strong = CREDIT[Strength.WEAK], CREDIT[Strength.STRONG]
        return presence * (weak + (strong - weak) * self._strong(sentence, label))

    def _strong(self, sentence: Sentence, step: Step) -> float:
        """How likely the step is strong: as the model reads it, or by what it says of this customer's case."""
        return max(sentence.reading.strong[step], self.details.share(sentence.text, with_numbers=step in PROMISES))


def _own_words(nearest: Nearest | None) -> float:
    """What a sentence is worth by whether it is the agent's own: an exemplar pasted in is about somebody else.

    What a company lists itself is what its agents say.
    """
    pasted = nearest is not None and not nearest.own and nearest.similarity >= PASTED_COSINE
    return PASTED_SHARE if pasted else 1.0


def place_of(sentence: Sentence) -> Place:
    """Where a sentence stands."""
    return Place(sentence.turn_index, sentence.span)


def with_answer(findings: Findings, sentences: Sequence[Sentence]) -> Findings:
    """Counts a plain statement as the answer, for a calm customer who asked and gets no other action.

    The longest one, of at least ANSWER_WORDS words; a greeting or a name alone answers nothing.
    """
    action = findings[Step.TAKE_ACTION]
    if action.places:
        return findings
    labelled = {place for found in findings.values() for place in found.places}
    plain = [s for s in sentences if place_of(s) not in labelled and not _asks_or_greets(s.text)]
    longest = max(plain, key=lambda sentence: word_count(sentence.text), default=None)
    if longest is None or word_count(longest.text) < ANSWER_WORDS:
        return findings
    answer = replace(action, places=(place_of(longest),), strength=Strength.WEAK, worth=ANSWER_SHARE)
    return {**findings, Step.TAKE_ACTION: answer}


def _asks_or_greets(text: str) -> bool:
    return text.rstrip().endswith("?") or _GREETING.match(text) is not None


def without_time(findings: Findings, sentences: Sequence[Sentence], *, by_rule: bool) -> Findings:
    """Lowers the worth of a remedy that carries no time; more for playbooks that ask for one."""
    action = findings[Step.TAKE_ACTION]
    if not action.places or carries_time(sentences, action.places):
        return findings
    share, remark = (TIMELESS_BY_RULE, WITHOUT_TIME) if by_rule else (TIMELESS, "")
    return {**findings, Step.TAKE_ACTION: replace(action, worth=share * action.worth, remark=remark)}


def carries_time(sentences: Sequence[Sentence], places: Sequence[Place]) -> bool:
    """Whether one of the sentences at `places` names a time."""
    there = set(places)
    return any(_TIME.search(sentence.text) for sentence in sentences if place_of(sentence) in there)


def filler_words(sentences: Sequence[Sentence], findings: Findings) -> int:
    """Words of the sentences that make no step."""
    making = {place for label, found in findings.items() if isinstance(label, Step) for place in found.places}
    return sum(word_count(sentence.text) for sentence in sentences if place_of(sentence) not in making)
