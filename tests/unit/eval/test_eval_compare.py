"""Two records against each other: metrics, items, baselines and the gate."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from amends_eval import baseline, record
from amends_eval.bars import Bar
from amends_eval.compare import Change, Trend, compare
from amends_eval.errors import RecordError
from amends_eval.gate import gate
from amends_eval.metrics import labels
from amends_eval.metrics.labels import Decisions
from amends_eval.record import Record
from amends_eval.suites.measures import from_sums
from amends_eval.suites.suite import Metric, Outcome
from eval_builders import SEED, outcome, outcomes, record_of, result, share_of, used

RIGHT, WRONG = [True] * 30, [False] * 30
BAR = Bar(metric="contrast:contrast.both_right", bar=0.5, aim=0.8, direction="at_least", source="a test")
LABELS = ["LISTEN", "THANK", "DEFEND"]


def of(oks: Sequence[bool], **changed: object) -> Record:
    return record_of(result(outcomes(oks)), **changed)


def only(a: Record, b: Record) -> Change:
    (change,) = compare(a, b).changes
    return change


def test_what_got_better_is_paired_and_told() -> None:
    change = only(of([*WRONG, *RIGHT]), of([*([True] * 15), *([False] * 15), *RIGHT]))
    assert (change.trend, change.paired) == (Trend.BETTER, True)
    assert change.difference.value == pytest.approx(0.25)
    assert change.difference.low is not None
    assert change.difference.low > 0


def test_what_got_worse_is_told() -> None:
    assert only(of([*WRONG, *RIGHT]), of([*WRONG, *([False] * 15), *([True] * 15)])).trend is Trend.WORSE


def test_where_fewer_are_better_a_fall_is_better() -> None:
    def record(oks: Sequence[bool]) -> Record:
        found = outcomes(oks)
        share = share_of("contrast.both_wrong", found)
        assert share.value is not None
        flipped = share.model_copy(update={"value": 1 - share.value, "higher_is_better": False})
        return record_of(result(found, flipped))

    change = only(record([*WRONG, *RIGHT]), record([*RIGHT, *RIGHT]))
    assert (change.trend, change.paired) == (Trend.BETTER, True)


def test_a_few_flips_both_ways_change_nothing() -> None:
    comparison = compare(of([*WRONG, *RIGHT]), of([True, True, *WRONG[2:], False, *RIGHT[1:]]))
    assert comparison.changes[0].trend is Trend.UNCHANGED
    assert (comparison.by_suite["contrast"].fixed, comparison.by_suite["contrast"].broken) == (2, 1)
    assert [(flip.after.id, flip.after.ok) for flip in comparison.flipped] == [
        ("contrast-0000", True),
        ("contrast-0001", True),
        ("contrast-0030", False),
    ]


def test_a_slice_is_paired_over_its_own_items() -> None:
    def record(oks: Sequence[bool]) -> Record:
        named = outcomes(oks)
        other = [outcome(True, f"x{index}", slices={"theme": "quotation"}) for index in range(40)]
        metrics = share_of("contrast.both_right.negation", named), share_of("contrast.both_right", [*named, *other])
        return record_of(result([*named, *other], *metrics))

    negation, whole = compare(record(RIGHT), record(WRONG)).changes
    assert (negation.difference.value, negation.difference.clusters, negation.paired) == (-1.0, 30, True)
    assert (whole.difference.clusters, whole.paired) == (70, True)


def of_labels(truth: np.ndarray, claimed: np.ndarray) -> Record:
    """A record as the suites of labels make it."""
    decisions = Decisions(truth=truth, claimed=claimed, known=np.ones_like(truth), names=LABELS)
    rows = range(len(truth))
    found = [
        outcome(
            bool((truth[i] == claimed[i]).all()),
            f"s{i}",
            expected=listed(truth[i]),
            found=listed(claimed[i]),
            cluster=f"c{i // 2}",
        )
        for i in rows
    ]
    clusters, counts = [each.cluster for each in found], decisions.counts()
    metrics = [
        from_sums("contrast.macro_f1", counts, clusters, labels.macro_f1, SEED),
        from_sums("contrast.precision", counts, clusters, labels.precision, SEED),
        from_sums("contrast.f1.DEFEND", counts[:, 2::3], clusters, labels.micro_f1, SEED),
    ]
    return record_of(result(found, *metrics))


def listed(row: np.ndarray) -> str:
    return ", ".join(name for name, so in zip(LABELS, row, strict=True) if so) or "none"


def test_f1_of_labels_is_paired_item_by_item() -> None:
    truth = np.random.default_rng(0).random((120, 3)) < 0.3
    worse = truth.copy()
    worse[:, 2] = False
    macro, precision, defend = compare(of_labels(truth, truth), of_labels(truth, worse)).changes
    assert [each.paired for each in (macro, precision, defend)] == [True] * 3
    assert [each.trend for each in (macro, precision, defend)] == [Trend.WORSE, Trend.UNCHANGED, Trend.WORSE]
    assert macro.difference.value == pytest.approx(-1 / 3)
    assert defend.difference.value == -1.0


def test_a_metric_that_does_not_follow_from_items_is_compared_by_its_interval() -> None:
    def record(value: float) -> Record:
        metric = Metric(name="contrast.brier", value=value, n=40, clusters=40, detectable=0.05, higher_is_better=False)
        return record_of(result(outcomes(RIGHT), metric))

    change = only(record(0.2), record(0.3))
    assert (change.paired, change.trend) == (False, Trend.WORSE)
    assert only(record(0.2), record(0.23)).trend is Trend.UNCHANGED


def test_many_tests_at_once_ask_for_more() -> None:
    def tested(extra: int) -> Trend:
        before, after = outcomes([*[False] * 6, *RIGHT]), outcomes([*[True] * 6, *RIGHT])
        more = [Metric(name=f"contrast.m{index}", value=0.5, n=9, detectable=0.1) for index in range(extra)]
        a, b = (record_of(result(found, share_of("contrast.both_right", found), *more)) for found in (before, after))
        return compare(a, b).changes[0].trend

    assert tested(0) is Trend.BETTER
    assert tested(20) is Trend.UNCHANGED


@pytest.mark.parametrize(
    ("suite", "name"),
    [("speed", "contrast.p50_ms"), ("ranked", "ranked.baseline.length.best"), ("invariance", "invariance.score_bias")],
)
def test_what_has_no_better_side_is_not_judged(suite: str, name: str) -> None:
    def record(value: float) -> Record:
        return record_of(result([], Metric(name=name, value=value, n=9, detectable=0.01), suite=suite))

    assert only(record(1.0), record(9.0)).trend is Trend.NOT_JUDGED


def test_records_of_other_data_are_refused() -> None:
    here = of(RIGHT)
    with pytest.raises(RecordError, match="on test, the other on dev"):
        compare(here, of(RIGHT, datasets={"contrast": used(half="dev")}))
    with pytest.raises(RecordError, match="different editions"):
        compare(here, of(RIGHT, datasets={"contrast": used(sha256="ee")}))
    with pytest.raises(RecordError, match="share no dataset"):
        compare(here, of(RIGHT, datasets={"gaming": used()}))
    with pytest.raises(RecordError, match="second record did not end"):
        compare(here, of(RIGHT, seconds=None))


def test_rows_in_one_record_only_are_told() -> None:
    comparison = compare(of([True] * 5), of([True] * 3))
    assert comparison.gone == {"contrast": ("contrast-0003", "contrast-0004")}
    assert compare(of([True] * 3), of([True] * 5)).new == {"contrast": ("contrast-0003", "contrast-0004")}


def test_a_part_that_comes_and_goes_with_what_is_claimed_is_not_gone() -> None:
    def record(*parts: str) -> Record:
        return record_of(result([outcome(True, "s1", part=part) for part in parts]))

    assert not compare(record("THANK", "LISTEN"), record("THANK")).gone


def test_a_model_no_worse_passes() -> None:
    verdict = gate(of([*RIGHT, *WRONG]), of([*RIGHT, *WRONG]), [BAR])
    assert (verdict.passed, verdict.reasons) == (True, ())


def test_a_model_better_everywhere_passes() -> None:
    assert gate(of([*RIGHT, *RIGHT]), of([*RIGHT, *WRONG]), [BAR]).passed


def test_a_bar_that_the_baseline_reached_must_be_reached() -> None:
    (reason,) = gate(of([False, *RIGHT[:29], *WRONG]), of([*RIGHT, *WRONG]), [BAR]).reasons
    assert reason == (
        "contrast:contrast.both_right: 0.4833 misses the bar of at least 0.5, which the baseline's 0.5 reached"
    )


def test_a_bar_that_nobody_reached_yet_stops_nobody() -> None:
    assert gate(of([True, *WRONG]), of([True, *WRONG]), [BAR]).passed


def test_a_significant_fall_fails_above_the_bar() -> None:
    (reason,) = gate(of([*RIGHT, *RIGHT, *([False] * 15)]), of([True] * 75), [BAR]).reasons
    assert reason.startswith("contrast:contrast.both_right: worse, from 1 to 0.8 (-0.2000, 95 % from ")
    assert reason.endswith("after correction)")
    assert "\n" not in reason


def test_a_metric_that_is_gone_fails() -> None:
    found = outcomes(RIGHT)
    two = record_of(result(found, share_of("contrast.both_right", found), share_of("contrast.other", found)))
    assert gate(of(RIGHT), two, []).reasons == ("contrast:contrast.other: gone, the baseline has it",)


def test_a_headline_that_cannot_be_computed_any_more_fails_and_a_detail_does_not() -> None:
    def record(name: str, value: float | None) -> Record:
        return record_of(result(outcomes(RIGHT), Metric(name=name, value=value, n=30)))

    assert not gate(record("contrast.kappa", None), record("contrast.kappa", 0.5), []).passed
    assert gate(record("contrast.precision.DEFEND", None), record("contrast.precision.DEFEND", 0.5), []).passed


def test_items_that_are_gone_fail_and_are_named() -> None:
    (reason,) = gate(of([True] * 3), of([True] * 8), []).reasons
    assert reason == (
        "contrast: 5 items are gone, the baseline has them: contrast-0003, contrast-0004, contrast-0005 and 2 more"
    )


def test_a_suite_that_is_gone_fails() -> None:
    both = record_of(result(outcomes(RIGHT)), result([], Metric(name="contrast.ece", value=0.1, n=30), suite="other"))
    assert gate(of(RIGHT), both, []).reasons == ("other:contrast.ece: gone, the baseline has it",)


@pytest.mark.parametrize(("candidate", "before", "who"), [(None, 1.0, "candidate"), (1.0, None, "baseline")])
def test_a_run_that_did_not_end_fails(candidate: float | None, before: float | None, who: str) -> None:
    verdict = gate(of(RIGHT, seconds=candidate), of(RIGHT, seconds=before), [BAR])
    assert verdict.reasons == (f"the {who}'s run did not end: go on with it by --resume",)


def of_all_kinds(oks: Sequence[bool]) -> Record:
    found = [each.model_copy(update={"confidence": 0.123456789}) for each in outcomes(oks)]
    metrics = share_of("contrast.both_right", found), share_of("contrast.both_right.negation", found)
    shown = result(found, *metrics).model_copy(update={"figures": {"curve": [1, 2, 3]}})
    return record_of(shown)


def test_a_baseline_reads_back_and_gates_as_the_record_does(tmp_path: Path) -> None:
    path = tmp_path / "new" / "baseline.jsonl"
    before, after = of_all_kinds([*RIGHT, *WRONG, True]), of_all_kinds([*WRONG, *WRONG, True])
    baseline.write(before, path)
    slim = record.read(path)
    assert gate(after, slim, [BAR]).reasons == gate(after, before, [BAR]).reasons
    assert gate(before, slim, [BAR]).passed
    assert [change.paired for change in compare(slim, after).changes] == [True, True]


def test_a_baseline_keeps_no_answers_no_figures_and_no_confidence(tmp_path: Path) -> None:
    path = tmp_path / "baseline.jsonl"
    baseline.write(of_all_kinds(RIGHT), path)
    slim = record.read(path)
    kept: list[Outcome] = [each for found in slim.suites.values() for each in found.outcomes]
    assert not slim.answers
    assert not slim.suites["contrast"].figures
    assert {each.confidence for each in kept} == {None}
    assert slim.suites["contrast"].metrics[0].value == 1.0


def test_a_run_that_did_not_end_becomes_no_baseline(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="did not end"):
        baseline.write(of(RIGHT, seconds=None), tmp_path / "baseline.jsonl")
    assert not (tmp_path / "baseline.jsonl").exists()
