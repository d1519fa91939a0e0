"""Draws a dashboard of Grafana as one SVG: panels at their places, each after its kind, as Grafana draws them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from typing import Any
from xml.sax.saxutils import escape

from plots import COLOURS, INK, MUTED, heat_map, lines

Answers = Mapping[str, Sequence[Mapping[str, Any]]]
"""What Prometheus gave for each expression: `metric`, and `values` as pairs of a time and a text."""
_COLUMN, _ROW, _GAP = 50, 30, 8
"""Pixels of Grafana's grid, of 24 columns."""
_PAPER, _PANEL, _EDGE, _GOOD, _BAD = "#111217", "#181b1f", "#2c3235", "#73bf69", "#f2495c"
_SMALL, _CAPITAL = 5.8, 7.4
"""Pixels of a letter of the legend, as far as one can say without the font."""
_LEGEND_LINES, _LEGEND_LINE, _TITLE = 3, 15, 26


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a panel."""

    name: str
    labels: Mapping[str, str]
    points: Sequence[tuple[float, float]]
    """Seconds since the start, and finite values."""


@dataclass(frozen=True, slots=True)
class _Box:
    """Where a panel lies, in pixels."""

    width: int
    height: int
    span: tuple[float, float]
    """Seconds from which and to which it shows."""


def draw(board: Mapping[str, Any], answers: Answers) -> str:
    """The SVG of a dashboard."""
    panels = board["panels"]
    bottom = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels)
    width, height = 24 * _COLUMN + _GAP, bottom * _ROW + _GAP
    times = [at for found in answers.values() for each in found for at, _ in each["values"]]
    span = (min(times), max(times))
    drawn = "\n".join(_placed(panel, number, answers, span) for number, panel in enumerate(panels))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="Inter, Helvetica, Arial, sans-serif" font-size="11" fill="{INK}">\n'
        f'<rect width="100%" height="100%" fill="{_PAPER}"/>\n{drawn}\n</svg>\n'
    )


def _placed(panel: Mapping[str, Any], number: int, answers: Answers, span: tuple[float, float]) -> str:
    at = panel["gridPos"]
    box = _Box(at["w"] * _COLUMN - _GAP, at["h"] * _ROW - _GAP, span)
    place = f'<g transform="translate({at["x"] * _COLUMN + _GAP} {at["y"] * _ROW + _GAP})">'
    title = escape(panel["title"])
    if panel["type"] == "row":
        return f'{place}<text x="2" y="16" font-size="14" font-weight="500">{title}</text></g>'
    kinds = {"stat": _stat, "table": _table, "heatmap": _heat_map, "timeseries": _lines}
    series = list(_series(panel, answers))
    body = kinds[panel["type"]](panel, series, box) if series else _nothing(box)
    # Two plots of one file must not share the ids that Vega gives.
    body = re.sub(r'(id="|url\(#)([a-z]+\d+)', rf"\1p{number}\2", body)
    frame = f'<rect width="{box.width}" height="{box.height}" rx="2" fill="{_PANEL}" stroke="{_EDGE}"/>'
    return f'{place}{frame}<text x="8" y="17" font-size="12" font-weight="500">{title}</text>{body}</g>'


def _series(panel: Mapping[str, Any], answers: Answers) -> Iterator[Series]:
    for target in panel["targets"]:
        for found in answers[target["expr"]]:
            points = [(at, float(value)) for at, value in found["values"] if isfinite(float(value))]
            if points:
                labels = found["metric"]
                yield Series(_name(target["legendFormat"], labels), labels, points)


def _name(legend: str, labels: Mapping[str, str]) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda found: labels.get(found[1], ""), legend).strip()


def _nothing(box: _Box) -> str:
    return f'<text x="{box.width / 2}" y="{box.height / 2 + 4}" text-anchor="middle" fill="{MUTED}">No data</text>'


def _lines(panel: Mapping[str, Any], series: Sequence[Series], box: _Box) -> str:
    legend, taken = _legend(series, box)
    plot = lines(
        [each.points for each in series],
        panel["fieldConfig"]["defaults"],
        box.span,
        width=box.width - 14,
        height=box.height - _TITLE - taken - 6,
    )
    return f'<g transform="translate(6 {_TITLE})">{plot}</g>{legend}'


def _legend(series: Sequence[Series], box: _Box) -> tuple[str, int]:
    """The names under a plot, and the height that they take; those that find no room are only counted."""
    rows: list[list[str]] = [[]]
    x = 8.0
    for number, each in enumerate(series):
        needs = 26 + sum(_CAPITAL if letter.isupper() else _SMALL for letter in each.name)
        if rows[-1] and x + needs > box.width:
            if len(rows) == _LEGEND_LINES:
                rows[-1].append(f'<text x="{box.width - 8}" y="11" text-anchor="end">+{len(series) - number}</text>')
                break
            rows.append([])
            x = 8.0
        colour = COLOURS[number % len(COLOURS)]
        bar = f'<rect x="{x:.0f}" y="5" width="12" height="3" fill="{colour}"/>'
        rows[-1].append(f'{bar}<text x="{x + 16:.0f}" y="11">{escape(each.name)}</text>')
        x += needs
    top = box.height - _LEGEND_LINE * len(rows) - 4
    drawn = (f'<g transform="translate(0 {top + _LEGEND_LINE * at})">{"".join(row)}</g>' for at, row in enumerate(rows))
    return f'<g font-size="10.5" fill="{MUTED}">{"".join(drawn)}</g>', _LEGEND_LINE * len(rows)


def _heat_map(_: Mapping[str, Any], series: Sequence[Series], box: _Box) -> str:
    """Prometheus counts up to each bound; a cell is what lies between two."""
    bounds = sorted(series, key=lambda each: float(each.labels["le"]))
    cells: list[tuple[float, str, float]] = []
    for below, each in pairwise([None, *bounds]):
        less = dict(below.points) if below else {}
        assert each is not None
        cells += [(at, each.labels["le"], max(0.0, value - less.get(at, 0.0))) for at, value in each.points]
    used = {le for _, le, value in cells if value > 0}
    order = [each.labels["le"] for each in bounds]
    places = [at for at, le in enumerate(order) if le in used]
    if not places:
        return _nothing(box)
    shown = order[places[0] : places[-1] + 1]
    cells = [cell for cell in cells if cell[1] in used]
    plot = heat_map(cells, shown, box.span, width=box.width - 14, height=box.height - _TITLE - 8)
    return f'<g transform="translate(6 {_TITLE})">{plot}</g>'


def _stat(panel: Mapping[str, Any], series: Sequence[Series], box: _Box) -> str:
    defaults = panel["fieldConfig"]["defaults"]
    share = defaults["unit"] == "percentunit"
    good = defaults["thresholds"]["steps"][-1]["value"]
    drawn = []
    for number, each in enumerate(series):
        value = each.points[-1][1]
        shown = f"{100 * value:.3f} %" if share else f"{value:g}"
        x = box.width * (2 * number + 1) / (2 * len(series))
        name = f'<text x="{x}" y="{box.height - 14}" text-anchor="middle" fill="{MUTED}">{escape(each.name)}</text>'
        colour, size = (_GOOD if value >= good else _BAD), 30 if len(series) == 1 else 22
        drawn.append(
            f'<text x="{x}" y="{box.height / 2 + 14}" text-anchor="middle" font-size="{size}" font-weight="500" '
            f'fill="{colour}">{shown}</text>{name if len(series) > 1 else ""}'
        )
    return "".join(drawn)


def _table(_: Mapping[str, Any], series: Sequence[Series], box: _Box) -> str:
    names = sorted({name for each in series for name in each.labels})
    rows = [[*names, "Value"]]
    rows += [[*(each.labels.get(name, "") for name in names), f"{each.points[-1][1]:g}"] for each in series]
    cells = []
    for line, row in enumerate(rows):
        for column, text in enumerate(row):
            x, y = 10 + column * (box.width - 20) / len(row), _TITLE + 18 + 20 * line
            shown = text if len(text) < 34 else f"{text[:30]}…"
            cells.append(f'<text x="{x:.0f}" y="{y}" fill="{MUTED if line == 0 else INK}">{escape(shown)}</text>')
    return "".join(cells)
