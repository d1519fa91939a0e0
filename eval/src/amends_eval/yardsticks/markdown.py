"""The results as a table for documents and pull requests."""

from collections.abc import Iterator

from amends_eval.suites.suite import Metric
from amends_eval.yardsticks.measurement import Report, TaskResult, WayResult, YardstickResult
from amends_eval.yardsticks.yardstick import Published

_HEAD = "| task | way | accuracy | macro-F1 | AUC | n (clusters) |\n| --- | --- | --- | --- | --- | --- |"
_NAMES = ("accuracy", "macro_f1", "auc")


def table(report: Report) -> str:
    """Every yardstick as a Markdown table; figures with their 95 % intervals."""
    target = report.header.target
    sections = "\n\n".join("\n".join(_section(result)) for result in report.results)
    return f"{target.model} {target.version}, {target.where}, seed {report.header.seed}\n\n{sections}\n"


def _section(result: YardstickResult) -> Iterator[str]:
    yield f"**{result.yardstick}**: {result.items:,} of {result.of:,} items, {result.refused} refused"
    yield ""
    yield _HEAD
    for task in result.tasks:
        yield from _rows(task)


def _rows(task: TaskResult) -> Iterator[str]:
    counts = ", ".join(f"{name} {count}" for name, count in task.classes.items())
    for index, way in enumerate(task.ways):
        name = f"{task.task} ({counts})" if index == 0 else ""
        yield _row(name, way)
    for each in task.published:
        yield _published(each)


def _row(name: str, way: WayResult) -> str:
    metrics = {metric.name: metric for metric in way.metrics}
    figures = " | ".join(_figure(metrics.get(each)) for each in _NAMES)
    first = way.metrics[0]
    return f"| {name} | {way.way} | {figures} | {first.n:,} ({first.clusters:,}) |"


def _published(each: Published) -> str:
    figures = " | ".join(_plain(value) for value in (each.accuracy, each.macro_f1, None))
    return f"| | *published*: {each.model} ({each.source}) | {figures} | |"


def _figure(metric: Metric | None) -> str:
    if metric is None or metric.value is None:
        return ""
    if metric.low is None or metric.high is None:
        return _plain(metric.value)
    return f"{_plain(metric.value)} ({_plain(metric.low)}–{_plain(metric.high)})"


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}".removeprefix("0")
