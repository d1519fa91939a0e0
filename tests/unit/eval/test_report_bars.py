"""Bars: what is expected, and whether a figure reaches it."""

from pathlib import Path

import pytest
from amends_eval.bars import Bar, Light, load_bars
from amends_eval.errors import EvalError
from amends_eval.report.summary import counted, standings
from amends_eval.suites.catalogue import suites
from amends_eval.suites.suite import SuiteResult
from report_records import metric, record, record_of


def _bar(**changed: object) -> Bar:
    fields = {"metric": "labels:sentences.macro_f1", "bar": 0.8, "aim": 0.9, "direction": "at_least", "source": "us"}
    return Bar.model_validate({**fields, **changed})


@pytest.mark.parametrize(
    ("value", "light"),
    [
        (0.95, Light.AIM_MET),
        (0.9, Light.AIM_MET),
        (0.89, Light.MET),
        (0.8, Light.MET),
        (0.79, Light.MISSED),
        (None, Light.NOT_MEASURED),
        (float("nan"), Light.NOT_MEASURED),
    ],
)
def test_what_should_be_high_is_judged_by_what_it_reaches(value: float | None, light: Light) -> None:
    assert _bar().judge(value) is light


@pytest.mark.parametrize(("value", "light"), [(0.0, Light.AIM_MET), (0.03, Light.MET), (0.05, Light.MISSED)])
def test_what_should_be_low_is_judged_the_other_way_round(value: float, light: Light) -> None:
    assert _bar(bar=0.04, aim=0.01, direction="at_most").judge(value) is light


def test_aim_easier_than_its_bar_is_refused() -> None:
    with pytest.raises(ValueError, match="easier than the bar"):
        _bar(aim=0.7)


def test_shipped_bars_speak_of_suites_that_there_are() -> None:
    bars = load_bars()

    assert len(bars) >= 20
    assert {bar.suite for bar in bars} <= set(suites())


def _written(folder: Path, text: str) -> Path:
    path = folder / "bars.yaml"
    path.write_text(text)
    return path


ONE = "- {metric: 'a:b', bar: 0.5, aim: 0.6, direction: at_least, source: us}\n"


def test_bars_of_a_file_are_read_in_its_order(tmp_path: Path) -> None:
    found = load_bars(_written(tmp_path, ONE.replace("a:b", "z:z") + ONE))

    assert [(bar.suite, bar.name) for bar in found] == [("z", "z"), ("a", "b")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ONE + ONE, "a:b has two bars"),
        (ONE.replace("a:b", "ab"), "0.metric"),
        (ONE.replace("at_least", "up"), "0.direction"),
        (ONE.replace("0.6", "0.4"), "easier than the bar"),
        ("- [", "cannot read bars"),
        ("bars: none", "the file: "),
    ],
)
def test_wrong_file_is_refused_with_the_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(EvalError, match=message):
        load_bars(_written(tmp_path, text))


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvalError, match="cannot read bars"):
        load_bars(tmp_path / "none.yaml")


def test_metric_that_no_suite_measured_is_counted_as_not_measured() -> None:
    rows = standings(record(), bars=[_bar(), _bar(metric="labels:gone"), _bar(metric="gone:sentences.macro_f1")])

    assert counted(rows) == {Light.AIM_MET: 0, Light.MET: 1, Light.MISSED: 0, Light.NOT_MEASURED: 2}


@pytest.mark.parametrize(("value", "remark"), [(0.78, "within chance of the bar"), (0.6, ""), (0.99, "")])
def test_interval_that_reaches_across_the_bar_is_remarked(value: float, remark: str) -> None:
    found = SuiteResult(suite="labels", metrics=(metric("sentences.macro_f1", value),), outcomes=())

    assert standings(record_of(found), bars=[_bar()])[0].remark == remark


def test_gauge_stays_on_its_line() -> None:
    wide = SuiteResult(suite="labels", metrics=(metric("sentences.macro_f1", 0.99, reach=0.5),), outcomes=())

    gauge = standings(record_of(wide), bars=[_bar()])[0].gauge

    assert gauge is not None
    assert (gauge.value, gauge.low, gauge.high, gauge.bar, gauge.aim) == pytest.approx((99, 49, 100, 80, 90))
