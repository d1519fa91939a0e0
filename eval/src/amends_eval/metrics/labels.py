"""Multi-label figures over counts, so that a bootstrap can resample them without looking at items again."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amends_eval.statistics.bootstrap import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Decisions:
    """What is so and what was claimed, of many items and labels."""

    truth: NDArray[np.bool_]
    """Shape (items, labels)."""
    claimed: NDArray[np.bool_]
    known: NDArray[np.bool_]
    """False where a careful judge could go either way: left out."""
    names: Sequence[str]
    """Of the labels."""

    def counts(self) -> Floats:
        """True positives, false positives and false negatives of each item, shape (items, 3 * labels)."""
        truth, claimed = self.truth & self.known, self.claimed & self.known
        return np.concatenate([truth & claimed, ~truth & claimed, truth & ~claimed], axis=1).astype(np.float64)


def micro_f1(sums: Floats) -> Floats:
    """F1 over all labels together. Shape (..., 3 * labels) to (...), as are those below.

    Source: van Rijsbergen (1979), Information Retrieval, chapter 7.
    """
    tp, fp, fn = (part.sum(axis=-1) for part in _parts(sums))
    return _divide(2 * tp, 2 * tp + fp + fn)


def macro_f1(sums: Floats) -> Floats:
    """Mean of the F1 of each label that occurs or is claimed."""
    tp, fp, fn = _parts(sums)
    with np.errstate(invalid="ignore"):
        each = _divide(2 * tp, 2 * tp + fp + fn)
    count = np.isfinite(each).sum(axis=-1)
    return _divide(np.nansum(each, axis=-1), count.astype(np.float64))


def precision(sums: Floats) -> Floats:
    """Share of the claims that are right."""
    tp, fp, _ = (part.sum(axis=-1) for part in _parts(sums))
    return _divide(tp, tp + fp)


def recall(sums: Floats) -> Floats:
    """Share of the labels that are found."""
    tp, _, fn = (part.sum(axis=-1) for part in _parts(sums))
    return _divide(tp, tp + fn)


def _parts(sums: Floats) -> tuple[Floats, Floats, Floats]:
    labels = sums.shape[-1] // 3
    return sums[..., :labels], sums[..., labels : 2 * labels], sums[..., 2 * labels :]


def _divide(over: Floats, under: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = np.where(under > 0, over / under, np.nan)
    return found
