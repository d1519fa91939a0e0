"""Reliability of probabilities, and the risk that remains at each coverage."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from amends_eval.statistics.bootstrap import Floats

BINS = 15
"""Equal in width, as Guo et al. (2017) take them."""


def bin_sums(probability: Floats, truth: NDArray[np.bool_], known: NDArray[np.bool_]) -> Floats:
    """What each item adds to each bin: how many labels, their probability, how many are so.

    All inputs have shape (items, labels); gives shape (items, 3 * BINS).
    """
    place = np.minimum((probability * BINS).astype(int), BINS - 1)
    in_bin = (place[:, :, None] == np.arange(BINS)) & known[:, :, None]
    parts = (in_bin, in_bin * probability[:, :, None], in_bin & truth[:, :, None])
    return np.concatenate([part.sum(axis=1) for part in parts], axis=1).astype(np.float64)


def expected_error(sums: Floats) -> Floats:
    """Mean distance between what was said and what was so, weighted by bin. Shape (..., 3 * BINS) to (...).

    Source: Naeini et al. (2015), Obtaining Well Calibrated Probabilities Using Bayesian Binning; Guo et al. (2017),
    On Calibration of Modern Neural Networks.
    """
    count, said, so = (sums[..., i * BINS : (i + 1) * BINS] for i in range(3))
    whole = count.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = np.where(whole > 0, np.abs(said - so).sum(axis=-1) / whole, np.nan)
    return found


def reliability(sums: Floats) -> list[Mapping[str, float]]:
    """The bins that hold anything, for a diagram; `sums` of shape (3 * BINS,)."""
    count, said, so = (sums[i * BINS : (i + 1) * BINS] for i in range(3))
    return [
        {
            "low": i / BINS,
            "high": (i + 1) / BINS,
            "mean_probability": float(said[i] / count[i]),
            "share_true": float(so[i] / count[i]),
            "n": int(count[i]),
        }
        for i in range(BINS)
        if count[i]
    ]


def risk_coverage(certainty: Floats, wrong: NDArray[np.bool_], points: int = 50) -> Mapping[str, list[float]]:
    """Share of wrong items among the surest ones, at each share kept.

    Source: El-Yaniv and Wiener (2010), On the Foundations of Noise-free Selective Classification.
    """
    if not len(certainty):
        return {"coverage": [], "risk": []}
    ordered = wrong[np.argsort(-certainty, kind="stable")]
    risk = np.cumsum(ordered) / np.arange(1, len(ordered) + 1)
    kept = np.unique(np.linspace(1, len(ordered), min(points, len(ordered))).astype(int))
    return {"coverage": (kept / len(ordered)).tolist(), "risk": risk[kept - 1].tolist()}
