"""How figures look at a terminal."""

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from amends_eval.bars import Bar, Light
from amends_eval.record import Record
from amends_eval.report import words
from amends_eval.report.breakdowns import headline
from amends_eval.suites.suite import Metric

_QUIET = "dim"
_COLOURS = {Light.AIM_MET: "bold green", Light.MET: "green", Light.MISSED: "bold red", Light.NOT_MEASURED: "yellow"}


def console() -> Console:
    """Where results are printed; what looks like markup in them stays as it is."""
    return Console(markup=False, emoji=False, highlight=False)


def plain_table(title: str, *columns: str) -> Table:
    """A table without lines."""
    table = Table(
        title=Text(title, style="bold") if title else None,
        title_justify="left",
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
        header_style=_QUIET,
    )
    for column in columns:
        # Names have no spaces to break at, and half a name is none.
        table.add_column(column, overflow="fold")
    return table


def summary(record: Record, other: Record | None, bars: Iterable[Bar]) -> Table:
    """The headline metrics and those with a bar, each with interval, n, bar and light."""
    beside = ["beside", "change"] if other else []
    table = plain_table(_title(record), "suite", "metric", "value", "95 %", *beside, "n", "bar", "")
    by_metric = {bar.metric: bar for bar in bars}
    for suite, metric in _shown(record, by_metric):
        bar = by_metric.get(f"{suite}:{metric.name}")
        second = _found(other, suite, metric.name)
        table.add_row(
            suite, metric.name, *_figures(metric, second if other else None, bool(other)), *_stand(metric, bar)
        )
    return table


def light(found: Light) -> Text:
    """The light as a word in its colour."""
    return Text(found, style=_COLOURS[found])


def _title(record: Record) -> str:
    target = record.header.target
    halves = ", ".join(sorted({dataset.half for dataset in record.header.datasets.values()}))
    return f"{target.model} {target.version} ({target.sha256[:12]}), {target.where}, {halves}"


def _shown(record: Record, bars: Iterable[str]) -> Iterator[tuple[str, Metric]]:
    barred = set(bars)
    for suite, result in record.suites.items():
        first = {metric.name for metric in headline(result)}
        for metric in result.metrics:
            if metric.name in first or f"{suite}:{metric.name}" in barred:
                yield suite, metric


def _found(record: Record | None, suite: str, name: str) -> Metric | None:
    result = record.suites.get(suite) if record else None
    return next((metric for metric in result.metrics if metric.name == name), None) if result else None


def _figures(metric: Metric, second: Metric | None, beside: bool) -> list[str]:
    unit = words.unit_of(metric.name)
    own = [words.number(metric.value, unit), words.interval(metric)]
    return [*own, words.number(second.value if second else None, unit), words.change(metric, second)] if beside else own


def _stand(metric: Metric, bar: Bar | None) -> list[str | Text]:
    if bar is None:
        return [str(metric.n), "", ""]
    sign = "≥" if bar.direction == "at_least" else "≤"
    return [str(metric.n), f"{sign} {words.bound(bar.bar, words.unit_of(metric.name))}", light(bar.judge(metric.value))]
