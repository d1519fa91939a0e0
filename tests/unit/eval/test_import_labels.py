import json
from pathlib import Path

import pytest
import typer
from amends_eval.cli.import_labels import command
from amends_eval.datasets import load
from amends_eval.datasets.rows import SentenceRow
from amends_eval.errors import DatasetError
from amends_eval.labels import folder, table
from amends_eval.labels.codes import Codes, read_map, ticked
from amends_eval.labels.columns import arranged, assignments
from amends_eval.labels.importing import Imported, imported
from amends_eval.labels.notation import NotationError
from typer.testing import CliRunner

app = typer.Typer()
app.command()(command)


def made(text: str, codes: Codes | None = None, told: dict[str, str] | None = None) -> Imported:
    read = table.parsed(text, "utf-8")
    return imported(
        read, arranged(read.columns, told or {}, list((codes or Codes()).ours)), codes or Codes(), "mine", "me"
    )


def reasons(found: Imported) -> list[tuple[int, str, str]]:
    return [(each.record.line, problem.field, problem.what) for each in found.rejected for problem in each.problems]


def run(tmp_path: Path, text: str, *arguments: str) -> tuple[int, str]:
    file = tmp_path / "labels.csv"
    file.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(app, [str(file), "--name", "mine", "--out", str(tmp_path / "out"), *arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_columns_are_guessed_by_their_names() -> None:
    found = arranged(["Nr", "Kunde", "Satz", "Codes"], {})
    assert dict(found.by_field) == {"text": 2, "labels": 3, "context": 1}
    assert found.guessed == {"text", "labels", "context"}


def test_what_was_told_comes_before_what_is_guessed() -> None:
    found = arranged(["text", "labels", "real"], {"text": "real", "labels": "LABELS"})
    assert dict(found.by_field) == {"text": 2, "labels": 1}
    assert not found.guessed


@pytest.mark.parametrize(
    ("header", "told", "wrong"),
    [
        (["a", "labels"], {}, "no column is the text: name it with --map text=COLUMN; the columns are a, labels"),
        (["text", "b"], {}, "no column holds labels"),
        (["text", "labels"], {"text": "nowhere"}, "column 'nowhere' is not there"),
        (["text", "labels", "x", "x"], {"text": "x"}, "column 'x' is there more than once"),
        (["text", "labels"], {"txet": "text"}, "--map txet=…: no such field"),
        (["text", "labels"], {"text": "labels", "labels": "labels"}, "one column is mapped to two fields"),
    ],
)
def test_columns_that_cannot_be_found_are_said_with_the_remedy(
    header: list[str], told: dict[str, str], wrong: str
) -> None:
    with pytest.raises(DatasetError) as error:
        arranged(header, told)
    assert wrong in str(error.value)


def test_an_assignment_without_its_sign_is_refused() -> None:
    with pytest.raises(DatasetError, match="write FIELD=COLUMN"):
        assignments(["text"])
    assert assignments(["text=a=b", "id="]) == {"text": "a=b", "id": ""}


def test_labels_in_one_column_are_read_in_the_order_of_the_taxonomy() -> None:
    row = made("text,labels\nhello,SCRIPTED; apologize:2 | ?Take action\n").kept[0].row
    assert (row.labels, row.optional) == (("APOLOGIZE:2", "SCRIPTED"), ("TAKE_ACTION",))


def test_a_column_a_label_is_read_with_its_strength() -> None:
    text = "text,Apologize,take-action,SCRIPTED,other\na,1,2,0,9\nb,,x,?,9\nc,0,0,,9\n"
    rows = [kept.row for kept in made(text, Codes(strength=1)).kept]
    assert [(row.labels, row.optional) for row in rows] == [
        (("APOLOGIZE:1", "TAKE_ACTION:2"), ()),
        (("TAKE_ACTION:1",), ("SCRIPTED",)),
        ((), ()),
    ]


def test_a_cell_of_a_label_that_is_no_tick_is_refused() -> None:
    with pytest.raises(NotationError, match="neither 0, 1, 2 nor"):
        ticked({"SCRIPTED": "perhaps"})


def test_their_codes_become_our_labels_and_of_two_the_stronger_counts(tmp_path: Path) -> None:
    path = tmp_path / "map.yaml"
    path.write_text('Entsch: APOLOGIZE:1\nNo: [APOLOGIZE:2, "?DEFEND"]\n1: null\nDank: APPRECIATE\n', encoding="utf-8")
    codes = Codes(read_map(path))
    assert codes.labels(["entsch", "NO"]).labels == ("APOLOGIZE:2",)
    assert codes.labels(["no"]).optional == ("DEFEND",)
    assert codes.labels(["1"]).labels == ()
    assert codes.labels(["Dank:2"]).labels == ("APPRECIATE:2",)
    assert codes.labels(["?Entsch"]).optional == ("APOLOGIZE",)


def test_a_map_to_labels_that_are_none_tells_all_of_them_at_once(tmp_path: Path) -> None:
    path = tmp_path / "map.yaml"
    path.write_text("a: SORRY\nb: SCRIPTED:2\nc: APOLOGIZE:3\nd: THANK\n", encoding="utf-8")
    with pytest.raises(DatasetError) as error:
        read_map(path)
    assert all(word in str(error.value) for word in ("'SORRY'", "'SCRIPTED:2'", "'APOLOGIZE:3'", "HOSTILITY"))
    assert "'THANK'" not in str(error.value)


def test_every_bad_row_is_rejected_with_line_field_and_reason_and_nothing_is_lost() -> None:
    text = "\n".join(
        [
            "id,text,labels",
            "1,fine,SCRIPTED",
            '2,"two',
            'lines",SCRIPTED',
            "3,,SCRIPTED",
            "4,no such,GREETING",
            "5,how strong,APOLOGIZE",
            "6,too,many,cells",
            "7,too few",
            "8,twice,-",
            "8,twice,-",
            '9,"open,SCRIPTED',
        ]
    )
    found = made(text)
    assert [kept.row.id for kept in found.kept] == ["1", "2"]
    assert [(line, field) for line, field, _ in reasons(found)] == [
        (5, "text"), (6, "labels"), (7, "labels"), (8, "row"), (9, "row"), (10, "id"), (11, "id"), (12, "row"),
    ]  # fmt: skip
    assert found.records == 10 == len(found.kept) + len(found.rejected)


def test_two_things_wrong_with_a_row_are_both_told() -> None:
    found = made("text,labels\n,GREETING\n")
    assert [field for _, field, _ in reasons(found)] == ["text", "labels"]


def test_a_message_shows_no_text_of_an_item_though_the_wrong_column_was_named() -> None:
    secret = "My card number is the one that you lost last week"
    found = made(f"text,labels\nhello,{secret}\n")
    assert "card number" not in str(reasons(found))
    assert "a code of 49 characters" in reasons(found)[0][2]


def test_empty_cells_at_the_end_of_a_line_are_no_fault() -> None:
    assert len(made("text,labels\nhello,SCRIPTED,,\n").kept) == 1


def test_conversations_stay_together_and_halves_do_not_depend_on_other_rows() -> None:
    rows = "\n".join(f"c{index % 20},sentence {index},-" for index in range(200))
    found = made(f"conversation,text,labels\n{rows}\n")
    halves = {(kept.conversation, folder.half_of(kept.conversation)) for kept in found.kept}
    assert len(halves) == 20
    assert {half for _, half in halves} == {"dev", "test"}


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_the_share_of_the_test_half_is_kept(share: float) -> None:
    halves = [folder.half_of(str(index), share) for index in range(2000)]
    assert abs(halves.count("test") / 2000 - share) < 0.04


def test_what_is_written_is_a_dataset_that_a_run_can_load(tmp_path: Path) -> None:
    rows = "\n".join(f'Satz {index} über Pakete;"wo, {index}?";Entsch' for index in range(30))
    (tmp_path / "map.yaml").write_text("Entsch: APOLOGIZE:2\n", encoding="utf-8")
    code, said = run(
        tmp_path,
        f"Satz;Kunde;Codes\n{rows}\nbad;;nothing known\n",
        "--label-map", str(tmp_path / "map.yaml"), "--author", "ana", "--licence", "ours alone",
    )  # fmt: skip
    assert code == 0
    assert "31 rows in = 30 kept + 1 rejected" in said
    assert "line 32, labels: “nothing known” is none of our labels: map it in --label-map" in said
    both = [load("sentences", half, tmp_path / "out") for half in ("dev", "test")]
    found = [row for data in both for row in data.rows if isinstance(row, SentenceRow)]
    assert sum(len(data.rows) for data in both) == 30 == len(found)
    assert {(row.labels, row.author, bool(row.context)) for row in found} == {(("APOLOGIZE:2",), "ana", True)}
    names = {path.name for path in (tmp_path / "out/sentences-v1").iterdir()}
    assert names == {"dev.jsonl", "test.jsonl", "schema.json", "card.md", "SHA256SUMS"}
    card = (tmp_path / "out/sentences-v1/card.md").read_text(encoding="utf-8")
    assert all(word in card for word in ("entsch | APOLOGIZE:2", "text | Satz", "30 kept, 1 rejected", "ours alone"))


def test_rejected_rows_are_written_as_they_stood_with_the_reason(tmp_path: Path) -> None:
    run(tmp_path, 'text,labels,note\nfine,SCRIPTED,\n"a ""b""\nc",GREETING,keep me\ntoo,few\n')
    read = table.read(tmp_path / "out/rejected.csv")
    assert read.columns == ("text", "labels", "note", "line", "field", "problem", "remedy", "as it stood")
    first, second = (record.cells for record in read.records)
    assert first[:5] == ('a "b"\nc', "GREETING", "keep me", "3", "labels")
    assert second[:5] == ("", "", "", "5", "row")
    assert second[7] == "too,few"


def test_leaks_are_reported_and_dropped_where_asked(tmp_path: Path) -> None:
    training = tmp_path / "training.jsonl"
    training.write_text(json.dumps({"id": "t-1", "text": "I am so sorry about the broken kettle."}) + "\n")
    rows = "text,labels\nI am so SORRY about the broken  kettle.,APOLOGIZE:2\n" + "".join(
        f"plain sentence number {word},-\n" for word in ("one", "seven", "twenty")
    )
    code, said = run(tmp_path, rows, "--training", str(training), "--drop-leaks")
    assert code == 0
    assert "4 rows in = 3 kept + 1 rejected" in said
    assert "exact to training row t-1" in (tmp_path / "out/rejected.csv").read_text(encoding="utf-8-sig")
    assert "training,exact,1.0000,mine-00001,t-1" in (tmp_path / "out/duplicates.csv").read_text(encoding="utf-8-sig")


def test_a_table_of_which_nothing_can_be_kept_writes_no_dataset_but_the_reasons(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="of 2 rows none can be kept"):
        run(tmp_path, "text,labels\na,GREETING\nb,GREETING\n")
    assert not (tmp_path / "out/sentences-v1").exists()
    assert len(table.read(tmp_path / "out/rejected.csv").records) == 2


def test_a_dataset_is_not_written_over(tmp_path: Path) -> None:
    run(tmp_path, "text,labels\na,-\n")
    with pytest.raises(DatasetError, match="superseded, not edited"):
        run(tmp_path, "text,labels\nb,-\n")


def test_settled_labels_of_two_labellers_can_be_imported(tmp_path: Path) -> None:
    lines = [
        {
            "id": "a",
            "author": "x+y",
            "text": "Sorry.",
            "context": "Late again",
            "labels": ["APOLOGIZE:1"],
            "optional": ["SCRIPTED"],
        },
        {"id": "b", "author": "x+y", "text": "The train is at 5.", "labels": [], "optional": []},
    ]
    file = tmp_path / "settled.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    result = CliRunner().invoke(app, [str(file), "--name", "ours", "--out", str(tmp_path / "o"), "--test-share", "0"])
    assert result.exit_code == 0, result.output
    rows = load("sentences", "dev", tmp_path / "o").rows
    assert [json.loads(folder.line(row)) for row in rows if isinstance(row, SentenceRow)] == [
        lines[0], {**lines[1]},
    ]  # fmt: skip
    assert "the test half is empty" in result.output
