"""`amends eval` at a terminal."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from amends_cli.app import app as amends
from amends_eval import record
from amends_eval.cli import run as run_command
from amends_eval.cli.app import app
from amends_eval.datasets import FOLDER
from amends_eval.suites.catalogue import QUICK_LIMIT, suites
from amends_eval.suites.suite import Metric
from amends_eval.targets import Identity
from eval_builders import IDENTITY, FakeTarget, outcomes, record_of, result, share_of
from typer.testing import CliRunner, Result

Run = Callable[..., Result]


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> FakeTarget:
    """Who is asked, wherever the command says."""
    fake = FakeTarget()
    monkeypatch.setattr(run_command, "open_target", lambda _where, _playbooks: fake)
    return fake


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


def write(path: Path, right: int, wrong: int, *metrics: Metric, seconds: float | None = 1.0) -> Path:
    found = outcomes([*[True] * right, *[False] * wrong])
    made = record_of(result(found, share_of("contrast.both_right", found), *metrics), seconds=seconds)
    with record.Writer(path) as writer:
        writer.add(made.header)
        writer.add(record.SuiteLine(result=made.suites["contrast"]))
        if seconds is not None:
            writer.add(record.EndLine(seconds=seconds))
    return path


@pytest.mark.usefixtures("target")
def test_run_writes_a_record_and_shows_the_figures(run: Run) -> None:
    shown = run("run", "gaming", "--half", "dev", "--limit", 12, "--out", "a.jsonl")
    assert shown.exit_code == 0, shown.output
    found = record.read(Path("a.jsonl"))
    assert found.header.datasets["gaming"].rows == 12
    (line,) = (line for line in shown.output.splitlines() if "gaming.honest_higher " in line)
    assert "≥ 0.95" in line
    assert line.rstrip().endswith(("met", "missed"))
    assert "record: a.jsonl" in shown.output


@pytest.mark.usefixtures("target")
@pytest.mark.parametrize("words", [["gaming"], ["run", "gaming"]])
def test_a_suite_needs_no_run_before_it(run: Run, words: list[str]) -> None:
    assert run(*words, "--limit", 3, "--out", "a.jsonl").exit_code == 0
    assert tuple(record.read(Path("a.jsonl")).suites) == ("gaming",)


@pytest.mark.usefixtures("target")
def test_quick_runs_every_suite_over_few_rows(run: Run) -> None:
    assert run("quick", "--out", "a.jsonl").exit_code == 0
    found = record.read(Path("a.jsonl"))
    assert found.suites.keys() == suites().keys()
    assert found.header.limit == QUICK_LIMIT


@pytest.mark.usefixtures("target")
def test_a_record_without_a_name_is_named_by_its_time(run: Run, tmp_path: Path) -> None:
    assert run("gaming", "--limit", 2).exit_code == 0
    (path,) = tmp_path.glob("eval-*.jsonl")
    assert record.read(path).seconds is not None


def test_two_targets_are_measured_side_by_side(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def opened(where: str, _playbooks: object) -> FakeTarget:
        asked.append(where)
        fake = FakeTarget()
        fake.identity = Identity(**{**IDENTITY.model_dump(), "where": where})
        return fake

    monkeypatch.setattr(run_command, "open_target", opened)
    shown = run("gaming", "--limit", 6, "--target", "here:1", "--against", "there:2", "--out", "a.jsonl")
    assert shown.exit_code == 0, shown.output
    assert asked == ["here:1", "there:2"]
    assert record.read(Path("a.against.jsonl")).header.target.where == "there:2"
    assert "beside" in shown.output


def test_a_run_that_broke_off_leaves_a_record_and_goes_on(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_command, "open_target", lambda *_: FakeTarget(5))
    broken = run("gaming", "--limit", 6, "--out", "a.jsonl")
    assert (broken.exit_code, broken.stderr) == (1, "amends: the service cannot be asked: it is gone\n")
    monkeypatch.setattr(run_command, "open_target", lambda *_: FakeTarget(7))
    assert run("gaming", "--limit", 6, "--out", "a.jsonl", "--resume").exit_code == 0
    assert record.read(Path("a.jsonl")).seconds is not None


def test_resume_needs_the_record(run: Run) -> None:
    assert "--out" in run("gaming", "--resume").stderr


@pytest.mark.usefixtures("target")
def test_reports_are_written_and_hold_texts_only_on_request(run: Run) -> None:
    row = json.loads((FOLDER / "gaming-v1" / "test.jsonl").read_text(encoding="utf-8").splitlines()[0])
    # The page writes an apostrophe as an escape.
    text = max(row["honest"].split("'"), key=len)
    run("gaming", "--limit", 4, "--out", "a.jsonl", "--html", "a.html", "--markdown", "a.md", "--json", "a.json")
    assert "gaming" in Path("a.md").read_text(encoding="utf-8")
    assert json.loads(Path("a.json").read_text(encoding="utf-8"))["suites"].keys() == {"gaming"}
    assert text not in Path("a.html").read_text(encoding="utf-8")
    assert run("report", "a.jsonl", "--html", "b.html", "--texts").exit_code == 0
    assert text in Path("b.html").read_text(encoding="utf-8")


def test_gate_passes_with_0_and_fails_with_1_and_every_reason(run: Run, tmp_path: Path) -> None:
    better, worse = write(tmp_path / "a.jsonl", 50, 0), write(tmp_path / "b.jsonl", 10, 35)
    assert run("gate", better, "--against", better).exit_code == 0
    shown = run("gate", worse, "--against", better)
    assert shown.exit_code == 1
    bar, fall, items = shown.stdout.splitlines()
    assert "misses the bar" in bar
    assert "worse, from 1 to 0.2222" in fall
    assert items.startswith("contrast: 5 items are gone")
    assert shown.stderr == "amends: the gate fails for 3 reasons\n"


def test_gate_takes_bars_of_ones_own(run: Run, tmp_path: Path) -> None:
    bars = tmp_path / "bars.yaml"
    bars.write_text(
        "- {metric: 'contrast:contrast.both_right', bar: 1.0, aim: 1.0, direction: at_least, source: ours}\n",
        encoding="utf-8",
    )
    a, b = write(tmp_path / "a.jsonl", 50, 0), write(tmp_path / "b.jsonl", 49, 1)
    assert run("gate", b, "--against", a).exit_code == 0
    assert run("gate", b, "--against", a, "--bars", bars).exit_code == 1


def test_a_committed_baseline_gates_as_the_record_it_was_made_of(run: Run, tmp_path: Path) -> None:
    a, b = write(tmp_path / "a.jsonl", 50, 0), write(tmp_path / "b.jsonl", 20, 30)
    assert run("baseline", a, "base.jsonl").exit_code == 0
    assert run("gate", b, "--against", "base.jsonl").stdout == run("gate", b, "--against", a).stdout


def test_compare_tells_what_changed_and_what_flipped(run: Run, tmp_path: Path) -> None:
    shown = run("compare", write(tmp_path / "a.jsonl", 50, 0), write(tmp_path / "b.jsonl", 20, 30))
    assert shown.exit_code == 0
    assert "worse" in shown.output
    assert "flipped (30)" in shown.output
    assert "contrast-0020" in shown.output


def test_records_that_cannot_be_compared_are_one_line_and_exit_code_2(run: Run, tmp_path: Path) -> None:
    whole, cut = write(tmp_path / "a.jsonl", 5, 0), write(tmp_path / "b.jsonl", 5, 0, seconds=None)
    shown = run("compare", whole, cut)
    assert (shown.exit_code, shown.stderr) == (2, "amends: the second record did not end: go on with it by --resume\n")


def test_suites_lists_every_suite(run: Run) -> None:
    shown = run("suites").output
    assert all(name in shown for name in suites())


def test_agreement_shows_the_judges(run: Run) -> None:
    shown = run("agreement")
    assert shown.exit_code == 0
    assert "lena+marc and vera" in shown.output


def test_datasets_tells_whole_ones_from_damaged_ones(run: Run, tmp_path: Path) -> None:
    for folder in FOLDER.glob("*-v1"):
        (tmp_path / folder.name / "judges").mkdir(parents=True)
        for path in (path for path in folder.rglob("*") if path.is_file()):
            (tmp_path / path.relative_to(FOLDER)).write_bytes(path.read_bytes())
    assert run("datasets", "--datasets", tmp_path).exit_code == 0
    with (tmp_path / "gaming-v1" / "dev.jsonl").open("a", encoding="utf-8") as file:
        file.write("\n")
    shown = run("datasets", "--datasets", tmp_path)
    assert shown.exit_code == 1
    assert "differ: dev.jsonl" in shown.output


def test_an_unknown_suite_is_named_with_those_there_are(run: Run) -> None:
    shown = run("run", "empathy")
    assert shown.exit_code == 2
    assert "'empathy'" in shown.stderr
    assert "labels" in shown.stderr


def test_amends_hands_eval_and_label_over(run: Run) -> None:
    assert "calibration" in CliRunner().invoke(amends, ["eval", "suites"]).output
    assert "settle" in CliRunner().invoke(amends, ["label", "--help"]).output


@pytest.mark.parametrize("command", ["eval", "label"])
def test_without_the_extra_the_remedy_is_one_line(monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setitem(sys.modules, "amends_eval.cli.app", None)
    shown = CliRunner().invoke(amends, [command, "suites"])
    assert shown.exit_code == 1
    assert shown.stderr.endswith("is not installed: pip install 'amends[eval]'\n")
    assert shown.stderr.count("\n") == 1
