"""Two records side by side: what got better, what got worse, which items flipped."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from scipy.stats import norm

from amends_eval.errors import RecordError
from amends_eval.pairing import key_of, paired
from amends_eval.record import Record
from amends_eval.statistics.bootstrap import LEVEL, POWER
from amends_eval.statistics.paired import (
    Difference,
    Flips,
    difference_of_independent,
    difference_of_sums,
    flips,
    holm,
)
from amends_eval.suites.suite import Metric, Outcome, SuiteResult

_NOTHING = Difference(None, None, None, None, 0)


class Trend(StrEnum):
    """What became of a metric; the value is the word that people see."""

    BETTER = "better"
    WORSE = "worse"
    UNCHANGED = "unchanged"
    GONE = "gone"
    NEW = "new"
    NOT_JUDGED = "not judged"
    """It depends on the machine or on the data alone, or has no better side."""


@dataclass(frozen=True, slots=True)
class Change:
    """One metric in both records."""

    suite: str
    name: str
    before: Metric | None
    after: Metric | None
    difference: Difference
    """Of the second to the first; its p value is not yet corrected."""
    paired: bool
    """Whether the same items were held against each other; otherwise the runs count as independent: cautious."""
    p: float | None
    """Corrected by Holm: headlines together, details by suite."""
    trend: Trend


@dataclass(frozen=True, slots=True)
class Flip:
    """An item that was right in one record and wrong in the other."""

    suite: str
    before: Outcome
    after: Outcome


@dataclass(frozen=True, slots=True)
class Comparison:
    """The second record against the first."""

    changes: tuple[Change, ...]
    flipped: tuple[Flip, ...]
    by_suite: Mapping[str, Flips]
    """Items fixed and broken, by suite."""
    gone: Mapping[str, tuple[str, ...]]
    """Rows that the second record says nothing of, by dataset; a dataset that lacks none is not there."""
    new: Mapping[str, tuple[str, ...]]
    """The same of the first."""

    def of(self, trend: Trend) -> list[Change]:
        """The metrics that went that way."""
        return [change for change in self.changes if change.trend is trend]


def compare(a: Record, b: Record) -> Comparison:
    """Holds `b` against `a`: what got better or worse from `a` to `b`, items paired where both have them.

    Raises:
        RecordError: one did not end, or they are about different data.
    """
    _check(a, b)
    both = [(a.suites[name], b.suites[name]) for name in a.suites if name in b.suites]
    return Comparison(
        changes=tuple(_corrected(list(_changes(a, b)))),
        flipped=tuple(flip for before, after in both for flip in _flipped(before, after)),
        by_suite={before.suite: _flips(before, after) for before, after in both},
        gone=_missing(a, b),
        new=_missing(b, a),
    )


def is_judged(suite: str, name: str) -> bool:
    """Whether a change of the metric is for better or worse."""
    # Milliseconds are the machine's, baselines the data's, and a bias is best at nought.
    return suite != "speed" and ".baseline." not in name and not name.endswith("_bias")


def _check(a: Record, b: Record) -> None:
    for which, record in (("first", a), ("second", b)):
        if record.seconds is None:
            raise RecordError(f"the {which} record did not end: go on with it by --resume")
    shared = [name for name in a.header.datasets if name in b.header.datasets]
    if not shared:
        raise RecordError("the records share no dataset: run the same suites on both")
    for name in shared:
        before, after = a.header.datasets[name], b.header.datasets[name]
        if before.half != after.half:
            raise RecordError(f"`{name}`: one record is on {before.half}, the other on {after.half}: run one --half")
        if (before.version, before.sha256) != (after.version, after.sha256):
            raise RecordError(f"`{name}`: the records are on different editions: run the older one again")


def _changes(a: Record, b: Record) -> Iterator[Change]:
    for suite in dict.fromkeys([*a.suites, *b.suites]):
        results = a.suites.get(suite), b.suites.get(suite)
        before, after = ({m.name: m for m in result.metrics} if result else {} for result in results)
        for name in dict.fromkeys([*before, *after]):
            yield _change(suite, results, before.get(name), after.get(name), b.header.seed)


def _change(
    suite: str,
    results: tuple[SuiteResult | None, SuiteResult | None],
    before: Metric | None,
    after: Metric | None,
    seed: int,
) -> Change:
    named = after or before
    assert named is not None
    if before is None or before.value is None:
        trend = Trend.NEW if after and after.value is not None else Trend.NOT_JUDGED
        return Change(suite, named.name, before, after, _NOTHING, paired=False, p=None, trend=trend)
    if after is None or after.value is None:
        # A label that nobody claims any more has no precision: its recall says what that is worth.
        trend = Trend.NOT_JUDGED if after and _is_detail(after.name) else Trend.GONE
        return Change(suite, named.name, before, after, _NOTHING, paired=False, p=None, trend=trend)
    assert results[0]
    assert results[1]
    difference, is_paired = _difference((before, after), (results[0], results[1]), seed)
    trend = Trend.UNCHANGED if is_judged(suite, named.name) else Trend.NOT_JUDGED
    return Change(suite, named.name, before, after, difference, paired=is_paired, p=None, trend=trend)


def _difference(
    metrics: tuple[Metric, Metric], results: tuple[SuiteResult, SuiteResult], seed: int
) -> tuple[Difference, bool]:
    pair = paired(metrics, results)
    if pair:
        return difference_of_sums(pair.before, pair.after, pair.clusters, pair.statistic, seed), True
    values, errors = [metric.value for metric in metrics], [_error(metric) for metric in metrics]
    assert values[0] is not None
    assert values[1] is not None
    if errors[0] is None or errors[1] is None:
        return Difference(values[1] - values[0], None, None, None, 0), False
    return difference_of_independent(values[0], values[1], (errors[0], errors[1])), False


def _error(metric: Metric) -> float | None:
    """The standard error: back from the detectable difference, see `Interval.detectable`."""
    if metric.detectable is None:
        return None
    return float(metric.detectable / (2**0.5 * (norm.ppf(0.5 + LEVEL / 2) + norm.ppf(POWER))))


def _corrected(changes: Sequence[Change]) -> Iterator[Change]:
    families: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        if change.trend is Trend.UNCHANGED and change.difference.p is not None:
            families[_family(change)].append(change)
    p_of = {
        (change.suite, change.name): p
        for family in families.values()
        for change, p in zip(family, holm([c.difference.p or 0.0 for c in family]), strict=True)
    }
    for change in changes:
        p = p_of.get((change.suite, change.name))
        yield change if p is None else replace(change, p=p, trend=_trend(change, p))


def _family(change: Change) -> str:
    """Headlines, such as `real.micro_f1`, are asked together; the figures of single labels and slices by suite."""
    return change.suite if _is_detail(change.name) else ""


def _is_detail(name: str) -> bool:
    return name.count(".") > 1


def _trend(change: Change, p: float) -> Trend:
    value = change.difference.value
    if p >= 1 - LEVEL or not value or change.after is None:
        return Trend.UNCHANGED
    return Trend.BETTER if (value > 0) == change.after.higher_is_better else Trend.WORSE


def _shared(before: SuiteResult, after: SuiteResult) -> list[tuple[Outcome, Outcome]]:
    known = {key_of(outcome): outcome for outcome in after.outcomes}
    return [(outcome, known[key_of(outcome)]) for outcome in before.outcomes if key_of(outcome) in known]


def _flipped(before: SuiteResult, after: SuiteResult) -> Iterator[Flip]:
    for first, second in _shared(before, after):
        if first.ok is not None and second.ok is not None and first.ok != second.ok:
            yield Flip(before.suite, first, second)


def _flips(before: SuiteResult, after: SuiteResult) -> Flips:
    known = [(a.ok, b.ok) for a, b in _shared(before, after) if a.ok is not None and b.ok is not None]
    return flips([a for a, _ in known], [b for _, b in known])


def _missing(record: Record, other: Record) -> Mapping[str, tuple[str, ...]]:
    """Rows without any outcome in the other record: parts of a row may come and go with what the model claims."""
    rows, there = _rows(record), _rows(other)
    return {
        name: gone
        for name, ids in rows.items()
        if (gone := tuple(id_ for id_ in ids if id_ not in there.get(name, ())))
    }


def _rows(record: Record) -> Mapping[str, Collection[str]]:
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for outcome in (outcome for result in record.suites.values() for outcome in result.outcomes):
        found[outcome.dataset][outcome.id] = None
    return found
