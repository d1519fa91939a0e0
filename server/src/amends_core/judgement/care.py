"""How caring a reply reads: graded replies taught the model in what company a sentence like this one stands."""

from collections.abc import Sequence
from dataclasses import dataclass

from amends_core.conversation import Sentence
from amends_core.judgement.evidence import place_of
from amends_core.judgement.result import Place
from amends_core.judgement.weights import CARE_WORDS
from amends_core.taxonomy import Misstep
from amends_core.text import word_count


@dataclass(frozen=True, slots=True)
class Care:
    """The best and the worst sentence of a reply; more sentences never raise what they have in common."""

    best: float
    """Care of the most caring sentence, 0 to 1; what harms, is pasted or echoes the customer counts less."""
    best_place: Place
    worst: float
    """Care of the least caring sentence, 0 to 1."""
    worst_place: Place


def care_of(sentences: Sequence[Sentence], own: Sequence[float]) -> Care:
    """Reads the care of a reply of at least one sentence; `own` says how far each is in the agent's own words, 0 to 1.

    A sentence that harms earns nothing. Sentences of fewer than CARE_WORDS words count half for the best, and not for
    the worst where there are longer ones.
    """
    long = [word_count(sentence.text) >= CARE_WORDS for sentence in sentences]
    earned = [
        sentence.reading.care * _harmless(sentence) * share * (1.0 if is_long else 0.5)
        for sentence, share, is_long in zip(sentences, own, long, strict=True)
    ]
    best = max(range(len(sentences)), key=lambda i: earned[i])
    counted = [i for i, is_long in enumerate(long) if is_long] or [best]
    worst = min(counted, key=lambda i: sentences[i].reading.care)
    return Care(earned[best], place_of(sentences[best]), sentences[worst].reading.care, place_of(sentences[worst]))


def _harmless(sentence: Sentence) -> float:
    """How surely a sentence holds no misstep, 0 to 1; 0 where one is claimed."""
    if any(isinstance(label, Misstep) for label in sentence.reading.claimed):
        return 0.0
    return 1.0 - max(sentence.reading.missteps.values())
