"""The report for a pull request, and for programs."""

import json

import pytest
from amends_eval.bars import Light, load_bars
from amends_eval.report import as_json, markdown
from amends_eval.suites.suite import SuiteResult
from report_records import metric, record, record_of


def _cells(text: str, start: str) -> list[str]:
    (line,) = [line for line in text.splitlines() if start in line and line.startswith("|")]
    return [cell.strip() for cell in line.strip("|").split(" | ")]


def test_markdown_puts_the_bars_first_with_interval_and_number() -> None:
    cells = _cells(markdown(record()), "two people agree")

    assert cells[0].endswith("met (within chance of the bar)")
    assert cells[2:] == ["0.780", "0.73 to 0.83", "40", "≥ 0.75", "≥ 0.82"]


def test_markdown_shows_what_changed_against_another_run() -> None:
    cells = _cells(markdown(record(), record(shift=0.1)), "two people agree")

    assert cells[-2:] == ["0.880", "-0.100 worse"]


def test_markdown_counts_the_lights() -> None:
    text = markdown(record(), bars=load_bars()[:2])

    assert "1 missed" in text
    assert "1 not measured" in text


def test_markdown_table_survives_names_with_bars_and_brackets() -> None:
    suite = SuiteResult(suite="s", metrics=(metric("d|<b>x", 0.5),), outcomes=())

    assert "| d\\|&lt;b>x | 0.500 |" in markdown(record_of(suite))


def test_every_row_of_a_markdown_table_has_as_many_cells_as_its_head() -> None:
    blocks = markdown(record(), record(shift=0.1)).split("\n\n")
    tables = [block.splitlines() for block in blocks if block.startswith("|")]

    assert len(tables) == 1 + len(record().suites)
    for rows in tables:
        assert len({row.replace("\\|", "").count("|") for row in rows}) == 1


def test_run_that_did_not_end_is_said_to_be_incomplete() -> None:
    assert "did not end" in markdown(record().model_copy(update={"seconds": None}))
    assert "did not end" not in markdown(record())


@pytest.mark.parametrize("write", [markdown, as_json])
def test_no_text_of_an_item_is_written(write) -> None:  # type: ignore[no-untyped-def]
    assert "exploded" not in write(record())
    assert "I am sorry about" not in write(record())


def test_json_says_what_the_page_says() -> None:
    found = json.loads(as_json(record()))

    lights = {row["metric"]: row["light"] for row in found["bars"]}
    assert lights["calibration:real.ece"] == Light.MET
    assert lights["contrast:contrast.both_right"] == Light.NOT_MEASURED
    assert found["header"]["target"]["version"] == "1.2.3"
    assert found["suites"]["labels"]["outcomes"] == {"right": 40, "wrong": 20, "open": 0}
    chat = next(s for s in found["suites"]["labels"]["slices"]["sentences"] if s["value"] == "chat")
    assert (chat["n"], chat["share"]) == (30, pytest.approx(20 / 30))
