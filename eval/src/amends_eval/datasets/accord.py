"""How far two labellers of the same sentences agree."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from amends_core.taxonomy import SENTENCE_LABELS

from amends_eval.datasets.rows import Labels
from amends_eval.statistics import agreement

_NAMES = tuple(label.value for label in SENTENCE_LABELS)


@dataclass(frozen=True, slots=True)
class Accord:
    """Agreement of two labellers; a figure that cannot be computed is None."""

    n: int
    """Sentences that both labelled."""
    micro_f1: float | None
    """Of firm labels, what either calls arguable left out."""
    strict_micro_f1: float | None
    """The same with arguable taken as not given."""
    alpha: float | None
    """Krippendorff's, nominal, over every decision on a sentence and a label that neither calls arguable."""
    strength: float | None
    """Share of the steps firm in both that both call equally strong."""
    kappa: Mapping[str, float | None]
    """Cohen's, of each label, what either calls arguable left out."""
    given: Mapping[str, tuple[int, int]]
    """How often each gave each label firmly."""


def accord(a: Sequence[Labels], b: Sequence[Labels]) -> Accord:
    """Compares two labellers over the same sentences in the same order."""
    left, right = [each.strength.keys() for each in a], [each.strength.keys() for each in b]
    open_to = [{*one.optional, *other.optional} for one, other in zip(a, b, strict=True)]
    decided = [agreement.as_decisions(side, open_to, _NAMES) for side in (left, right)]
    return Accord(
        n=len(a),
        micro_f1=agreement.micro_f1(left, right, open_to),
        strict_micro_f1=agreement.micro_f1(left, right, [()] * len(a)),
        alpha=agreement.alpha(decided, "nominal"),
        strength=_equally_strong(a, b),
        kappa={name: _kappa(name, left, right, open_to) for name in _NAMES},
        given={name: (sum(name in each for each in left), sum(name in each for each in right)) for name in _NAMES},
    )


def _kappa(
    name: str, left: Sequence[Collection[str]], right: Sequence[Collection[str]], open_to: Sequence[set[str]]
) -> float | None:
    sides = [agreement.as_decisions(side, open_to, [name]) for side in (left, right)]
    return agreement.kappa(*sides) if sides[0] else None


def _equally_strong(a: Sequence[Labels], b: Sequence[Labels]) -> float | None:
    same = [
        strength == other.strength[name]
        for one, other in zip(a, b, strict=True)
        for name, strength in one.strength.items()
        if name in other.strength
    ]
    return sum(same) / len(same) if same else None
