"""Forest plots: figures with their intervals, one a row."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import altair as alt

from amends_eval.report import words
from amends_eval.report.looks import ACCENT, ALERT, DASHED, MUTED, UNIT_SCALE, Spec, over, points, spec, told
from amends_eval.report.slices import Slice
from amends_eval.suites.suite import Metric

_STEP = alt.Step(22)
"""Pixels from one row to the next."""
_WIDTH = 380
_COLUMNS_WIDTH = 560
"""Of columns side by side, together."""
_SLICE_WIDTH = 230


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a forest plot."""

    label: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    shown: str
    interval: str
    other: float | None = None
    bar: float | None = None


def row_of(label: str, metric: Metric, other: Metric | None = None, bar: float | None = None) -> Row:
    """A metric as a row."""
    return Row(
        label=label,
        value=metric.value,
        low=metric.low,
        high=metric.high,
        n=metric.n,
        shown=words.number(metric.value, words.unit_of(metric.name)),
        interval=words.interval(metric),
        other=other.value if other else None,
        bar=bar,
    )


def forest(rows: Sequence[Row], title: str, *, logarithmic: bool = False) -> Spec:
    """One plot with its figures in words; a hollow point is the other run, an upright mark the bar."""
    layers = [*_layers(rows, _scale(rows, logarithmic=logarithmic)), *_figures(rows)]
    return spec(alt.layer(*layers).properties(width=_WIDTH, height=_STEP), title)


def forests(columns: Mapping[str, Sequence[Row]], title: str) -> Spec:
    """Plots side by side whose rows are the same; each has a scale of its own."""
    width = _COLUMNS_WIDTH // len(columns)
    charts = [
        alt.layer(*_layers(rows, _scale(rows), labels=not index)).properties(title=name, width=width, height=_STEP)
        for index, (name, rows) in enumerate(columns.items())
    ]
    return spec(alt.hconcat(*charts, spacing=18), title)


def slices(cut: Sequence[Slice], whole: float, title: str) -> Spec:
    """The share of right outcomes by slice, one above the other; a line marks that of all."""
    names = dict.fromkeys(each.name for each in cut)
    charts = [_slice(name, [each for each in cut if each.name == name], whole) for name in names]
    return spec(alt.vconcat(*charts, spacing=10), title)


def _slice(name: str, cut: Sequence[Slice], whole: float) -> alt.LayerChart | alt.FacetChart:
    rows = [row | {"text": f"{words.percent(row['share'])}, n {row['n']:,}"} for row in _values(cut)]
    axis = alt.Axis(format="%", tickCount=5)
    base = over(rows).encode(y=alt.Y("value:N", title=None, sort=None))
    all_of_them = over([{"whole": round(whole, 5)}]).mark_rule(color=MUTED, strokeDash=DASHED)
    layers = [
        all_of_them.encode(x=alt.X("whole:Q", scale=UNIT_SCALE, axis=axis, title=None)),
        base.mark_rule(color=ACCENT, strokeWidth=2).encode(x="low:Q", x2="high:Q"),
        points(base).encode(x="share:Q", tooltip=told("share", "low", "high", "n")),
        base.mark_text(align="left", color=MUTED).encode(x=alt.value(_SLICE_WIDTH + 14), text="text:N"),
    ]
    return alt.layer(*layers).properties(title=name, width=_SLICE_WIDTH, height=_STEP)


def _layers(rows: Sequence[Row], scale: alt.Scale, *, labels: bool = True) -> list[alt.Chart]:
    y = alt.Y(
        "label:N", sort=[row.label for row in rows], title=None, axis=alt.Axis(labelLimit=300) if labels else None
    )
    base = over(_values(rows)).encode(y=y)
    layers = [
        base.mark_rule(color=ACCENT, strokeWidth=2).encode(x=alt.X("low:Q", scale=scale, title=None), x2="high:Q"),
        points(base).encode(x=alt.X("value:Q", scale=scale), tooltip=told("label", "value", "low", "high", "n")),
    ]
    if any(row.other is not None for row in rows):
        layers.append(base.mark_point(color=MUTED, filled=False, size=70).encode(x="other:Q", tooltip=told("other")))
    if any(row.bar is not None for row in rows):
        layers.append(base.mark_tick(color=ALERT, thickness=2, size=15).encode(x="bar:Q", tooltip=told("bar")))
    return layers


def _figures(rows: Sequence[Row]) -> list[alt.Chart]:
    """The figures in words, in columns to the right."""
    values = [row | {"count": f"n {row['n']:,}"} for row in _values(rows)]
    base = over(values).mark_text(align="left", color=MUTED)
    y = alt.Y("label:N", sort=[row.label for row in rows], title=None)
    places = {"shown": _WIDTH + 14, "interval": _WIDTH + 86, "count": _WIDTH + 182}
    return [base.encode(y=y, x=alt.value(place), text=f"{field}:N") for field, place in places.items()]


def _scale(rows: Sequence[Row], *, logarithmic: bool = False) -> alt.Scale:
    if logarithmic:
        return alt.Scale(type="log", nice=False, padding=12)
    found = [value for row in rows for value in (row.value, row.low, row.high, row.other) if value is not None]
    return UNIT_SCALE if all(0 <= value <= 1 for value in found) else alt.Scale(zero=True, padding=6)


def _values(rows: Iterable[Row] | Iterable[Slice]) -> list[dict[str, Any]]:
    """Rows as plain values, with more digits than anybody sees: files stay small."""
    return [{k: round(v, 5) if isinstance(v, float) else v for k, v in asdict(row).items()} for row in rows]
