"""What the sentences of a reply say about each label, brought together."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from amends_core.conversation import CREDIT, Sentence
from amends_core.detection import Detector
from amends_core.encoder import Floats
from amends_core.exemplars import ExemplarIndex, Nearest
from amends_core.judgement.result import Place
from amends_core.judgement.weights import PRESENCE_AT_THRESHOLD
from amends_core.taxonomy import SENTENCE_LABELS, Label, Step, Strength

_TIME = re.compile(
    r"\b(?:today|tonight|tomorrow|now|right away|straight ?away|immediately|shortly|asap|within|by (?:the )?(?:end|close|noon|"
    r"mon|tue|wed|thu|fri|sat|sun|\d)|(?:mon|tues|wednes|thurs|fri|satur|sun)day|this (?:morning|afternoon|evening|week)|"
    r"next week|\d+ ?(?:min|minute|hour|hr|day|week|working|business)s?\b|\d{1,2}(?::\d{2})? ?(?:am|pm)|\d{1,2}:\d{2}|"
    r"(?:a|one|two|three|four|five|few|couple of) (?:minute|hour|day|week)s?)\b",
    re.I,
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
    """How far it is there, 0 to 1: presence, and for a step its strength."""
    certainty: float
    """How far the probability lies from the threshold, 0 to 1."""
    nearest: Nearest | None


def gather(
    sentences: Sequence[Sentence],
    embeddings: Sequence[Floats],
    detector: Detector,
    exemplars: ExemplarIndex,
) -> Mapping[Label, Evidence]:
    """Brings the sentences of a reply together, label by label; `embeddings` go with `sentences`."""
    return {label: _evidence(label, sentences, embeddings, detector, exemplars) for label in SENTENCE_LABELS}


def carries_time(sentences: Sequence[Sentence], places: Sequence[Place]) -> bool:
    """Whether one of the sentences at `places` names a time."""
    spans = set(places)
    return any(_TIME.search(s.text) for s in sentences if Place(s.turn_index, s.span) in spans)


def _evidence(
    label: Label,
    sentences: Sequence[Sentence],
    embeddings: Sequence[Floats],
    detector: Detector,
    exemplars: ExemplarIndex,
) -> Evidence:
    ranked = sorted(range(len(sentences)), key=lambda i: -sentences[i].reading.probability(label))
    best = sentences[ranked[0]].reading.probability(label)
    carrying = [i for i in ranked if detector.claims(sentences[i].reading, label)]
    return Evidence(
        probability=best,
        places=tuple(Place(sentences[i].turn_index, sentences[i].span) for i in carrying),
        strength=max((_strength(detector, sentences[i], label) for i in carrying), default=Strength.ABSENT),
        worth=max((_worth(detector, sentences[i], label) for i in carrying), default=0.0),
        certainty=detector.certainty(best, label),
        nearest=exemplars.nearest(label, embeddings[carrying[0]]) if carrying else None,
    )


def _strength(detector: Detector, sentence: Sentence, label: Label) -> Strength:
    return detector.strength(sentence.reading, label) if isinstance(label, Step) else Strength.ABSENT


def _worth(detector: Detector, sentence: Sentence, label: Label) -> float:
    """Presence grows from the threshold on; a step's presence counts by how likely it is strong."""
    certainty = detector.certainty(sentence.reading.probability(label), label)
    presence = PRESENCE_AT_THRESHOLD + (1 - PRESENCE_AT_THRESHOLD) * min(1.0, 2 * certainty)
    if not isinstance(label, Step):
        return presence
    weak = CREDIT[Strength.WEAK]
    return presence * (weak + (CREDIT[Strength.STRONG] - weak) * sentence.reading.strong[label])
