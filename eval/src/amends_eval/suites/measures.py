"""From statistics to metrics: what every suite says of a figure."""

from collections.abc import Sequence

import numpy as np

from amends_eval.statistics.bootstrap import (
    Floats,
    Interval,
    Statistic,
    Weighted,
    interval_of_sums,
    interval_of_weights,
    ratio,
)
from amends_eval.suites.suite import Metric, Outcome


def from_sums(
    name: str, items: Floats, clusters: Sequence[str], statistic: Statistic, seed: int, *, higher_is_better: bool = True
) -> Metric:
    """A metric of sums over items, shape (n, k); see `interval_of_sums`."""
    interval = interval_of_sums(items, clusters, statistic, seed)
    return _metric(name, interval, len(items), higher_is_better)


def from_weights(
    name: str, clusters: Sequence[str], statistic: Weighted, seed: int, *, higher_is_better: bool = True
) -> Metric:
    """A metric that weighs its items; see `interval_of_weights`."""
    interval = interval_of_weights(clusters, statistic, seed)
    return _metric(name, interval, len(clusters), higher_is_better)


def share(
    name: str, hits: Sequence[float], clusters: Sequence[str], seed: int, *, higher_is_better: bool = True
) -> Metric:
    """The mean of what each item scores: a share where that is 0 or 1."""
    items = np.array([[hit, 1.0] for hit in hits], dtype=np.float64).reshape(-1, 2)
    return from_sums(name, items, clusters, ratio, seed, higher_is_better=higher_is_better)


def share_right(name: str, outcomes: Sequence[Outcome], seed: int) -> Metric:
    """The share of outcomes that came out right."""
    return share(name, [bool(outcome.ok) for outcome in outcomes], [outcome.cluster for outcome in outcomes], seed)


def _metric(name: str, interval: Interval, n: int, higher_is_better: bool) -> Metric:
    return Metric(
        name=name,
        value=interval.value,
        low=interval.low,
        high=interval.high,
        n=n,
        clusters=interval.clusters,
        detectable=interval.detectable,
        higher_is_better=higher_is_better,
    )
