"""The figures of one suite: each a chart, with the same in a table for who cannot or would not look."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from amends_eval.bars import Bar
from amends_eval.report import charts, words
from amends_eval.report.breakdowns import Breakdown, breakdowns, headline
from amends_eval.report.forest import Row, forest, forests, row_of, slices
from amends_eval.report.looks import Spec
from amends_eval.report.slices import Slice, slices_of, wilson
from amends_eval.suites.suite import Metric, Outcome, SuiteResult

_TITLES: Mapping[words.Unit, str] = {
    "": "Metrics",
    "ms": "Milliseconds",
    "MB": "Megabytes",
    "points": "Points of the score",
}
_WORST_CELLS = 20
"""Pairs of labels that the table of a heat map lists."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart and its table."""

    title: str
    note: str
    spec: Spec
    columns: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    wide: bool = True
    """Whether it wants a line of the page for itself."""


def figures_of(result: SuiteResult, other: SuiteResult | None, bars: Sequence[Bar]) -> list[Figure]:
    """Every figure of a suite, in the order in which a reader wants them."""
    beside = {metric.name: metric for metric in other.metrics} if other else {}
    goals = {bar.name: bar.bar for bar in bars if bar.suite == result.suite}
    return [
        *_headline(result, beside, goals),
        *_curve_figures(result, other),
        *(_breakdown(each, beside) for each in breakdowns(result)),
        *_heat_maps(result),
        *_slices(result),
    ]


def metric_rows(metrics: Iterable[Metric], beside: Mapping[str, Metric]) -> Iterator[tuple[str, ...]]:
    """Metrics as rows of a table; see `metric_columns`."""
    for metric in metrics:
        unit, other = words.unit_of(metric.name), beside.get(metric.name)
        row = (
            metric.name,
            words.number(metric.value, unit),
            words.interval(metric),
            f"{metric.n:,}",
            f"{metric.clusters:,}" if metric.clusters else words.ABSENT,
            words.number(metric.detectable, unit),
        )
        was = words.number(other.value if other else None, unit)
        yield (*row, was, words.change(metric, other), words.better(metric, other)) if beside else row


def metric_columns(beside: Mapping[str, Metric]) -> tuple[str, ...]:
    """The columns of `metric_rows`."""
    own = ("metric", "value", "95 % interval", "n", "conversations", "detectable difference")
    return (*own, "other run", "change", "") if beside else own


def _headline(result: SuiteResult, beside: Mapping[str, Metric], goals: Mapping[str, float]) -> Iterator[Figure]:
    for unit in dict.fromkeys(words.unit_of(metric.name) for metric in headline(result)):
        own = [metric for metric in headline(result) if words.unit_of(metric.name) == unit]
        rows = [row_of(metric.name, metric, beside.get(metric.name), goals.get(metric.name)) for metric in own]
        yield Figure(
            title=_TITLES[unit],
            note=_note(rows),
            spec=forest(rows, f"{result.suite}: {_TITLES[unit]}", logarithmic=unit == "ms"),
            columns=metric_columns(beside),
            rows=list(metric_rows(own, beside)),
        )


def _note(rows: Sequence[Row]) -> str:
    bars = " The mark is the bar." if any(row.bar is not None for row in rows) else ""
    hollow = " Hollow: the other run." if any(row.other is not None for row in rows) else ""
    return f"With 95 % intervals.{bars}{hollow}"


def _breakdown(each: Breakdown, beside: Mapping[str, Metric]) -> Figure:
    columns = {measure: [_cell(each, part, measure, beside) for part in each.parts] for measure in each.measures}
    title = f"{each.dataset}: {', '.join(each.measures)} by part"
    return Figure(
        title=title,
        note=_note([row for rows in columns.values() for row in rows]),
        spec=forests(columns, title) if len(columns) > 1 else forest(columns[each.measures[0]], title),
        columns=metric_columns(beside),
        rows=list(metric_rows([each.metrics[p, m] for m in each.measures for p in each.parts], beside)),
    )


def _cell(each: Breakdown, part: str, measure: str, beside: Mapping[str, Metric]) -> Row:
    metric = each.metrics[part, measure]
    return row_of(part, metric, beside.get(metric.name))


