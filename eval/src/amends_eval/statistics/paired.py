"""Whether two runs over the same items differ. Knows nothing of suites."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.stats import norm
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from amends_eval.statistics.bootstrap import LEVEL, Floats, Statistic, cluster_sums, draws_of

SWAPS = 9999
"""With the observed one 10,000: p can be as small as 0.0001, which Holm over 400 figures still lets through."""
_SAME = 1e-12
"""Sums of floats in another order differ by less."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The second run minus the first."""

    value: float | None
    low: float | None
    """Lower end of the 95 % interval."""
    high: float | None
    p: float | None
    """How often chance alone makes a difference as large; None where that cannot be said."""
    clusters: int


@dataclass(frozen=True, slots=True)
class Flips:
    """Items that came out otherwise, and how likely chance does that."""

    fixed: int
    broken: int
    p: float


def difference_of_sums(
    before: Floats, after: Floats, clusters: Sequence[str], statistic: Statistic, seed: int
) -> Difference:
    """The difference of a statistic of sums over items; the interval by a paired cluster bootstrap.

    Conversations are drawn with both runs' answers together. The p value is that of a randomisation test: under
    the hypothesis that the runs do not differ, a conversation's answers could as well have come from the other.

    Args:
        before: what each item adds in the first run, shape (n, k).
        after: the same of the second run, items in the same order.
        clusters: of each item.
        statistic: of the sums.
        seed: of the resampling.

    Source: Davison and Hinkley (1997), Bootstrap Methods and their Application, section 3.8; Noreen (1989),
    Computer-Intensive Methods for Testing Hypotheses; Yeh (2000), COLING, for F1.
    """
    if not len(before):
        return Difference(None, None, None, None, 0)
    first, second = (cluster_sums(np.asarray(items, dtype=np.float64), clusters)[1] for items in (before, after))
    value = float(statistic(second.sum(axis=0)) - statistic(first.sum(axis=0)))
    count = len(first)
    if not np.isfinite(value):
        return Difference(None, None, None, None, count)
    if count < 2:
        return Difference(value, None, None, None, count)
    if np.array_equal(first, second):
        return Difference(0.0, 0.0, 0.0, 1.0, count)
    low, high = _interval(first, second, statistic, seed)
    return Difference(value, low, high, _randomised(first, second, statistic, value, seed), count)


def difference_of_independent(before: float, after: float, errors: tuple[float, float]) -> Difference:
    """The difference where items cannot be paired, from both standard errors.

    Runs over the same items go up and down together, so that this is cautious: the true error is smaller.
    """
    value, error = after - before, float(np.hypot(*errors))
    if error == 0.0:
        return Difference(value, value, value, 1.0 if value == 0.0 else 0.0, 0)
    reach = float(norm.ppf(0.5 + LEVEL / 2)) * error
    return Difference(value, value - reach, value + reach, float(2 * norm.sf(abs(value) / error)), 0)


def flips(before: Sequence[bool], after: Sequence[bool]) -> Flips:
    """What got better and worse item by item, with McNemar's exact test. Takes every item for independent.

    Source: McNemar (1947), Psychometrika 12(2).
    """
    pairs = list(zip(before, after, strict=True))
    fixed, broken = pairs.count((False, True)), pairs.count((True, False))
    table = [[pairs.count((True, True)), broken], [fixed, pairs.count((False, False))]]
    p = float(mcnemar(table, exact=True).pvalue) if fixed + broken else 1.0
    return Flips(fixed, broken, min(p, 1.0))


def holm(values: Sequence[float]) -> list[float]:
    """The p values corrected for that there are many of them.

    Source: Holm (1979), Scandinavian Journal of Statistics 6(2).
    """
    return [float(p) for p in multipletests(values, method="holm")[1]] if len(values) else []


def _interval(first: Floats, second: Floats, statistic: Statistic, seed: int) -> tuple[float | None, float | None]:
    draws = draws_of(len(first), seed)
    values = statistic(draws @ second) - statistic(draws @ first)
    known = values[np.isfinite(values)]
    if not len(known):
        return None, None
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _randomised(first: Floats, second: Floats, statistic: Statistic, value: float, seed: int) -> float:
    apart = second - first
    moved = np.any(apart != 0.0, axis=1)
    # Swapping what is the same in both changes nothing: only the rest is drawn.
    swapped = _coins(int(moved.sum()), seed) @ apart[moved]
    values = statistic(second.sum(axis=0) - swapped) - statistic(first.sum(axis=0) + swapped)
    # Where a swap leaves no value, chance is given the benefit of the doubt.
    extreme = ~np.isfinite(values) | (np.abs(values) >= abs(value) - _SAME)
    return float((1 + extreme.sum()) / (1 + len(values)))


@lru_cache(maxsize=16)
def _coins(count: int, seed: int) -> Floats:
    return np.random.default_rng(seed).integers(0, 2, size=(SWAPS, count)).astype(np.float64)
