"""How a run stands to the bars: what every report begins with."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from amends_eval.bars import Bar, Light, load_bars
from amends_eval.record import Record
from amends_eval.suites.suite import Metric


@dataclass(frozen=True, slots=True)
class Gauge:
    """Where a figure, its interval, the bar and the aim lie on a line, in percent of its length."""

    value: float
    low: float
    high: float
    bar: float
    aim: float


@dataclass(frozen=True, slots=True)
class Standing:
    """One bar, and what was measured of it."""

    bar: Bar
    metric: Metric | None
    other: Metric | None
    """The same metric of another run."""
    light: Light
    remark: str
    """Said where the interval reaches across the bar; empty elsewhere."""

    @property
    def gauge(self) -> Gauge | None:
        """None where there is no figure to draw."""
        metric = self.metric
        if metric is None or metric.value is None:
            return None
        low, high = (metric.value if end is None else end for end in (metric.low, metric.high))
        # What must be high is drawn from 0 to 1; what must be low to twice the bar, or as far as it reaches.
        end = 1.0 if self.bar.direction == "at_least" else 1.05 * max(2 * self.bar.bar, metric.value, high, 1e-9)
        places = (min(100.0, max(0.0, 100 * x / end)) for x in (metric.value, low, high, self.bar.bar, self.bar.aim))
        return Gauge(*places)


def standings(record: Record, other: Record | None = None, bars: Sequence[Bar] | None = None) -> list[Standing]:
    """How the run stands to each bar; None: the bars that ship."""
    return [_standing(bar, record, other) for bar in (load_bars() if bars is None else bars)]


def counted(rows: Iterable[Standing]) -> Mapping[Light, int]:
    """How many bars stand at each light, best light first."""
    found = Counter(row.light for row in rows)
    return {light: found[light] for light in Light}


def _standing(bar: Bar, record: Record, other: Record | None) -> Standing:
    metric = bar.found_in(record.suites)
    return Standing(
        bar=bar,
        metric=metric,
        other=bar.found_in(other.suites) if other else None,
        light=bar.judge(metric.value if metric else None),
        remark=_remark(bar, metric),
    )


def _remark(bar: Bar, metric: Metric | None) -> str:
    if metric is None or metric.low is None or metric.high is None:
        return ""
    return "within chance of the bar" if metric.low < bar.bar < metric.high else ""