def _curve_figures(result: SuiteResult, other: SuiteResult | None) -> Iterator[Figure]:
    for name, figure in result.figures.items():
        dataset, _, kind = name.rpartition(".")
        if kind == "reliability" and figure["bins"]:
            yield _reliability(dataset, figure["bins"])
        if kind == "risk_coverage" and figure["coverage"]:
            yield _risk_coverage(dataset, figure, other.figures.get(name) if other else None)


def _reliability(dataset: str, bins: Sequence[Mapping[str, float]]) -> Figure:
    known = [_with_interval(each) for each in bins]
    title = f"{dataset}: reliability"
    return Figure(
        title=title,
        note="A point on the dashed line means what it says; its line is a 95 % Wilson interval.",
        spec=charts.reliability(known, title),
        columns=("bin", "probability said", "share that is so", "n"),
        rows=[
            (
                f"{each['low']:.2f} to {each['high']:.2f}",
                f"{each['mean_probability']:.3f}",
                f"{each['share_true']:.3f}",
                f"{each['n']:,}",
            )
            for each in bins
        ],
        wide=False,
    )


def _with_interval(each: Mapping[str, float]) -> Mapping[str, float]:
    n = int(each["n"])
    low, high = wilson(round(each["share_true"] * n), n)
    return {name: round(value, 4) for name, value in {**each, "low_true": low, "high_true": high}.items()}


def _risk_coverage(dataset: str, curve: Mapping[str, Any], other: Mapping[str, Any] | None) -> Figure:
    curves = {"this run": curve} | ({"other run": other} if other else {})
    points = list(zip(curve["coverage"], curve["risk"], strict=True))
    title = f"{dataset}: risk and coverage"
    return Figure(
        title=title,
        note="What is still wrong when only the surest are answered and the rest is left to people.",
        spec=charts.risk_coverage(curves, title),
        columns=("share answered", "share wrong among them"),
        rows=[(words.percent(coverage), f"{risk:.3f}") for coverage, risk in points[:: max(1, len(points) // 10)]],
        wide=False,
    )


def _heat_maps(result: SuiteResult) -> Iterator[Figure]:
    for name, figure in result.figures.items():
        dataset, _, kind = name.rpartition(".")
        if kind == "confusion":
            labels, counts = figure["labels"], figure["counts"]
            title = f"{dataset}: what is so and what was found"
            yield Figure(
                title=title,
                note="Rows: what is so. Columns: what was found. The shade is the share of the row.",
                spec=charts.heat_map(labels, counts, title),
                columns=("is so", "found instead or beside it", "count", "share of row"),
                rows=_worst_cells(labels, counts),
                wide=len(labels) > 10,
            )


def _worst_cells(labels: Sequence[str], counts: Sequence[Sequence[int]]) -> list[tuple[str, ...]]:
    off = [
        (count, so, found, words.percent(count / sum(row)))
        for so, row in zip(labels, counts, strict=True)
        for found, count in zip(labels, row, strict=True)
        if count and so != found
    ]
    return [
        (so, found, f"{count:,}", share) for count, so, found, share in sorted(off, key=lambda c: -c[0])[:_WORST_CELLS]
    ]


def _slices(result: SuiteResult) -> Iterator[Figure]:
    for dataset in dict.fromkeys(outcome.dataset for outcome in result.outcomes):
        own = [outcome for outcome in result.outcomes if outcome.dataset == dataset]
        # What the suite itself tells by part needs no second telling.
        told = {part for each in breakdowns(result) if each.dataset == dataset for part in each.parts}
        if cut := [each for each in slices_of(own) if each.value not in told]:
            yield _sliced(f"{dataset}: share right by slice", own, cut)


def _sliced(title: str, own: Sequence[Outcome], cut: Sequence[Slice]) -> Figure:
    known = [outcome.ok for outcome in own if outcome.ok is not None]
    return Figure(
        title=title,
        note="With 95 % Wilson intervals, which take outcomes as independent. Dashed: all of them.",
        spec=slices(cut, sum(known) / len(known), title),
        columns=("slice", "value", "share right", "95 % interval", "n"),
        rows=[(s.name, s.value, f"{s.share:.3f}", f"{s.low:.2f} to {s.high:.2f}", f"{s.n:,}") for s in cut],
        wide=False,
    )
