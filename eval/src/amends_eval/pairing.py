"""Finds out how a metric follows from the outcomes of items, so that two runs can be paired item by item.

A record holds metrics and outcomes, and not how one makes the other. A reading is a guess at that; it is taken only
where it gives the recorded value to the digit, in both records.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from amends_core.taxonomy import SENTENCE_LABELS

from amends_eval.metrics import labels
from amends_eval.statistics.bootstrap import Floats, Statistic, ratio
from amends_eval.suites.suite import Metric, Outcome, SuiteResult

Key = tuple[str, str, str]
"""Dataset, row and part of an item."""
Sums = Callable[[Outcome], Sequence[float] | None]
"""What an item adds; None where it does not count."""
_LABELS = tuple(label.value for label in SENTENCE_LABELS)
_OF_LABELS: Mapping[str, Statistic] = {
    "micro_f1": labels.micro_f1,
    "macro_f1": labels.macro_f1,
    "f1": labels.micro_f1,
    "precision": labels.precision,
    "recall": labels.recall,
}
_AS_RECORDED = 1e-5
"""Baselines are rounded to six digits."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a metric may follow from outcomes."""

    dataset: str
    sums: Sums
    statistic: Statistic

    def items(self, result: SuiteResult) -> dict[Key, Sequence[float]]:
        """What each item adds."""
        own = (outcome for outcome in result.outcomes if outcome.dataset == self.dataset)
        return {key_of(outcome): sums for outcome in own if (sums := self.sums(outcome)) is not None}

    def gives(self, metric: Metric, result: SuiteResult) -> bool:
        """Whether it makes the metric's value of the outcomes."""
        items = list(self.items(result).values())
        if metric.value is None or not items:
            return False
        value = float(self.statistic(np.array(items, dtype=np.float64).sum(axis=0)))
        return abs(value - metric.value) < _AS_RECORDED


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """What the shared items add to a metric in two runs."""

    before: Floats
    after: Floats
    clusters: Sequence[str]
    statistic: Statistic


def key_of(outcome: Outcome) -> Key:
    """What tells the item from all others of its suite."""
    return outcome.dataset, outcome.id, outcome.part


def paired(metrics: tuple[Metric, Metric], results: tuple[SuiteResult, SuiteResult]) -> Pair | None:
    """The shared items of a metric in two runs; None where it does not follow from outcomes, or none is shared."""
    for reading in _readings(metrics[0], results[0]):
        if all(reading.gives(metric, result) for metric, result in zip(metrics, results, strict=True)):
            return _pair(reading, results)
    return None


def _pair(reading: Reading, results: tuple[SuiteResult, SuiteResult]) -> Pair | None:
    before, after = (reading.items(result) for result in results)
    shared = [key for key in before if key in after]
    clusters = {key_of(outcome): outcome.cluster for outcome in results[1].outcomes}
    if not shared:
        return None
    return Pair(
        before=np.array([before[key] for key in shared], dtype=np.float64),
        after=np.array([after[key] for key in shared], dtype=np.float64),
        clusters=[clusters[key] for key in shared],
        statistic=reading.statistic,
    )


def _readings(metric: Metric, result: SuiteResult) -> Iterator[Reading]:
    dataset, *words = metric.name.split(".")
    names = [word for word in words if word in _LABELS] or _LABELS
    for word in words:
        if word in _OF_LABELS:
            yield Reading(dataset, _label_counts(names), _OF_LABELS[word])
    wanted = metric.higher_is_better
    yield Reading(dataset, _share(lambda _: True, wanted=wanted), ratio)
    for word in words:
        yield Reading(dataset, _share(_cut_by(word), wanted=wanted), ratio)
    for kind in sorted({_kind(outcome) for outcome in result.outcomes}):
        yield Reading(dataset, _share(_of_kind(kind), wanted=wanted), ratio)


def _share(counts: Callable[[Outcome], bool], *, wanted: bool) -> Sums:
    """Right ones of all, or wrong ones where fewer are better."""
    return lambda outcome: None if outcome.ok is None or not counts(outcome) else (float(outcome.ok is wanted), 1.0)


def _cut_by(word: str) -> Callable[[Outcome], bool]:
    return lambda outcome: word in outcome.slices.values() or word in outcome.expected.replace(",", " ").split()[:1]


def _kind(outcome: Outcome) -> str:
    return outcome.part.partition(" ")[0]


def _of_kind(kind: str) -> Callable[[Outcome], bool]:
    return lambda outcome: _kind(outcome) == kind


def _label_counts(names: Sequence[str]) -> Sums:
    """True positives, false positives and false negatives, as `Decisions.counts` has them."""

    def counts(outcome: Outcome) -> Sequence[float]:
        truth, claimed = _listed(outcome.expected), _listed(outcome.found)
        hit, extra, missed = truth & claimed, claimed - truth, truth - claimed
        return [float(name in part) for part in (hit, extra, missed) for name in names]

    return counts


@lru_cache(maxsize=10_000)
def _listed(labels: str) -> frozenset[str]:
    return frozenset(labels.split(", "))
