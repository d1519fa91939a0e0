from pathlib import Path

import pytest
from amends_eval.errors import DatasetError
from amends_eval.labels import table
from hypothesis import given
from hypothesis import strategies as st


def written(tmp_path: Path, content: bytes, name: str = "labels.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_text_is_read_in_its_encoding_without_being_told(tmp_path: Path, encoding: str) -> None:
    read = table.read(written(tmp_path, "Satz;Code\nFür die Verspätung;A\n".encode(encoding)))
    assert read.columns == ("Satz", "Code")
    assert read.records[0].cells == ("Für die Verspätung", "A")
    assert read.guessed == (encoding == "cp1252")


def test_bytes_that_are_not_of_the_given_encoding_are_refused_with_their_line(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"line 3: not utf-8.*--encoding"):
        table.read(written(tmp_path, b"text,label\nplain,A\n\xff\xfe,B\n"), "utf-8")


def test_an_unknown_encoding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no encoding is named"):
        table.read(written(tmp_path, b"a,b\n"), "utf-99")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_though_others_stand_in_the_text(delimiter: str) -> None:
    others = " ".join(set(",;|") - {delimiter})
    text = f"text{delimiter}label\n" + f"so {others} it goes{delimiter}A\n" * 3
    read = table.parsed(text, "utf-8")
    assert read.delimiter == delimiter
    assert {len(record.cells) for record in read.records} == {2}


def test_the_hint_of_a_spreadsheet_is_taken_and_lines_still_count() -> None:
    read = table.parsed("sep=|\r\ntext|label\r\nhello|A\r\n", "utf-8")
    assert (read.delimiter, read.columns, read.records[0].line) == ("|", ("text", "label"), 3)


def test_a_quoted_cell_may_hold_lines_quotes_and_delimiters_and_the_next_line_is_counted_right() -> None:
    read = table.parsed('text,label\n"one,\nhe said ""two""",A\nthree,B\n', "utf-8")
    assert [(record.line, record.cells) for record in read.records] == [
        (2, ('one,\nhe said "two"', "A")),
        (4, ("three", "B")),
    ]


def test_a_line_separator_of_unicode_ends_no_row() -> None:
    assert table.parsed("text,label\none\u2028two,A\n", "utf-8").records[0].cells == ("one\u2028two", "A")


def test_a_quote_never_closed_is_a_problem_of_its_row_and_what_it_swallowed_is_kept() -> None:
    read = table.parsed('text,label\nfine,A\n"open,B\nmore,C\n', "utf-8", ",")
    assert read.records[0].cells == ("fine", "A")
    assert (read.records[1].line, read.records[1].raw) == (3, '"open,B\nmore,C')
    assert "never closed, and 2 lines" in read.records[1].problem


def test_empty_lines_are_no_rows() -> None:
    assert [record.line for record in table.parsed("text,label\n\nhello,A\n\n", "utf-8").records] == [3]


def test_a_file_without_a_header_is_refused() -> None:
    with pytest.raises(DatasetError, match="no header"):
        table.parsed("", "utf-8")


def test_json_lines_give_lists_as_cells_and_of_turns_what_the_customer_said_last(tmp_path: Path) -> None:
    turns = (
        '[{"role": "customer", "text": "first"}, {"role": "agent", "text": "x"}, {"role": "customer", "text": "last"}]'
    )
    content = f'{{"text": "a", "labels": ["A", "B"]}}\nno json\n{{"text": "b", "context": {turns}, "n": 1}}\n'
    read = table.read(written(tmp_path, content.encode(), "rows.jsonl"))
    assert read.columns == ("text", "labels", "context", "n")
    assert read.records[0].cells == ("a", "A; B", "", "")
    assert (read.records[1].line, read.records[1].problem) == (2, "not a JSON object")
    assert read.records[2].cells == ("b", "", "last", "1")


@given(
    st.lists(
        st.lists(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1),
            min_size=2,
            max_size=4,
        ),
        min_size=1,
        max_size=5,
    )
)
def test_whatever_a_writer_of_csv_writes_comes_back(rows: list[list[str]]) -> None:
    import csv
    import io

    width = len(rows[0])
    rows = [(row * 2)[:width] if len(row) < width else row[:width] for row in rows]
    rows = [row + ["-"] * (width - len(row)) for row in rows]
    file = io.StringIO(newline="")
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    writer.writerow([f"c{index}" for index in range(width)])
    writer.writerows(rows)
    read = table.parsed(file.getvalue(), "utf-8", ",")
    assert [list(record.cells) for record in read.records] == rows
    assert not any(record.problem for record in read.records)
