"""How a panel is drawn. What the dashboards show is in `dashboards`."""

from dataclasses import dataclass
from typing import Any, Literal, cast

from grafana_foundation_sdk.builders import common, dashboard, heatmap, prometheus, stat, table, timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.common import (
    BigValueGraphMode,
    HeatmapCellLayout,
    LegendDisplayMode,
    LegendPlacement,
    StackingMode,
)
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

CHOSEN = 'namespace=~"$namespace", job=~"$job"'
"""Matchers of what the reader chose at the top of a dashboard."""
_SOURCE = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
_WIDTHS = {"stat": 6, "lines": 8, "signed": 8, "shares": 8, "heat": 8, "table": 24}
_HEIGHTS = {"stat": 4, "lines": 8, "signed": 8, "shares": 8, "heat": 8, "table": 5}

Kind = Literal["stat", "lines", "signed", "shares", "heat", "table"]


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel. `queries` maps the legend of each query to its expression."""

    title: str
    says: str
    """What to read from it: a line behind the panel's question mark, and in docs/dashboards."""
    queries: dict[str, str]
    unit: str = "short"
    """Grafana's name: `s`, `percentunit`, `reqps`, `bytes`, …"""
    kind: Kind = "lines"
    good: float | None = None
    """Value from which a stat is green; below it is red."""


def build(title: str, uid: str, rows: dict[str, list[Panel]]) -> models.Dashboard:
    """Gives a dashboard of these rows, with the choice of data source, namespace and job at its top."""
    board = (
        dashboard.Dashboard(title)
        .uid(uid)
        .tags(["amends"])
        .time("now-6h", "now")
        .refresh("30s")
        .timezone("browser")
        .readonly()
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .link(
            dashboard.DashboardLink("Amends").type(models.DashboardLinkType.DASHBOARDS).tags(["amends"]).keep_time(True)
        )
        .with_variable(dashboard.DatasourceVariable("datasource").type("prometheus").label("Prometheus"))
        .with_variable(_choice("namespace", "label_values(amends_model_info, namespace)"))
        .with_variable(_choice("job", 'label_values(amends_model_info{namespace=~"$namespace"}, job)'))
    )
    for name, panels in rows.items():
        board = board.with_row(dashboard.Row(name))
        for panel in panels:
            board = board.with_panel(_drawn(panel))
    return board.build()


def _choice(name: str, query: str) -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable(name)
        .query(query)
        .datasource(_SOURCE)
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .multi(True)
        .include_all(True)
        .all_value(".*")  # an installation without the label, too
    )


def _drawn(panel: Panel) -> Builder[models.Panel]:
    kinds = {"stat": _stat, "lines": _lines, "signed": _signed, "shares": _shares, "heat": _heat, "table": _table}
    # The kinds of panel share these methods, but no type that has them.
    drawn: Any = kinds[panel.kind](panel)
    drawn = drawn.title(panel.title).description(panel.says).datasource(_SOURCE).unit(panel.unit)
    drawn = drawn.span(_WIDTHS[panel.kind]).height(_HEIGHTS[panel.kind])
    for number, (legend, expression) in enumerate(panel.queries.items()):
        drawn = drawn.with_target(_query(panel, chr(ord("A") + number), legend, expression))
    return cast("Builder[models.Panel]", drawn)


def _query(panel: Panel, ref: str, legend: str, expression: str) -> prometheus.Dataquery:
    query = prometheus.Dataquery().ref_id(ref).expr(expression).legend_format(legend)
    if panel.kind == "heat":
        return query.format(PromQueryFormat.HEATMAP)
    if panel.kind == "table":
        return query.instant().format(PromQueryFormat.TABLE)
    return query.instant() if panel.kind == "stat" else query


def _stat(panel: Panel) -> stat.Panel:
    drawn = stat.Panel().graph_mode(BigValueGraphMode.NONE).decimals(3 if panel.unit == "percentunit" else 1)
    if panel.good is None:
        return drawn
    steps = [models.Threshold(color="red", value=None), models.Threshold(color="green", value=panel.good)]
    return drawn.thresholds(dashboard.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(steps))


def _lines(panel: Panel) -> timeseries.Panel:
    return _signed(panel).min(0)


def _signed(_: Panel) -> timeseries.Panel:
    """Lines that may go below 0."""
    legend = common.VizLegendOptions().display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM)
    return timeseries.Panel().line_width(1).fill_opacity(5).legend(legend.show_legend(True))


def _shares(panel: Panel) -> timeseries.Panel:
    return _lines(panel).fill_opacity(60).stacking(common.StackingConfig().mode(StackingMode.NORMAL)).max(1)


def _heat(_: Panel) -> heatmap.Panel:
    colours = heatmap.HeatmapColorOptions().mode(HeatmapColorMode.SCHEME).scheme("Blues").steps(32)
    rows = heatmap.RowsHeatmapOptions().layout(HeatmapCellLayout.LE)
    return heatmap.Panel().calculate(False).color(colours).rows_frame(rows)


def _table(_: Panel) -> table.Panel:
    return table.Panel()
