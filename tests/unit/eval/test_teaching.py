"""Own exemplars and own steps, tried and fitted over the embedded model."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from amends_core.errors import TeachingError
from amends_core.teaching import CustomStep, StepReader, parse_examples, parse_exemplars
from amends_core.teaching.custom_step import parse_step
from amends_eval.cli import app as commands
from amends_eval.datasets.rows import SentenceRow
from amends_eval.errors import DatasetError
from amends_eval.statistics.bootstrap import Interval
from amends_eval.teaching.fit_report import FitReport, Verdict, advice_for, report_of, verdict_of
from amends_eval.teaching.fitting import Fitted, Material, calibrated, fit, material_of
from amends_eval.teaching.reader import Reader, development_rows, own_rows
from amends_eval.teaching.trial import State, Trial, try_exemplars
from sklearn.metrics import f1_score, precision_recall_curve
from typer.testing import CliRunner, Result

EXAMPLES = Path(__file__).parents[3] / "docs/examples"
SUMMARY = EXAMPLES / "written_summary.yaml"
HALDEN = EXAMPLES / "halden.yaml"
SEED = 7
LABELS = "schema: 1\nname: x\nversion: 1.0.0\nlabels:\n"

Fit = tuple[Material, Fitted, FitReport, CustomStep]


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(None)


def fit_of(name: str, reader: Reader) -> Fit:
    path = EXAMPLES / f"{name}.yaml"
    examples = parse_examples(path.name, path.read_text(encoding="utf-8"))
    material = material_of(examples, development_rows(), reader.encode)
    made = fit(material, SEED)
    report = report_of(material, made, reader.detector(), SEED)
    return material, made, report, made.step(examples, reader.bundle.sha256, report.summary())


@pytest.fixture(scope="module")
def fitted(reader: Reader) -> Fit:
    return fit_of("written_summary", reader)


@pytest.fixture(scope="module")
def trial(reader: Reader) -> Trial:
    exemplars = parse_exemplars(HALDEN.name, HALDEN.read_text(encoding="utf-8"))
    rows = [*development_rows(), *own_rows(EXAMPLES / "halden.jsonl")]
    return try_exemplars(exemplars, reader, rows, SEED)


LEAST = {"written_summary": 0.75, "know_your_rights": 0.55, "safety_check": 0.6}
"""F1 of each example step on sentences that nobody fitted."""


@pytest.fixture(scope="module")
def claimed(reader: Reader) -> dict[str, list[tuple[bool, bool, bool]]]:
    """Of every sentence that nobody fitted, by step: truth, what the fitted step claims, what likeness would."""
    return {name: _claims(name, reader) for name in LEAST}


def _claims(name: str, reader: Reader) -> list[tuple[bool, bool, bool]]:
    material, _, _, step = fit_of(name, reader)
    step = parse_step("step.json", step.to_json(), reader.bundle.sha256, reader.bundle.manifest.dimension)
    read = StepReader(step, {text: reader.encode(text).embedding for text in step.exemplars}).read
    least_like = _likeness_threshold(material)
    rows = [json.loads(line) for line in (EXAMPLES / f"{name}.new.jsonl").read_text(encoding="utf-8").splitlines()]
    found = [read(reader.encode(row["text"])) for row in rows]
    return [
        (row["step"], each.claimed, each.nearest.similarity >= least_like)
        for row, each in zip(rows, found, strict=True)
    ]


def _f1(claimed: list[tuple[bool, bool, bool]]) -> tuple[float, float]:
    """Of the fitted step, and of likeness."""
    truth, by_step, by_likeness = zip(*claimed, strict=True)
    return f1_score(truth, by_step), f1_score(truth, by_likeness)


@pytest.mark.parametrize("name", LEAST)
def test_a_fitted_step_is_found_in_sentences_nobody_fitted(
    claimed: dict[str, list[tuple[bool, bool, bool]]], name: str
) -> None:
    by_step, by_likeness = _f1(claimed[name])
    assert by_step >= LEAST[name]
    assert by_step > by_likeness


def test_fitted_steps_beat_likeness_by_far(claimed: dict[str, list[tuple[bool, bool, bool]]]) -> None:
    """All together: on thirty sentences the threshold of likeness is a matter of luck."""
    by_step, by_likeness = _f1([each for name in claimed for each in claimed[name]])
    assert by_step >= by_likeness + 0.1


def _likeness_threshold(material: Material) -> float:
    """The best one on the examples and the background, each text left out of what it is compared with."""
    vectors = np.array([encoding.embedding for encoding in material.encodings])
    like = vectors @ vectors[material.truth].T
    np.fill_diagonal(like[: like.shape[1]], -1.0)
    best = like.max(axis=1)
    right, found, thresholds = precision_recall_curve(material.truth, best)
    return float(thresholds[np.argmax((2 * right * found / np.maximum(right + found, 1e-9))[:-1])])


def test_the_report_of_a_fit_says_how_sure_it_is(fitted: Fit) -> None:
    material, made, report, step = fitted
    f1 = report.figures["f1"]
    assert f1.value is not None
    assert f1.low is not None
    assert f1.low < f1.value
    assert f1.value > report.nearest_f1 + 0.1
    assert report.verdict in {Verdict.SURE, Verdict.USABLE}
    assert report.calibration_error < 0.05
    assert [count for count, _ in report.curve] == [8, 15, 30]
    assert report.curve[0][1] < f1.value
    assert {choice.features.value for choice in made.choices} == {"embedding", "logits", "embedding+logits"}
    assert {"TAKE_ACTION"} <= {label for label, _ in report.confused_with}
    positives = {text for text, so in zip(material.texts, material.truth, strict=True) if so}
    assert {each.text for each in report.missed} <= positives
    assert not {each.text for each in report.intruders} & positives
    assert step.report["verdict"] == report.verdict.value


def test_folds_keep_paraphrases_together(reader: Reader) -> None:
    lines = [f"  - I'll send you a recap by email on {day}." for day in ("Monday", "Tuesday", "Friday", "Sunday")]
    others = [line for line in SUMMARY.read_text(encoding="utf-8").splitlines() if line.startswith("  - ")][:12]
    text = "\n".join(["schema: 1\nname: x\nversion: 1.0.0\nabout: X y.\npositive:", *others, *lines[:1], *lines[2:3]])
    material = material_of(parse_examples("x", text), development_rows(), reader.encode)
    assert material.groups[12] == material.groups[13]
    for train, test in material.folds(SEED):
        assert not {material.groups[i] for i in train} & {material.groups[i] for i in test}


def test_examples_that_are_all_paraphrases_are_refused(reader: Reader) -> None:
    things = (
        "bill",
        "order",
        "gas meter",
        "appointment",
        "complaint",
        "insurance",
        "hotel",
        "rail card",
        "modem",
        "oven",
    )
    lines = [
        f"  - I will now send you a written summary of everything we agreed about your {thing}" for thing in things
    ]
    # Long names keep them below what the reader of the file takes for the same.
    text = "\n".join(["schema: 1\nname: x\nversion: 1.0.0\nabout: X y.\npositive:", *lines])
    with pytest.raises(TeachingError, match=r"nearly the same|word them as different agents"):
        material_of(parse_examples("x", text), development_rows(), reader.encode)


def test_scores_that_rank_the_wrong_way_round_claim_nothing_sure() -> None:
    truth = np.array([True] * 10 + [False] * 90)
    held_out = calibrated(np.where(truth, -1.0, 1.0), truth)
    assert held_out.slope == 0.0
    assert np.ptp(held_out.probability) == 0.0


@pytest.mark.parametrize(
    ("value", "low", "verdict"),
    [(0.9, 0.8, "sure"), (0.8, 0.69, "usable"), (0.6, 0.45, "usable"), (0.7, 0.44, "not yet"), (0.59, 0.5, "not yet")],
)
def test_the_verdict_goes_by_f1_and_the_lower_end_of_its_interval(value: float, low: float, verdict: str) -> None:
    assert verdict_of(Interval(value, low, 1.0, 0.1, 30)) == verdict


def test_more_examples_are_asked_for_where_they_help() -> None:
    assert advice_for(Verdict.NOT_YET, 0.5, [(5, 0.3), (10, 0.4), (20, 0.5)]) == "add about 37 examples"
    assert "would not help" in advice_for(Verdict.NOT_YET, 0.5, [(5, 0.5), (10, 0.5), (20, 0.5)])
    assert advice_for(Verdict.SURE, 0.9, [(5, 0.3), (10, 0.4), (20, 0.5)]) == "serve it"


def test_exemplars_teach_more_than_themselves_and_cost_little(trial: Trial) -> None:
    right = [flip for flip in trial.flips if flip.right and flip.row.id.startswith("halden")]
    wrong = [flip for flip in trial.flips if flip.right is False]
    assert len(right) >= 2
    assert len(right) > len(wrong) / 2
    assert {flip.label for flip in trial.flips} <= {each.label for each in trial.labels}
    scripted = next(each for each in trial.labels if each.label == "SCRIPTED")
    assert scripted.change.value is not None
    assert scripted.change.value >= 0


def test_each_exemplar_tells_its_state(trial: Trial) -> None:
    for each in trial.exemplars:
        assert (each.after > each.before) is each.positive or each.after == each.before
        if each.state is State.TAUGHT:
            assert each.after != each.before
    states = {each.state for each in trial.exemplars}
    assert State.TAUGHT in states
    assert states & {State.KNOWN, State.IDLE}


def test_an_exemplar_that_the_model_reads_as_another_label_is_told_as_a_conflict(reader: Reader) -> None:
    text = f"{LABELS}  HOSTILITY:\n    positive: [Thank you so much for your patience.]\n"
    (each,) = try_exemplars(parse_exemplars("x", text), reader, [], SEED).exemplars
    assert each.state is State.CONFLICT
    assert "APPRECIATE" in each.read_as


def invoked(*arguments: str | Path) -> Result:
    return CliRunner().invoke(commands.app, [str(argument) for argument in arguments])


def test_try_prints_the_effect_and_as_json() -> None:
    shown = invoked("exemplars", "try", HALDEN, "--on", EXAMPLES / "halden.jsonl")
    assert shown.exit_code in {0, 1}, shown.output
    assert "change of f1" in shown.output
    assert "the others alone mend" in " ".join(shown.output.split())
    told: dict[str, Any] = json.loads(invoked("exemplars", "try", HALDEN, "--json").output)
    assert told["sentences"] == 419
    assert len(told["exemplars"]) == 40
    assert {"label", "id", "before", "after", "right"} <= set(told["flips"][0])


def test_exemplars_that_harm_end_with_status_1(tmp_path: Path) -> None:
    rows = [row for row in development_rows() if "APOLOGIZE" not in row.strength][:60]
    phrases = "\n".join(f"      - {json.dumps(row.text)}" for row in rows)
    path = tmp_path / "harm.yaml"
    path.write_text(f"{LABELS}  APOLOGIZE:\n    positive:\n{phrases}\n", "utf-8")
    result = invoked("exemplars", "try", path)
    assert result.exit_code == 1
    assert "worse by more than chance" in " ".join(result.output.split())


def test_fit_writes_a_small_step_and_refuses_what_is_not_usable(tmp_path: Path) -> None:
    out = tmp_path / "step.json"
    result = invoked("steps", "fit", SUMMARY, "--out", out)
    assert result.exit_code == 0, result.output
    assert "f1 of likeness alone" in result.output
    assert out.stat().st_size < 20_000
    muddled = tmp_path / "muddled.yaml"
    rows = [row.text for row in development_rows()[::35]][:12]
    lines = "\n".join(f"  - {json.dumps(text)}" for text in rows)
    muddled.write_text(f"schema: 1\nname: mud\nversion: 1.0.0\nabout: Anything.\npositive:\n{lines}\n", "utf-8")
    refused = invoked("steps", "fit", muddled, "--out", tmp_path / "mud.json", "--json")
    assert refused.exit_code == 1, refused.output
    told = json.loads(refused.output)
    assert (told["verdict"], told["written"]) == ("not yet", False)
    assert not (tmp_path / "mud.json").exists()
    assert invoked("steps", "fit", muddled, "--out", tmp_path / "mud.json", "--anyway").exit_code == 1
    assert (tmp_path / "mud.json").exists()


def test_what_cannot_be_used_ends_with_status_2_and_lines(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("schema: 1\nname: x\nversion: 1\npositive: []\n", "utf-8")
    result = invoked("steps", "fit", path, "--out", tmp_path / "x.json")
    assert result.exit_code == 2
    assert "bad.yaml:3: version must be three numbers" in result.output
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"id": "a"}\n', "utf-8")
    assert invoked("exemplars", "try", HALDEN, "--on", rows).exit_code == 2
    with pytest.raises(DatasetError, match=r"rows\.jsonl:1: labels: Field required"):
        own_rows(rows)
    with pytest.raises(DatasetError, match="amends eval import"):
        own_rows(tmp_path / "none.jsonl")


def test_rows_of_ones_own_count_like_those_that_ship(reader: Reader) -> None:
    text = f"{LABELS}  FOLLOW_UP:\n    positive: [You will see my face again]\n"
    row = SentenceRow(id="own-1", author="a", text="You will see my face again!", labels=("FOLLOW_UP:1",))
    trial = try_exemplars(parse_exemplars("x", text), reader, [row], SEED)
    (flip,) = trial.flips
    assert (flip.row.id, flip.claimed, flip.right) == ("own-1", True, True)
    assert trial.labels[0].after["f1"].value == 1.0
