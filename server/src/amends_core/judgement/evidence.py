"""What the sentences of a reply say about each label, brought together."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from amends_core.conversation import CREDIT, Sentence
from amends_core.detection import STRONG_FROM, Detector
from amends_core.encoder import Floats
from amends_core.exemplars import ExemplarIndex, Nearest
from amends_core.figures import NUMBER_WORDS, WEEKDAY
from amends_core.judgement.details import Details
from amends_core.judgement.result import Place
from amends_core.judgement.weights import (
    NOTHING_BELOW,
    PASTED_SHARE,
    PASTED_WORDS,
    PASTED_WORDS_SHARED,
    TIMELESS,
    TIMELESS_BY_RULE,
)
from amends_core.judgement.wording import WITHOUT_TIME
from amends_core.taxonomy import SENTENCE_LABELS, Label, Step, Strength
from amends_core.text import remembered, shared_words, word_count

PROMISES = frozenset({Step.TAKE_ACTION, Step.FOLLOW_UP, Step.GO_FURTHER})
"""The steps that a number, an amount or a time makes more concrete."""
_UNIT = "min|minute|hour|hr|day|week|working|business"
_TIME = re.compile(
    r"\b(?:today|tonight|tomorrow|now|right away|straight ?away|immediately|shortly|asap|within|next week|"
    rf"by (?:the )?(?:end|close|noon|mon|tue|wed|thu|fri|sat|sun|\d)|{WEEKDAY}|"
    rf"this (?:morning|afternoon|evening|week)|(?:\d+ ?|(?:{NUMBER_WORDS})[ -])(?:{_UNIT})s?|"
    rf"\d{{1,2}}(?::\d{{2}})? ?(?:am|pm)|\d{{1,2}}:\d{{2}}|noon|midnight|"
    rf"(?:an?|half an|one|few|couple of) (?:minute|hour|day|week)s?)\b",
    re.I,
)


class Evidence(NamedTuple):
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


class Line(NamedTuple):
    """A sentence of a reply, with what is compared once for every label."""

    sentence: Sentence
    place: Place
    nearest: Mapping[Label, Nearest | None]
    """By each label that it carries: the exemplar that explains it."""
    own: float
    """How far it is the agent's own, 0 to 1: no exemplar pasted in, not the customer's words again, not told to us."""
    harms: bool
    """Whether it carries a misstep: what harms makes no amends, whatever else it says."""


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
        likeliest = map(max, zip(*(line.sentence.reading.probabilities for line in lines), strict=True))
        carried = {label for line in lines for label in line.nearest}
        return {
            label: self._evidence(label, best, lines, carried=label in carried)
            for label, best in zip(SENTENCE_LABELS, likeliest, strict=True)
        }

    def _line(self, sentence: Sentence, embedding: Floats) -> Line:
        nearest = {label: self.exemplars.nearest(label, embedding) for label in sentence.reading.claimed}
        return Line(
            sentence,
            place_of(sentence),
            nearest,
            own=self._own_share(sentence.text, nearest),
            harms=sentence.reading.harms,
        )

    def _own_share(self, text: str, nearest: Mapping[Label, Nearest | None]) -> float:
        if self.details.is_echo(text) or is_told_to_the_scorer(text):
            return 0.0
        return min((_own_words(text, near) for near in nearest.values()), default=1.0)

    def _evidence(self, label: Label, best: float, lines: Sequence[Line], *, carried: bool) -> Evidence:
        """Of a label; `best` is its highest probability, and `carried` says whether a line carries it."""
        certainty = self.detector.certainty(best, label)
        if not carried and best <= NOTHING_BELOW:  # as most labels are
            return Evidence(best, (), Strength.ABSENT, 0.0, certainty, None)
        carrying = [line for line in lines if label in line.nearest]
        carrying.sort(key=lambda line: line.sentence.reading.probability(label), reverse=True)
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
        presence = max(0.0, line.sentence.reading.probability(label) - NOTHING_BELOW) / (1.0 - NOTHING_BELOW)
        if not isinstance(label, Step) or presence == 0:
            return presence
        if line.harms:
            return 0.0
        weak, strong = CREDIT[Strength.WEAK], CREDIT[Strength.STRONG]
        return presence * (weak + (strong - weak) * self._strong(line.sentence, label)) * line.own

    def _strong(self, sentence: Sentence, step: Step) -> float:
        """How likely the step is strong: as the model reads it, or by what it says of this customer's case."""
        return max(sentence.reading.strong[step], self.details.share(sentence.text, with_numbers=step in PROMISES))


def _own_words(text: str, nearest: Nearest | None) -> float:
    """What a sentence is worth by whether it is the agent's own: an exemplar pasted in is about somebody else.

    A short one may be what everybody says. What a company lists itself is what its agents say.
    """
    if nearest is None or nearest.own or shared_words(text, nearest.text) < PASTED_WORDS_SHARED:
        return 1.0
    return PASTED_SHARE if word_count(text) < PASTED_WORDS else 0.0


_TO_THE_SCORER = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b.{0,30}\b(?:instructions?|rules?|prompts?|guidelines?|rubrics?)\b|"
    r"\b(?:scorer|grader|evaluator|rater|judge|system)\s*:|"
    r"\b(?:rate|score|grade|mark|judge|give|award|assess|evaluate)\b.{0,40}"
    r"\b(?:100|full (?:marks?|points?|score)|(?:maximum|highest|top|best|perfect) (?:score|marks?|grade|points?))\b|"
    r"\b(?:this|my) (?:reply|response|answer|message) (?:is|makes|deserves|should|must|contains|shows)\b|"
    r"\bas (?:an? |the )?(?:ai|language model|evaluator|grader|scorer|judge)\b",
    re.I,
)
"""Says of itself how good it is, or tells whoever judges what to do: no customer is spoken to so."""


@remembered
def is_told_to_the_scorer(text: str) -> bool:
    """Whether a sentence is aimed at what judges the reply, and not at the customer."""
    return _TO_THE_SCORER.search(text) is not None


def place_of(sentence: Sentence) -> Place:
    """Where a sentence stands."""
    return Place(sentence.turn_index, sentence.span)


def without_time(findings: Findings, sentences: Sequence[Sentence], *, by_rule: bool) -> Findings:
    """Lowers the worth of a remedy that carries no time; more for playbooks that ask for one."""
    action = findings[Step.TAKE_ACTION]
    if not action.places or carries_time(sentences, action.places):
        return findings
    share, remark = (TIMELESS_BY_RULE, WITHOUT_TIME) if by_rule else (TIMELESS, "")
    return {**findings, Step.TAKE_ACTION: action._replace(worth=share * action.worth, remark=remark)}


def carries_time(sentences: Sequence[Sentence], places: Sequence[Place]) -> bool:
    """Whether one of the sentences at `places` names a time."""
    there = set(places)
    return any(names_time(sentence.text) for sentence in sentences if place_of(sentence) in there)


@remembered
def names_time(text: str) -> bool:
    """Whether a sentence names a time, in digits or in words."""
    return _TIME.search(text) is not None


def filler_words(sentences: Sequence[Sentence], findings: Findings) -> int:
    """Words of the sentences that make no step."""
    making = {place for label, found in findings.items() if isinstance(label, Step) for place in found.places}
    return sum(word_count(sentence.text) for sentence in sentences if place_of(sentence) not in making)
