import json
from pathlib import Path
from typing import Any

import pytest
from amends_eval import record
from amends_eval.answers import SentenceAnswer
from amends_eval.cli.label import app
from amends_eval.datasets import FOLDER, load
from amends_eval.datasets.rows import SentenceRow
from amends_eval.errors import DatasetError
from amends_eval.labels import journal
from amends_eval.record import AnswerLine, DatasetUsed, Writer
from amends_eval.targets import Identity
from typer.testing import CliRunner, Result


@pytest.fixture
def sentences(tmp_path: Path) -> Path:
    path = tmp_path / "sentences.csv"
    path.write_text(
        "id,text,context,labels\na,I regret the delay.,Late again!,HOSTILITY\nb,The train is at 5.,,HOSTILITY\n",
        encoding="utf-8",
    )
    return path


def invoked(*arguments: str | Path, typed: str = "") -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=typed)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_labeller_labels_and_sees_no_labels_of_others(sentences: Path, tmp_path: Path) -> None:
    out = tmp_path / "ana.jsonl"
    result = invoked(sentences, "--as", "ana", "--out", out, typed="6:1\n-\n\n")
    assert result.exit_code == 0
    assert "2 answered, 0 left" in result.output
    assert "hostility" not in result.output.lower()
    assert [(row["id"], row["labels"]) for row in rows(out)] == [("a", ["APOLOGIZE:1"]), ("b", [])]


def test_the_input_may_end_and_the_same_command_goes_on(sentences: Path, tmp_path: Path) -> None:
    out = tmp_path / "ana.jsonl"
    assert "1 answered, 1 left" in invoked(sentences, "--as", "ana", "--out", out, typed="6:1\n").output
    again = invoked(sentences, "--as", "ana", "--out", out, typed="-\n")
    assert "1 answered before" in again.output
    assert "regret" not in again.output


def labelled(tmp_path: Path, sentences: Path) -> tuple[Path, Path]:
    files = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    invoked(sentences, "--as", "ana", "--out", files[0], typed="6:2 scr\n-\nq\n")
    invoked(sentences, "--as", "ben", "--out", files[1], typed="6:1\n-\nq\n")
    return files


def test_two_labellers_are_settled_and_the_decider_learns_not_who_said_what(sentences: Path, tmp_path: Path) -> None:
    one, two = labelled(tmp_path, sentences)
    out = tmp_path / "settled.jsonl"
    result = invoked("settle", one, two, "--out", out, "--as", "cleo", typed="scr\n\n")
    assert result.exit_code == 0, result.output
    assert "micro-F1 0.67" in result.output
    assert "reading 1" in result.output
    assert "The train is at 5." not in result.output
    assert "ana" not in result.output.replace("tab", "")
    assert rows(out) == [
        {
            "id": "a", "author": "ana+ben+cleo", "text": "I regret the delay.", "context": "Late again!",
            "labels": ["APOLOGIZE:1", "SCRIPTED"], "optional": [],
        },
        {"id": "b", "author": "ana+ben+cleo", "text": "The train is at 5.", "labels": [], "optional": []},
    ]  # fmt: skip


def test_settling_left_undone_writes_nothing_and_goes_on_later(sentences: Path, tmp_path: Path) -> None:
    one, two = labelled(tmp_path, sentences)
    out = tmp_path / "settled.jsonl"
    assert invoked("settle", one, two, "--out", out, typed="q\n").exit_code == 1
    assert not out.exists()
    assert invoked("settle", one, two, "--out", out, typed="\n\n").exit_code == 0
    assert rows(out)[0]["optional"] == ["SCRIPTED"]


def test_without_asking_what_is_open_is_optional(sentences: Path, tmp_path: Path) -> None:
    one, two = labelled(tmp_path, sentences)
    out = tmp_path / "settled.jsonl"
    assert invoked("settle", one, two, "--out", out, "--no-ask").exit_code == 0
    assert (rows(out)[0]["optional"], rows(out)[0]["author"]) == (["SCRIPTED"], "ana+ben")


def test_files_without_a_sentence_in_common_are_refused(sentences: Path, tmp_path: Path) -> None:
    one, _ = labelled(tmp_path, sentences)
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    with pytest.raises(DatasetError, match="share no sentence"):
        invoked("settle", one, empty, "--out", tmp_path / "out.jsonl")


def test_judges_files_of_labels_alone_are_settled_with_their_sentences(tmp_path: Path) -> None:
    place = FOLDER / "sentences-v1"
    out = tmp_path / "settled.jsonl"
    result = invoked(
        "settle", place / "judges/nadia.jsonl", place / "judges/sol.jsonl",
        "--items", place / "dev.jsonl", "--out", out, "--no-ask",
    )  # fmt: skip
    assert result.exit_code == 0
    settled = {row["id"]: row for row in rows(out)}
    dev = rows(place / "dev.jsonl")
    assert [settled[row["id"]]["labels"] for row in dev] == [row["labels"] for row in dev]
    assert all(settled[row["id"]]["text"] == row["text"] for row in dev)


def made_record(path: Path) -> list[SentenceRow]:
    data = load("sentences", "dev")
    sentences = [row for row in data.rows if isinstance(row, SentenceRow)][:30]
    identity = Identity(where="here", model="m", version="1", sha256="0", playbooks={})
    used = DatasetUsed(version=1, half="dev", sha256=data.sha256, rows=len(data.rows))
    with Writer(path) as writer:
        writer.add(record.header(identity, ["labels"], {"sentences": used}, None, 1))
        for number, row in enumerate(sentences):
            answer = SentenceAnswer(probability={"DEFEND": number / 30, "THANK": 0.0}, claimed=("DEFEND",), strong=())
            writer.add(AnswerLine(dataset="sentences", id=row.id, part="", seconds=0.1, answer=answer))
    return sentences


def test_sentences_of_a_record_are_labelled_without_the_models_labels(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"
    texts = {row.id: row.text for row in made_record(path)}
    outs = [tmp_path / "ana.jsonl", tmp_path / "ben.jsonl"]
    results = [
        invoked(path, "--as", out.stem, "--out", out, "--size", "5", "--seed", "3", typed="-\n" * 6) for out in outs
    ]
    found = [journal.read(out) for out in outs]
    assert len(found[0]) == 5
    assert list(found[0]) == list(found[1])
    assert all(entry.text == texts[id_] for id_, entry in found[0].items())
    assert "defend" not in results[0].output.lower()


def test_a_record_made_with_other_data_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"
    made_record(path)
    lines = path.read_text().splitlines()
    header = json.loads(lines[0])
    header["datasets"]["sentences"]["sha256"] = "0" * 64
    path.write_text("\n".join([json.dumps(header), *lines[1:]]) + "\n")
    with pytest.raises(DatasetError, match="is not what the record was made with"):
        invoked(path, "--as", "ana", "--out", tmp_path / "ana.jsonl")
