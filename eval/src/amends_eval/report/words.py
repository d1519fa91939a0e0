"""How figures are written, in every report alike."""

from typing import Literal

from amends_eval.suites.suite import Metric

ABSENT = "–"
Unit = Literal["", "ms", "MB", "points"]


def unit_of(name: str) -> Unit:
    """The unit that a metric's name carries; empty for shares, F1, kappas and the like."""
    if name.endswith("_ms"):
        return "ms"
    if name.endswith("_mb"):
        return "MB"
    # The only figure on the scale of the score itself, 0 to 100.
    return "points" if name.endswith("score_bias") else ""


def number(value: float | None, unit: Unit = "") -> str:
    """Such as `0.853` or `12.3 ms`."""
    if value is None:
        return ABSENT
    # A minus sign in front of nothing but zeros says nothing.
    return f"{value:.3f}".replace("-0.000", "0.000") if unit == "" else f"{value:.3g} {unit}"


def bound(value: float, unit: Unit = "") -> str:
    """Such as `0.85` or `2 ms`: a bar has no more digits than it was set with."""
    return f"{value:g} {unit}".strip()


def interval(metric: Metric | None) -> str:
    """Such as `0.81 to 0.89`, of 95 %."""
    if metric is None or metric.low is None or metric.high is None:
        return ABSENT
    digits = ".2f" if unit_of(metric.name) == "" else ".3g"
    return f"{metric.low:{digits}} to {metric.high:{digits}}"


def change(metric: Metric | None, other: Metric | None) -> str:
    """Signed difference to another run; empty where either is absent."""
    if metric is None or other is None or metric.value is None or other.value is None:
        return ""
    return f"{metric.value - other.value:+.3g}" if unit_of(metric.name) else f"{metric.value - other.value:+.3f}"


def better(metric: Metric | None, other: Metric | None) -> str:
    """`better`, `worse`, `same`, or empty where the two cannot be compared."""
    if metric is None or other is None or metric.value is None or other.value is None:
        return ""
    if metric.value == other.value:
        return "same"
    return "better" if (metric.value > other.value) == metric.higher_is_better else "worse"


def percent(share: float) -> str:
    """Such as `85 %`."""
    return f"{100 * share:.0f} %"
