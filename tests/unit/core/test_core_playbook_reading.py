"""YAML that is meant to do harm, or done by mistake, is refused at once, at its line, within bounds."""

import os
import time
from pathlib import Path

import pytest
from amends_core.documents import MAX_DEPTH, MAX_NUMBER, Unreadable, read_document
from amends_core.errors import PlaybookError
from amends_core.playbooks import load_library, parse_playbook
from amends_core.playbooks.library import read_text
from amends_core.playbooks.parser import BOUNDS, read_playbook
from hypothesis import given
from hypothesis import strategies as st

LAUGHS = "a: &a [lol, lol]\n" + "\n".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]" for n in range(9)
)
HOSTILE: list[tuple[str, str, int]] = [
    (LAUGHS, "anchors", 1),
    ("a: 1\nb: *nowhere", "aliases", 2),
    ("a: &x {}\n<<: *x", "anchors", 1),
    ("name: !!python/name:os.system ''", "tags", 1),
    ("a: 1\nb: !!binary aGk=", "tags", 2),
    ("a: !own x", "tags", 1),
    ("[" * 200_000, "nested deeper", 1),
    ("{a: " * (MAX_DEPTH + 1) + "1" + "}" * (MAX_DEPTH + 1), "nested deeper", 1),
    ("- a\n" * (BOUNDS.max_values + 1), "more than", BOUNDS.max_values),
    ("a: 1\n---\nb: 2", "second document", 2),
    ("name: x\nrules: {}\nname: y", "given twice", 3),
    ("rules:\n  a: 1\n  a: 2", "given twice", 3),
    ("a: b\nschema: " + "9" * 5000, f"number of more than {MAX_NUMBER}", 2),
    ("1" + ":59" * 300_000, f"number of more than {MAX_NUMBER}", 1),
    ("schema: 1" + ":59" * 200 + ".0", f"number of more than {MAX_NUMBER}", 1),
    ("a: b\nday: 2026-13-45", "number or a date", 2),
    ("a: [1,\n  0x_]", "number or a date", 2),
    ("2026-13-45: a", "number or a date", 1),
    ("name: \x01", "character", 0),
    ("a: 1\nb: c: d", "not valid YAML", 2),
    ("? [a, b]\n: c", "not valid YAML", 1),
    ("x" * (BOUNDS.max_bytes + 1), "larger than", 0),
]


@pytest.mark.parametrize(("text", "wrong", "line"), HOSTILE, ids=[f"{w}-{n}" for n, (_, w, _) in enumerate(HOSTILE)])
def test_hostile_yaml_is_refused_at_its_line(text: str, wrong: str, line: int) -> None:
    started = time.process_time()
    with pytest.raises(Unreadable, match=wrong) as caught:
        read_document(text, BOUNDS)
    assert caught.value.problem.line == line
    assert len(str(caught.value)) < 200
    assert time.process_time() - started < 5


def test_what_only_looks_long_is_read() -> None:
    text = f"a: '{'9' * 5000}'\nb: {'f' * 5000}\nc: {'9' * MAX_NUMBER}\nd: 12:30:00\n"
    data = {"a": "9" * 5000, "b": "f" * 5000, "c": int("9" * MAX_NUMBER), "d": 45_000}
    assert read_document(text, BOUNDS).data == data


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_and_nothing_else(text: str) -> None:
    parsed = read_playbook(text.encode("utf-8", "replace").decode())
    assert parsed.playbook is None
    assert parsed.problems


def test_field_has_its_line_and_what_is_missing_has_that_of_its_parent() -> None:
    document = read_document("name: x\nstages:\n  - name: a\n    steps: [THANK,\n      LISTEN]\n", BOUNDS)
    assert {field: document.line_of(field) for field in ("name", "stages[0].steps[1]", "stages[0].pause", "title")} == {
        "name": 1,
        "stages[0].steps[1]": 5,
        "stages[0].pause": 3,
        "title": 0,
    }


def test_problem_names_line_field_limit_and_what_stands_there() -> None:
    with pytest.raises(PlaybookError) as caught:
        parse_playbook("own.yaml", "schema: 1\nname: Not A Name\n")
    told = str(caught.value).split("; ")
    assert told[0] == "own.yaml: line 2: name: must be a lower-case word of letters, digits and _, is 'Not A Name'"


def test_places_for_the_log_hold_nothing_that_stands_in_the_file() -> None:
    with pytest.raises(PlaybookError) as caught:
        parse_playbook("own.yaml", "schema: 1\nname: Secret Words\nrules: {max_apologies: a secret}\n")
    assert any(place.startswith("own.yaml: line 2: name: must be") for place in caught.value.places)
    assert "ecret" not in " ".join(caught.value.places)


def test_checksum_is_of_the_text_alone(tmp_path: Path) -> None:
    shipped = load_library()
    assert len({playbook.sha256 for playbook in shipped}) == 6
    assert all(len(playbook.sha256) == 64 for playbook in shipped)
    assert [p.sha256 for p in load_library()] == [p.sha256 for p in shipped]


def test_pipe_is_no_playbook(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "own.yaml")
    with pytest.raises(PlaybookError, match=r"cannot read playbook own\.yaml: it is no regular file"):
        load_library(tmp_path)


def test_large_file_is_refused_whatever_character_it_is_cut_in(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("é" * BOUNDS.max_bytes, encoding="utf-8")
    with pytest.raises(PlaybookError, match=r"own\.yaml: larger than"):
        read_text(tmp_path / "own.yaml")


@pytest.mark.parametrize("name", ["../unified", "/etc/passwd", "a/b", "own.yaml", "", "x" * 65])
def test_name_that_leads_elsewhere_is_no_name(name: str) -> None:
    parsed = read_playbook(f"name: '{name}'\n")
    assert any(problem.field == "name" and problem.line == 1 for problem in parsed.problems)
