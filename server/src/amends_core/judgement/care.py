"""How caring a reply reads: graded replies taught the model in what company a sentence like this one stands."""

from collections.abc import Sequence
from dataclasses import dataclass

from amends_core.conversation import Sentence
from amends_core.judgement.evidence import Line
from amends_core.judgement.result import Place
from amends_core.judgement.weights import CARE_LEAD, CARE_WORDS
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


def care_of(lines: Sequence[Line]) -> Care:
    """Reads the care of a reply of at least one sentence.

    A sentence that harms earns nothing. Sentences of fewer than CARE_WORDS words count half, for the best and for the
    worst, and the best stands no more than CARE_LEAD above the worst.
    """
    earned = [_earned(line) for line in lines]
    spoken = [_spoken(line.sentence) for line in lines]
    best = max(range(len(lines)), key=lambda i: earned[i])
    worst = min(range(len(lines)), key=lambda i: spoken[i])
    return Care(min(earned[best], spoken[worst] + CARE_LEAD), lines[best].place, spoken[worst], lines[worst].place)


def _earned(line: Line) -> float:
    return line.sentence.reading.care * _harmless(line) * line.own * (1.0 if _is_long(line.sentence) else 0.5)


def _spoken(sentence: Sentence) -> float:
    care = sentence.reading.care
    return care if _is_long(sentence) else (1.0 + care) / 2


def _is_long(sentence: Sentence) -> bool:
    return word_count(sentence.text) >= CARE_WORDS


def _harmless(line: Line) -> float:
    """How surely a sentence holds no misstep, 0 to 1; 0 where one is claimed."""
    return 0.0 if line.harms else 1.0 - max(line.sentence.reading.missteps.values())
