"""What is made from the rows of the datasets that ship: schemas, counted parts of cards, checksums."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
from amends_eval.datasets.cards import CARD, COUNTED, counted, with_counted
from amends_eval.datasets.catalogue import CHECKSUMS, FOLDER, MODELS, checksums
from amends_eval.datasets.judges import figures, judges
from amends_eval.datasets.publish import publish
from amends_eval.datasets.schemas import SCHEMA, schema

NAMES = sorted(MODELS)
REMEDY = "run `python -m amends_eval.datasets.publish` and commit"


def place(name: str) -> Path:
    return FOLDER / f"{name}-v1"


@pytest.mark.parametrize("name", NAMES)
def test_the_schema_is_that_of_the_row(name: str) -> None:
    assert (place(name) / SCHEMA).read_text(encoding="utf-8") == schema(MODELS[name]), REMEDY


@pytest.mark.parametrize("name", NAMES)
def test_every_row_fits_its_schema_and_a_field_that_is_not_there_does_not(name: str) -> None:
    found = json.loads((place(name) / SCHEMA).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(found)
    validator = jsonschema.Draft202012Validator(found)
    files = [place(name) / f"{half}.jsonl" for half in ("dev", "test")]
    rows = [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    assert all(validator.is_valid(row) for row in rows)
    assert not validator.is_valid({**rows[0], "label": "x"})
    assert not validator.is_valid({key: value for key, value in rows[0].items() if key != "id"})


@pytest.mark.parametrize("name", NAMES)
def test_the_counted_part_of_the_card_is_that_of_the_rows_and_judges(name: str) -> None:
    card = (place(name) / CARD).read_text(encoding="utf-8")
    assert card == with_counted(card, counted(name, FOLDER)), REMEDY


@pytest.mark.parametrize("name", NAMES)
def test_the_card_says_what_a_card_must(name: str) -> None:
    words = (place(name) / CARD).read_text(encoding="utf-8").partition(COUNTED)[0]
    for part in ("How made", "By whom", "Settled", "Agreement", "Bad at", "Licence"):
        assert f"**{part}.**" in words
    assert "overstates what strangers would reach" in " ".join(words.split())
    assert "Apache-2.0" in words
    assert all(f"`{judge}`" in words or judge == "lena+marc" for judge in judges(place(name)))


@pytest.mark.parametrize("name", NAMES)
def test_checksums_cover_every_file(name: str) -> None:
    assert (place(name) / CHECKSUMS).read_text(encoding="utf-8") == checksums(place(name)), REMEDY


def test_publishing_keeps_the_words_and_the_rows(tmp_path: Path) -> None:
    import shutil

    shutil.copytree(FOLDER, tmp_path / "datasets")
    card = tmp_path / "datasets/gaming-v1" / CARD
    before = card.read_text(encoding="utf-8")
    card.write_text(before.replace("52 rows of development", "99 rows of development"), encoding="utf-8")
    publish(tmp_path / "datasets")
    assert card.read_text(encoding="utf-8") == before
    assert (tmp_path / "datasets/gaming-v1/dev.jsonl").read_bytes() == (place("gaming") / "dev.jsonl").read_bytes()


def test_agreement_on_grades_is_that_of_a_case_worked_by_hand() -> None:
    a = [{"id": "1", "grades": [0, 4, 2, 1]}]
    b = [{"id": "1", "grades": [1, 4, 2, 0]}]
    found = dict(figures("ranked", a, b))
    assert found["grade: share alike"] == 0.5
    assert found["grade: mean difference, of 0 to 4"] == 0.5
    # Of six pairs only the first and the last reply are put in another order.
    assert found["pairs of replies that both put in an order"] == 6
    assert found["of them in the same order"] == pytest.approx(5 / 6)


def test_agreement_on_next_steps_is_that_of_a_case_worked_by_hand() -> None:
    a = [
        {"id": "1", "acceptable": ["THANK", "LISTEN"], "wrong": ["DEFEND"], "pause": True},
        {"id": "2", "acceptable": ["THANK"], "wrong": [], "pause": None},
    ]
    b = [
        {"id": "1", "acceptable": ["THANK"], "wrong": ["LISTEN"], "pause": False},
        {"id": "2", "acceptable": ["LISTEN"], "wrong": [], "pause": True},
    ]
    found = dict(figures("next-step", a, b))
    assert found["acceptable steps: share with one in common"] == 0.5
    assert found["acceptable steps: mean Jaccard likeness"] == pytest.approx(0.25)
    assert found["share where one calls plainly wrong what the other accepts"] == 0.5
    assert found["moments where both say whether to pause"] == 1
    assert found["pause: share alike"] == 0.0


def test_the_table_of_sets_tells_the_rows_there_are() -> None:
    table = (FOLDER / "README.md").read_text(encoding="utf-8")
    told = {
        name: (int(dev), int(test)) for name, dev, test in re.findall(r"\[`([\w-]+)`\]\(\S+\) \| (\d+) / (\d+)", table)
    }
    assert told == {
        name: tuple(
            len((place(name) / f"{half}.jsonl").read_text(encoding="utf-8").splitlines()) for half in ("dev", "test")
        )
        for name in NAMES
    }
