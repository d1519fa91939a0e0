"""Heat maps, reliability diagrams, risk against coverage, quality against speed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import altair as alt

from amends_eval.report.looks import ACCENT, DASHED, INK, MUTED, PAPER, UNIT_SCALE, Spec, over, points, spec, told

_CELL = alt.Step(24)
_SQUARE = 300
_DARK_CELL = 0.45
"""Share of a row from which a cell is so dark that paper reads better on it than ink."""


def heat_map(labels: Sequence[str], counts: Sequence[Sequence[int]], title: str) -> Spec:
    """What is so (rows) against what was found (columns); the shade is the share of the row."""
    axes: dict[str, Any] = {"sort": list(labels), "scale": alt.Scale(domain=list(labels))}
    base = over(_cells(labels, counts)).encode(
        x=alt.X("found:N", title="found", axis=alt.Axis(orient="top", labelAngle=-55), **axes),
        y=alt.Y("so:N", title="is so", **axes),
        tooltip=["so:N", "found:N", "count:Q", *told("share")],
    )
    opacity = alt.FillOpacity("share:Q", scale=alt.Scale(domain=[0, 1], range=[0.06, 1]), legend=None)
    ink = alt.condition(alt.datum.share > _DARK_CELL, alt.value(PAPER), alt.value(INK))
    layers = [
        base.mark_rect(fill=ACCENT).encode(fillOpacity=opacity),
        base.mark_text(fontSize=10).encode(text="count:Q", color=ink),
    ]
    return spec(alt.layer(*layers).properties(width=_CELL, height=_CELL), title)


def _cells(labels: Sequence[str], counts: Sequence[Sequence[int]]) -> list[dict[str, Any]]:
    return [
        {"so": so, "found": found, "count": count, "share": round(count / sum(row), 4)}
        for so, row in zip(labels, counts, strict=True)
        for found, count in zip(labels, row, strict=True)
        if count
    ]


def reliability(bins: Sequence[Mapping[str, float]], title: str) -> Spec:
    """How often what was said with a probability is so; the dashed line is where the two agree.

    Each bin has `mean_probability`, `share_true`, `low_true`, `high_true` and `n`.
    """
    x = alt.X("mean_probability:Q", title="probability said", scale=UNIT_SCALE)
    y: dict[str, Any] = {"title": "share that is so", "scale": UNIT_SCALE}
    base = over(bins).encode(x=x)
    diagonal = over([{"p": 0}, {"p": 1}]).mark_line(color=MUTED, strokeDash=DASHED)
    share = base.encode(y=alt.Y("share_true:Q", **y), tooltip=told("mean_probability", "share_true", "n"))
    layers = [
        diagonal.encode(x="p:Q", y="p:Q"),
        base.mark_rule(color=ACCENT, strokeWidth=1.5).encode(y=alt.Y("low_true:Q", **y), y2="high_true:Q"),
        share.mark_line(color=ACCENT, strokeWidth=1.5),
        points(share, 55),
    ]
    return spec(alt.layer(*layers).properties(width=_SQUARE, height=_SQUARE), title)


def risk_coverage(curves: Mapping[str, Mapping[str, Sequence[float]]], title: str) -> Spec:
    """Share of wrong outcomes among the surest ones, by the share kept; the first curve is this run's."""
    values = [
        {"run": name, "coverage": round(coverage, 4), "risk": round(risk, 4)}
        for name, curve in curves.items()
        for coverage, risk in zip(curve["coverage"], curve["risk"], strict=True)
    ]
    names, percent = list(curves), alt.Axis(format="%")
    legend = alt.Legend(orient="bottom", title=None) if len(names) > 1 else None
    chart = over(values).mark_line(strokeWidth=2, interpolate="step-before")
    drawn = chart.encode(
        x=alt.X("coverage:Q", title="share answered, surest first", scale=UNIT_SCALE, axis=percent),
        y=alt.Y("risk:Q", title="share wrong among them", axis=percent),
        color=alt.Color("run:N", scale=alt.Scale(domain=names, range=[ACCENT, MUTED]), legend=legend),
        strokeDash=alt.StrokeDash("run:N", scale=alt.Scale(domain=names, range=[[1, 0], DASHED]), legend=legend),
        tooltip=told("coverage", "risk"),
    )
    return spec(drawn.properties(width=_SQUARE, height=_SQUARE), title)


def pareto(models: Iterable[Mapping[str, Any]], title: str) -> Spec:
    """Quality against milliseconds a sentence; each model has `name`, `milliseconds`, `quality` and `best`.

    `best` says that no other is both better and faster: a line joins those.
    """
    scale = alt.Scale(zero=False, padding=40)
    base = over(models).encode(
        x=alt.X("milliseconds:Q", title="milliseconds a sentence (median)", scale=scale),
        y=alt.Y("quality:Q", title="macro-F1", scale=scale),
        tooltip=told("name", "milliseconds", "quality"),
    )
    front = base.transform_filter("datum.best").mark_line(color=MUTED, strokeDash=DASHED, interpolate="step-after")
    names = base.mark_text(color=INK, dy=-14, limit=220).encode(text="name:N")
    return spec(alt.layer(front, points(base, 90), names).properties(width=460, height=_SQUARE), title)
