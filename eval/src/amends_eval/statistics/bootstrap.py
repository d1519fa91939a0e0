"""Intervals by resampling conversations: rows of one conversation are not independent.

Source: Davison and Hinkley (1997), Bootstrap Methods and their Application, sections 2.4 and 3.8 (the cluster
bootstrap); Efron (1981), Nonparametric standard errors and confidence intervals (percentile interval).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

RESAMPLES = 2000
LEVEL = 0.95
POWER = 0.8

Floats = NDArray[np.float64]
Statistic = Callable[[Floats], Floats]
"""From sums over items, shape (..., k), to values, shape (...); NaN where there is none."""
Weighted = Callable[[Floats], float]
"""From weights of items, shape (n,), to a value; NaN where there is none."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with its 95 % percentile interval."""

    value: float | None
    low: float | None
    high: float | None
    error: float | None
    """Standard error: the standard deviation over the resamples."""
    clusters: int

    @property
    def detectable(self) -> float | None:
        """Smallest difference between two independent runs found 4 times out of 5 at the 5 % level.

        Source: (z_0.975 + z_0.8) * sqrt(2) * standard error; e.g. Chow, Shao and Wang (2008), chapter 3.
        """
        if self.error is None:
            return None
        return float((norm.ppf(0.5 + LEVEL / 2) + norm.ppf(POWER)) * np.sqrt(2.0) * self.error)


def interval_of_sums(items: Floats, clusters: Sequence[str], statistic: Statistic, seed: int) -> Interval:
    """The interval of a statistic that depends on sums over items alone, such as F1, a share or a mean.

    Args:
        items: what each item adds, shape (n, k).
        clusters: of each item.
        statistic: of the sums.
        seed: of the resampling.
    """
    if not len(items):
        return Interval(None, None, None, None, 0)
    names, sums = cluster_sums(np.asarray(items, dtype=np.float64), clusters)
    draws = draws_of(len(names), seed)
    return _interval(float(statistic(sums.sum(axis=0))), statistic(draws @ sums), len(names))


def interval_of_weights(clusters: Sequence[str], statistic: Weighted, seed: int, resamples: int = 500) -> Interval:
    """The interval of any statistic that can weigh its items, such as an AUC or a kappa."""
    if not len(clusters):
        return Interval(None, None, None, None, 0)
    names, index = np.unique(np.asarray(clusters), return_inverse=True)
    draws = draws_of(len(names), seed, resamples)
    values = np.array([statistic(draw[index]) for draw in draws])
    return _interval(statistic(np.ones(len(index))), values, len(names))


def ratio(sums: Floats) -> Floats:
    """First sum over second: a mean, a share, a precision. Shape (..., 2) to (...)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = np.where(sums[..., 1] > 0, sums[..., 0] / sums[..., 1], np.nan)
    return found


def cluster_sums(items: Floats, clusters: Sequence[str]) -> tuple[NDArray[np.str_], Floats]:
    """The names of the clusters in order, and what the items of each add, shape (clusters, k)."""
    names, index = np.unique(np.asarray(clusters), return_inverse=True)
    sums = np.zeros((len(names), items.shape[1]))
    np.add.at(sums, index, items)
    return names, sums


@lru_cache(maxsize=16)
def draws_of(clusters: int, seed: int, resamples: int = RESAMPLES) -> Floats:
    """How often each cluster is drawn in each resample, shape (resamples, clusters). Shared: not to be written."""
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(clusters, np.full(clusters, 1.0 / clusters), size=resamples).astype(np.float64)
    drawn.setflags(write=False)
    return drawn


def _interval(value: float, values: Floats, clusters: int) -> Interval:
    known = values[np.isfinite(values)]
    if not np.isfinite(value):
        return Interval(None, None, None, None, clusters)
    # One conversation cannot tell how conversations differ.
    if clusters < 2 or not len(known):
        return Interval(value, None, None, None, clusters)
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(value, float(low), float(high), float(known.std(ddof=1)), clusters)
