"""What the sentences of a reply say about each label, brought together."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

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
from amends_core.text import remembered, word_count

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
class Line:
    """A sentence of a reply, with what is compared once for every label."""

    sentence: Sentence
    place: Place
    probabilities: Mapping[Label, float]
    nearest: Mapping[Label, Nearest | None]
    """By each label that it carries: the exemplar that explains it."""
    own: Mapping[Label, float]
    """By each label that it carries: how far it is the agent's own, 0 to 1, and no exemplar pasted in."""


@dataclass(frozen=True, slots=True)
class Gatherer:
    """Brings the sentences of a reply together, label by label."""

    detector: Detector
    exemplars: ExemplarIndex
    details: Details

    def lines(self, sentences: Sequence[Sentence], embeddings: Sequence[Floats]) -> list[Line]:
        """Holds each sentence against the exemplars; `embeddings` go with `sentences`."""
        return [self._line(sentence, e) for sentence, e in zip(sentences, embeddings, strict=True)]

    def gather(self, lines: Sequence[Line]) -> Findings:
        """Gives the evidence for every sentence label."""
        return {label: self._evidence(label, lines) for label in SENTENCE_LABELS}

    def own_share(self, line: Line) -> float:
        """How far a sentence is the agent's own, 0 to 1: not an exemplar pasted in, not the customer's words again."""
        if self.details.is_echo(line.sentence.text):
            return PASTED_SHARE
        return min(line.own.values(), default=1.0)

    def _line(self, sentence: Sentence, embedding: Floats) -> Line:
        nearest = {label: self.exemplars.nearest(label, embedding) for label in sentence.reading.claimed}
        own = {label: _own_words(near) for label, near in nearest.items()}
        reading = sentence.reading
        probabilities = dict[Label, float](chain(reading.steps.items(), reading.missteps.items()))
        return Line(sentence, place_of(sentence), probabilities, nearest, own)

    def _evidence(self, label: Label, lines: Sequence[Line]) -> Evidence:
        best = max([line.probabilities[label] for line in lines])
        certainty = self.detector.certainty(best, label)
        carrying = [line for line in lines if label in line.nearest]
        if not carrying and best <= NOTHING_BELOW:  # as most labels are
            return Evidence(best, (), Strength.ABSENT, 0.0, certainty, None)
        carrying.sort(key=lambda line: line.probabilities[label], reverse=True)
        return Evidence(
            probability=best,
            places=tuple([line.place for line in carrying]),
            strength=max([self._strength(line.sentence, label) for line in carrying], default=Strength.ABSENT),
            worth=max([self._worth(line, label) for line in lines]),
            certainty=certainty,
            nearest=carrying[0].nearest[label] if carrying else None,
        )

    def _strength(self, sentence: Sentence, label: Label) -> Strength:
        if not isinstance(label, Step):
            return Strength.ABSENT
        return Strength.STRONG if self._strong(sentence, label) >= STRONG_FROM else Strength.WEAK

    def _worth(self, line: Line, label: Label) -> float:
        """Grows with the probability, below the threshold, too; a step counts by how likely it is strong."""
        own = line.own.get(label, 1.0)
        presence = max(0.0, line.probabilities[label] - NOTHING_BELOW) / (1.0 - NOTHING_BELOW)
        if not isinstance(label, Step) or presence == 0:
            return presence * own
        weak, strong = CREDIT[Strength.WEAK], CREDIT[Strength.STRONG]
        return presence * (weak + (strong - weak) * self._strong(line.sentence, label)) * own

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
    return any(_names_time(sentence.text) for sentence in sentences if place_of(sentence) in there)


@remembered
def _names_time(text: str) -> bool:
    return _TIME.search(text) is not None


def filler_words(sentences: Sequence[Sentence], findings: Findings) -> int:
    """Words of the sentences that make no step."""
    making = {place for label, found in findings.items() if isinstance(label, Step) for place in found.places}
    return sum(word_count(sentence.text) for sentence in sentences if place_of(sentence) not in making)
