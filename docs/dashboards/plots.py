"""Plots in the colours of Grafana's dark theme, by Vega."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import vl_convert

INK, MUTED, _GRID = "#ccccdc", "#9fa7b3", "#24282d"
COLOURS = (
    *("#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#705da0"),
    *("#37872d", "#fade2a", "#447ebc", "#c15c17", "#890f02", "#0a437c", "#6d1f62", "#584477"),
)
"""Grafana's classic palette, in its order."""
_FORMATS = {"percentunit": "~%", "bytes": ".3~s"}
_SUFFIXES = {"s": "s", "reqps": " req/s", "bytes": "B"}
_FULL = 40
"""Per cent of opacity from which an area is filled rather than hinted at."""
_LOOKS = {
    "background": None,
    "aria": False,
    "view": {"stroke": None},
    "legend": {"disable": True},
    "autosize": {"type": "fit", "contains": "padding"},
    "padding": 2,
    "axis": {
        "labelColor": MUTED,
        "labelFontSize": 10,
        "labelFont": "Helvetica, Arial, sans-serif",
        "gridColor": _GRID,
        "domain": False,
        "ticks": False,
    },
}
Points = Sequence[tuple[float, float]]
Span = tuple[float, float]
Cell = tuple[float, str, float]
"""Time, upper bound, and how much fell under it."""


def lines(series: Sequence[Points], defaults: Mapping[str, Any], span: Span, *, width: int, height: int) -> str:
    """Lines over seconds, after the field options of a panel: unit, bounds, filling, stacking."""
    rows = [{"n": n, "at": at, "value": value} for n, points in enumerate(series) for at, value in points]
    custom = defaults["custom"]
    stacked = custom.get("stacking", {}).get("mode") == "normal"
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=_seconds(span),
        y=alt.Y("value:Q", scale=_bounds(defaults, rows), axis=_axis(defaults["unit"]), stack=stacked),
        color=alt.Color("n:N", scale=alt.Scale(domain=list(range(len(series))), range=_colours(len(series)))),
    )
    chart = base.mark_line(strokeWidth=1.3)
    if custom["fillOpacity"] > _FULL:
        chart = base.mark_area(fillOpacity=custom["fillOpacity"] / 100, line={"strokeWidth": 1.3})
    return _svg(chart.properties(width=width, height=height))


def heat_map(cells: Sequence[Cell], bounds: Sequence[str], span: Span, *, width: int, height: int) -> str:
    """How much fell under each bound (rows, the lowest at the bottom) at each time (columns)."""
    times = sorted({at for at, _, _ in cells})
    step = times[1] - times[0] if len(times) > 1 else 1.0
    rows = [{"at": at, "to": min(at + step, span[1]), "le": le, "value": value} for at, le, value in cells if value > 0]
    base = alt.Chart(alt.InlineData(values=rows)).mark_rect()
    chart = base.encode(
        x=_seconds(span),
        x2="to",
        y=alt.Y("le:N", scale=alt.Scale(domain=bounds[::-1]), title=None, axis=alt.Axis(labelOverlap=True)),
        color=alt.Color("value:Q", scale=alt.Scale(range=["#1c2b45", "#c6dbef"])),
    )
    return _svg(chart.properties(width=width, height=height))


def _colours(count: int) -> list[str]:
    return [COLOURS[number % len(COLOURS)] for number in range(count)]


def _seconds(span: Span) -> alt.X:
    axis = alt.Axis(tickCount=5, labelExpr="datum.value + ' s'", grid=False)
    return alt.X("at:Q", title=None, scale=alt.Scale(domain=span, nice=False), axis=axis)


def _bounds(defaults: Mapping[str, Any], rows: Sequence[Mapping[str, float]]) -> Any:
    """From what the panel says; where that is only a least, up to a little above the highest value."""
    if "min" not in defaults:
        return alt.Undefined
    most = defaults.get("max") or 1.05 * max(row["value"] for row in rows) or 1.0
    return alt.Scale(domain=[defaults["min"], most], clamp=True)


def _axis(unit: str) -> alt.Axis:
    shown = "abs(datum.value) < 1000 ? format(datum.value, '~g') : format(datum.value, '.3~s')"
    if unit in _FORMATS:
        shown = f"format(datum.value, '{_FORMATS[unit]}')"
    elif unit == "s":
        shown = "datum.value == 0 || abs(datum.value) >= 1 ? format(datum.value, '~g') : format(datum.value, '~s')"
    return alt.Axis(tickCount=4, title=None, labelExpr=f"({shown}) + '{_SUFFIXES.get(unit, '')}'")


def _svg(chart: alt.Chart) -> str:
    """The elements of the SVG; its figures to a tenth of a pixel, since Vega writes fifteen digits."""
    drawn = str(vl_convert.vegalite_to_svg({**chart.to_dict(validate=False), "config": _LOOKS}))
    return re.sub(r'="[^"]*\d\.\d\d[^"]*"', lambda value: re.sub(r"\d+\.\d{2,}", _tenths, value[0]), drawn)


def _tenths(number: re.Match[str]) -> str:
    return f"{float(number[0]):.1f}".removesuffix(".0")
