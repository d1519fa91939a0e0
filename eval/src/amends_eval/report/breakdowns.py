"""Sorts a suite's metrics: those of the whole, and those of its parts (a label, a group, a playbook)."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from amends_eval.suites.suite import Metric, SuiteResult


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The same measures over the same parts of one dataset: rows and columns of small forest plots."""

    dataset: str
    measures: tuple[str, ...]
    parts: tuple[str, ...]
    metrics: Mapping[tuple[str, str], Metric]
    """By part and measure."""


def headline(result: SuiteResult) -> list[Metric]:
    """The metrics of whole datasets: their names read `dataset.measure`."""
    return [metric for metric in result.metrics if "." not in metric.name.partition(".")[2]]


def breakdowns(result: SuiteResult) -> list[Breakdown]:
    """The other metrics; their names read `dataset.measure.part` or `dataset.part.measure`."""
    measures = {metric.name.partition(".")[2] for metric in headline(result)}
    cells: dict[str, dict[str, dict[str, Metric]]] = defaultdict(lambda: defaultdict(dict))
    for metric in result.metrics:
        dataset, _, rest = metric.name.partition(".")
        if "." in rest:
            part, measure = _part_and_measure(rest, measures)
            cells[dataset][measure][part] = metric
    return [breakdown for dataset, found in cells.items() for breakdown in _alike(dataset, found)]


def _part_and_measure(rest: str, measures: set[str]) -> tuple[str, str]:
    before, _, last = rest.rpartition(".")
    if last in measures:
        return before, last
    first, _, after = rest.partition(".")
    return after, first


def _alike(dataset: str, found: Mapping[str, Mapping[str, Metric]]) -> Iterator[Breakdown]:
    by_parts: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for measure, own in found.items():
        by_parts[tuple(own)].append(measure)
    for parts, measures in by_parts.items():
        yield Breakdown(dataset, tuple(measures), parts, _cells(found, measures, parts))


def _cells(
    found: Mapping[str, Mapping[str, Metric]], measures: Sequence[str], parts: Sequence[str]
) -> Mapping[tuple[str, str], Metric]:
    return {(part, measure): found[measure][part] for measure in measures for part in parts}
