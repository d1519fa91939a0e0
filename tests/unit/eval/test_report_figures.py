"""Figures of a report: slices, breakdowns, charts with their tables, and how figures are written."""

import math
from typing import Any

import pytest
from amends_eval.bars import load_bars
from amends_eval.report import words
from amends_eval.report.breakdowns import breakdowns, headline
from amends_eval.report.figures import Figure, figures_of
from amends_eval.report.pareto import pareto_figure
from amends_eval.report.slices import slices_of, wilson
from amends_eval.suites.suite import SuiteResult
from hypothesis import given
from hypothesis import strategies as st
from report_records import labels_suite, metric, outcome, record, record_of


def _suite(*names: str, **changed: Any) -> SuiteResult:
    return SuiteResult(suite="s", metrics=tuple(metric(name, 0.5) for name in names), outcomes=(), **changed)


@given(st.integers(1, 400), st.data())
def test_wilson_interval_is_that_of_the_formula(n: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, n))
    z, p = 1.959963984540054, right / n
    centre, reach = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    whole = 1 + z * z / n

    assert wilson(right, n) == pytest.approx(((centre - reach) / whole, (centre + reach) / whole), abs=1e-9)


def test_slices_count_what_came_out_right_by_value() -> None:
    outcomes = [
        outcome("d", "1", ok=True, slices={"channel": "chat", "kind": "a"}),
        outcome("d", "2", ok=False, slices={"channel": "chat", "kind": "a"}),
        outcome("d", "3", ok=True, slices={"channel": "email", "kind": "a"}),
        outcome("d", "4", ok=None, slices={"channel": "email", "kind": "a"}),
        outcome("d", "5", ok=False, slices={"channel": "", "kind": "a"}),
    ]

    found = [(s.name, s.value, s.share, s.n) for s in slices_of(outcomes)]

    assert found == [("channel", "chat", 0.5, 2), ("channel", "email", 1.0, 1)]


def test_metrics_are_sorted_into_wholes_and_parts() -> None:
    result = _suite("d.rate", "d.f1.A", "d.f1.B", "d.recall.A", "d.recall.B", "d.group 1.rate", "d.f1.x.y")

    (by_label, by_group, odd) = sorted(breakdowns(result), key=lambda each: each.measures != ("recall",))

    assert [each.name for each in headline(result)] == ["d.rate"]
    assert (by_label.measures, by_label.parts) == (("recall",), ("A", "B"))
    assert (by_group.measures, by_group.parts) == (("f1",), ("A", "B", "x.y"))
    assert (odd.measures, odd.parts) == (("rate",), ("group 1",))


def test_measures_over_the_same_parts_stand_side_by_side() -> None:
    (found,) = breakdowns(labels_suite())

    assert (found.dataset, found.measures, found.parts) == ("sentences", ("f1", "recall"), ("APOLOGIZE", "THANK"))


def _figure(figures: list[Figure], title: str) -> Figure:
    return next(figure for figure in figures if figure.title == title)


def test_each_figure_says_in_a_table_what_it_draws() -> None:
    figures = figures_of(labels_suite(), None, load_bars())

    assert all(len(row) == len(figure.columns) for figure in figures for row in figure.rows)
    metrics = _figure(figures, "Metrics")
    assert metrics.rows[0] == ("sentences.macro_f1", "0.800", "0.75 to 0.85", "40", "20", "0.100")
    assert "The mark is the bar" in metrics.note


def test_other_run_stands_beside() -> None:
    metrics = _figure(figures_of(labels_suite(), labels_suite(shift=-0.1), load_bars()), "Metrics")

    assert metrics.rows[0][-3:] == ("0.700", "+0.100", "better")
    assert "Hollow" in metrics.note


def test_heat_map_lists_its_worst_cells_first() -> None:
    figure = _figure(figures_of(labels_suite(), None, ()), "sentences: what is so and what was found")

    assert figure.rows == [("APOLOGIZE", "THANK", "12", "24 %"), ("THANK", "APOLOGIZE", "3", "30 %")]


def test_slices_that_the_suite_tells_by_part_are_not_told_twice() -> None:
    outcomes = tuple(
        outcome("d", str(i), ok=True, slices={"theme": "AB"[i % 2], "length": "SL"[i % 2]}) for i in range(4)
    )
    result = SuiteResult(suite="s", metrics=(metric("d.f1.A", 1.0), metric("d.f1.B", 1.0)), outcomes=outcomes)

    sliced = _figure(figures_of(result, None, ()), "d: share right by slice")

    assert {row[0] for row in sliced.rows} == {"length"}


def test_metric_without_value_is_said_to_be_absent() -> None:
    result = SuiteResult(suite="s", metrics=(metric("d.rate", None, n=0),), outcomes=())

    assert _figure(figures_of(result, None, ()), "Metrics").rows[0][:3] == ("d.rate", "–", "–")


def test_pareto_joins_those_that_none_beats() -> None:
    told = [
        {"name": "slow, good", "milliseconds": 9.0, "quality": 0.9},
        {"name": "slow, bad", "milliseconds": 9.5, "quality": 0.7},
    ]
    speed = SuiteResult(
        suite="speed", metrics=(metric("sentences.p50_ms", 2.0),), outcomes=(), figures={"pareto": told}
    )

    figure = pareto_figure([record_of(labels_suite(), speed)])

    assert figure is not None
    assert [(row[0], row[-1]) for row in figure.rows] == [
        ("slow, good", "yes"),
        ("slow, bad", "no"),
        ("kettle 1.2.3", "yes"),
    ]


def test_pareto_wants_two_models() -> None:
    assert pareto_figure([record()]) is None
    assert pareto_figure([record(), record(milliseconds=3.0)]) is not None


@pytest.mark.parametrize(
    ("value", "name", "written"),
    [
        (0.8534, "d.f1", "0.853"),
        (-0.0001, "d.f1", "0.000"),
        (12.345, "d.p50_ms", "12.3 ms"),
        (2.25, "d.score_bias", "2.25 points"),
        (None, "d.f1", "–"),
    ],
)
def test_figures_are_written_with_their_unit(value: float | None, name: str, written: str) -> None:
    assert words.number(value, words.unit_of(name)) == written


@pytest.mark.parametrize(
    ("now", "then", "higher", "word"),
    [(0.5, 0.4, True, "better"), (0.5, 0.4, False, "worse"), (0.4, 0.4, True, "same"), (None, 0.4, True, "")],
)
def test_change_is_called_by_what_it_means(now: float | None, then: float, higher: bool, word: str) -> None:
    found = metric("d.x", now, higher_is_better=higher)

    assert words.better(found, metric("d.x", then, higher_is_better=higher)) == word
