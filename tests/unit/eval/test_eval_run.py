"""Runs: what a record keeps, what a crash leaves, and that going on gives what one go would have given."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from amends_eval import record
from amends_eval.datasets.rows import Row
from amends_eval.errors import DatasetError, RecordError, TargetError
from amends_eval.questions import Question, ReadSentence
from amends_eval.record import SuiteLine, Writer
from amends_eval.run import Options, run
from amends_eval.suites.catalogue import chosen, suites
from amends_eval.suites.suite import Answered, Suite, SuiteResult
from eval_builders import FakeTarget, header, outcomes, read_lines, record_of, result

FEW = Options(half="dev", limit=9, workers=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "record.jsonl"


def test_a_record_reads_back_as_it_was_written(path: Path) -> None:
    written = record_of(result(outcomes([True, False, True])))
    with Writer(path) as writer:
        writer.add(written.header)
        writer.add(SuiteLine(result=written.suites["contrast"]))
    assert record.read(path) == written.model_copy(update={"seconds": None})


def test_a_run_records_every_answer_and_every_result(path: Path) -> None:
    target = FakeTarget()
    results = run(chosen(["all"]), target, path, FEW)
    found = record.read(path)
    assert found.suites == results
    assert len(found.answers) == target.asked == len({(a.dataset, a.id, a.part) for a in found.answers})
    assert found.seconds is not None
    assert {name: used.rows for name, used in found.header.datasets.items()} == dict.fromkeys(
        ["arcs", "contrast", "customer", "gaming", "invariance", "next-step", "ranked", "sentences"], 9
    )


def test_every_suite_measures_what_a_run_answered(path: Path) -> None:
    assert run(chosen(["all"]), FakeTarget(), path, FEW).keys() == suites().keys()


@pytest.mark.parametrize("most", [0, 1, 40, 150])
def test_a_run_that_was_cut_short_goes_on_to_the_same_results(path: Path, tmp_path: Path, most: int) -> None:
    names = ["contrast", "determinism", "ranked"]
    options = replace(FEW, limit=20)
    whole = run(chosen(names), FakeTarget(), tmp_path / "whole.jsonl", options)
    with pytest.raises(TargetError):
        run(chosen(names), FakeTarget(most), path, options)
    assert len(record.read(path).answers) == most
    assert record.read(path).seconds is None
    rest = FakeTarget()
    assert run(chosen(names), rest, path, options, resume=True) == whole
    assert rest.asked + most == len(record.read(path).answers)


def test_a_line_that_a_crash_cut_in_half_is_asked_again(path: Path, tmp_path: Path) -> None:
    whole = run(chosen(["contrast"]), FakeTarget(), tmp_path / "whole.jsonl", FEW)
    with pytest.raises(TargetError):
        run(chosen(["contrast"]), FakeTarget(5), path, FEW)
    path.write_bytes(path.read_bytes()[:-40])
    assert len(record.read(path).answers) == 4
    assert run(chosen(["contrast"]), FakeTarget(), path, FEW, resume=True) == whole


def test_a_run_interrupted_while_it_measured_is_measured_again(path: Path, tmp_path: Path) -> None:
    whole = run(chosen(["contrast", "gaming"]), FakeTarget(), path, FEW)
    lines = read_lines(path)
    kept = [line for line in lines if json.loads(line)["line"] != "end"][:-1]
    again = tmp_path / "again.jsonl"
    again.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
    assert run(chosen(["contrast", "gaming"]), FakeTarget(0), again, FEW, resume=True) == whole
    assert record.read(again).seconds is not None


def test_a_whole_record_cannot_be_resumed_nor_overwritten(path: Path) -> None:
    run(chosen(["gaming"]), FakeTarget(), path, FEW)
    with pytest.raises(RecordError, match="nothing to resume"):
        run(chosen(["gaming"]), FakeTarget(), path, FEW, resume=True)
    with pytest.raises(RecordError, match="there already"):
        run(chosen(["gaming"]), FakeTarget(), path, FEW)


@pytest.mark.parametrize("changed", [{"limit": 8}, {"half": "test"}, {"seed": 1}])
def test_only_the_same_run_is_resumed(path: Path, changed: dict[str, object]) -> None:
    with pytest.raises(TargetError):
        run(chosen(["gaming"]), FakeTarget(3), path, FEW)
    with pytest.raises(RecordError, match="another run"):
        run(chosen(["gaming"]), FakeTarget(), path, replace(FEW, **changed), resume=True)


def test_workers_change_no_result(path: Path, tmp_path: Path) -> None:
    one = run(chosen(["contrast"]), FakeTarget(), path, FEW)
    assert run(chosen(["contrast"]), FakeTarget(), tmp_path / "4.jsonl", replace(FEW, workers=4)) == one


def test_progress_is_told_after_every_answer(path: Path) -> None:
    told: list[tuple[int, int]] = []
    run(chosen(["gaming"]), FakeTarget(), path, FEW, progress=lambda done, whole: told.append((done, whole)))
    assert told == [(count, 18) for count in range(1, 19)]


def test_suites_of_real_text_alone_need_the_text(path: Path) -> None:
    suite = replace(suites()["labels"], datasets=("real",))
    with pytest.raises(DatasetError, match="--real-texts"):
        run([suite], FakeTarget(), path, FEW)
    assert not path.exists()


class _Again(Row):
    text: str

    @property
    def questions(self) -> Mapping[str, Question]:
        return {"": ReadSentence(text=self.text)}


def following(seen: Callable[[Mapping[str, Sequence[Answered]]], None]) -> Suite:
    """A suite that asks one thing more about each answer."""

    def follow_up(answered: Mapping[str, Sequence[Answered]], _seed: int) -> list[_Again]:
        return [_Again(id=item.row.id, author="", text=f"{item.row.id} again") for item in answered["gaming"]]

    def measure(answered: Mapping[str, Sequence[Answered]], _seed: int) -> SuiteResult:
        seen(answered)
        return SuiteResult(suite="again", metrics=(), outcomes=())

    return Suite("again", "", ("gaming",), measure, follow_up)


def test_a_suite_can_ask_about_the_answers_and_gets_both(path: Path) -> None:
    seen: list[Mapping[str, Sequence[Answered]]] = []
    target = FakeTarget()
    run([following(seen.append)], target, path, FEW)
    assert {name: len(items) for name, items in seen[0].items()} == {"gaming": 9, "again": 9}
    assert target.asked == 27
    assert "again" not in record.read(path).header.datasets


def test_a_file_that_is_no_record_is_refused(path: Path) -> None:
    path.write_text('{"line": "end", "seconds": 1.0}\n', encoding="utf-8")
    with pytest.raises(RecordError, match="does not begin with a header"):
        record.read(path)


def test_a_broken_line_is_named_without_what_it_says(path: Path) -> None:
    path.write_text(header().model_dump_json() + '\n{"line": "answer", "id": "my secret"}\n', encoding="utf-8")
    with pytest.raises(RecordError, match=r"record\.jsonl:2") as raised:
        record.read(path)
    assert "secret" not in str(raised.value)
