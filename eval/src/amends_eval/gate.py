"""Whether a model may ship: no worse than the one before it, on all that was measured of that."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from amends_eval.bars import Bar, Light
from amends_eval.compare import Change, Comparison, Trend, compare
from amends_eval.record import Record
from amends_eval.suites.suite import Metric

_REACHED = (Light.MET, Light.AIM_MET)
_NAMED = 3
"""Missing items that a reason names; it counts the rest."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether it passes, and why not."""

    reasons: tuple[str, ...]
    """One line each; none where it passes."""
    comparison: Comparison | None
    """None where a record did not end."""

    @property
    def passed(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.reasons


def gate(candidate: Record, baseline: Record, bars: Sequence[Bar]) -> Verdict:
    """Holds a candidate against the baseline.

    It fails where it misses a bar that the baseline reached, where a metric got worse (items paired, Holm-corrected),
    where a metric or an item is gone, and where a record did not end.

    Raises:
        RecordError: the records are about different data.
    """
    if unfinished := tuple(_unfinished(candidate, baseline)):
        return Verdict(unfinished, None)
    comparison = compare(baseline, candidate)
    reasons = (
        *_missed(candidate, baseline, bars),
        *(_worse(change) for change in comparison.of(Trend.WORSE)),
        *(f"{_name(change)}: gone, the baseline has it" for change in comparison.of(Trend.GONE)),
        *_gone(comparison),
    )
    return Verdict(reasons, comparison)


def _unfinished(candidate: Record, baseline: Record) -> Iterator[str]:
    for name, record in (("candidate", candidate), ("baseline", baseline)):
        if record.seconds is None:
            yield f"the {name}'s run did not end: go on with it by --resume"


def _missed(candidate: Record, baseline: Record, bars: Sequence[Bar]) -> Iterator[str]:
    for bar in bars:
        before, after = (_value(bar.found_in(record.suites)) for record in (baseline, candidate))
        if bar.judge(before) in _REACHED and bar.judge(after) is Light.MISSED:
            side = "at least" if bar.direction == "at_least" else "at most"
            found = f"{after:.4g} misses the bar of {side} {bar.bar:g}, which the baseline's {before:.4g} reached"
            yield f"{bar.metric}: {found}"


def _value(metric: Metric | None) -> float | None:
    return metric.value if metric else None


def _worse(change: Change) -> str:
    assert change.before
    assert change.after
    low, high = change.difference.low, change.difference.high
    interval = f", 95 % from {low:+.4f} to {high:+.4f}" if low is not None and high is not None else ""
    how = "paired" if change.paired else "not paired"
    return (
        f"{_name(change)}: worse, from {change.before.value:.4g} to {change.after.value:.4g} "
        f"({change.difference.value:+.4f}{interval}; {how}, p = {change.p:.2g} after correction)"
    )


def _name(change: Change) -> str:
    return f"{change.suite}:{change.name}"


def _gone(comparison: Comparison) -> Iterator[str]:
    for dataset, ids in comparison.gone.items():
        more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
        yield f"{dataset}: {len(ids)} items are gone, the baseline has them: {', '.join(ids[:_NAMED])}{more}"
