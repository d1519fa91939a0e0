"""Reads a table, whatever program wrote it. No record is lost: one that cannot be read is kept as it stands."""

import codecs
import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amends_eval.errors import DatasetError

JOINT = "; "
"""Between the entries of a list of JSON."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    # Before UTF-16, whose mark they begin with.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_GUESS = "cp1252"
"""What spreadsheets in Western Europe write when they do not write UTF-8."""
_DELIMITERS = ",;\t|"
_LOOKED_AT = 50
"""Records by which a delimiter is found."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a table."""

    line: int
    """Where it begins, from 1."""
    cells: tuple[str, ...]
    raw: str
    """As it stands in the file."""
    problem: str = ""
    """Why its cells could not be read; empty otherwise."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table that was read."""

    columns: tuple[str, ...]
    records: tuple[Record, ...]
    encoding: str
    delimiter: str
    """Empty for JSON lines."""
    guessed: bool = False
    """Whether the encoding is a guess: neither given nor UTF-8 nor marked."""


def read(path: Path, encoding: str | None = None, delimiter: str | None = None) -> Table:
    """Reads CSV, or JSON lines where the name ends in `.jsonl`.

    Args:
        path: the file.
        encoding: as Python names it; None: by the mark, else UTF-8, else Windows-1252.
        delimiter: one character; None: the one of comma, semicolon, tab and bar that gives most columns.

    Raises:
        DatasetError: the file cannot be read or decoded, or holds no header.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DatasetError(f"cannot read {path}: {error.strerror}") from error
    text, used = decoded(content, encoding)
    guessed = encoding is None and used == _GUESS
    if path.suffix in {".jsonl", ".ndjson"}:
        return _json_table(text, used, guessed)
    return parsed(text, used, delimiter, guessed=guessed)


def decoded(content: bytes, encoding: str | None) -> tuple[str, str]:
    """The text without a byte order mark, and the encoding used.

    Raises:
        DatasetError: the bytes are not of that encoding, or none fits.
    """
    used = encoding or next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    try:
        return content.decode(used).removeprefix("\ufeff"), used
    except LookupError:
        raise DatasetError(f"no encoding is named {used[:40]!r}: give one such as utf-8, cp1252 or utf-16") from None
    except UnicodeDecodeError as error:
        if encoding or used != "utf-8" or not _fits(content, _GUESS):
            line = content.count(b"\n", 0, error.start) + 1
            raise DatasetError(f"line {line}: not {used}; name the file's encoding with --encoding") from None
        return content.decode(_GUESS), _GUESS


def parsed(text: str, encoding: str, delimiter: str | None = None, *, guessed: bool = False) -> Table:
    """Reads CSV that is decoded; see `read`."""
    first, said = _without_hint(text)
    used = delimiter or said or _best_delimiter(first)
    if len(used) != 1 or used in '"\r\n':
        raise DatasetError(f"a delimiter is one character, not {used[:8]!r}: give one, such as ; or a tab")
    records = _csv_records(first, used, 2 if first is not text else 1)
    header = next(records, None)
    if header is None or header.problem:
        raise DatasetError(f"the file has no header that can be read{': ' + header.problem if header else ''}")
    columns = tuple(cell.strip() for cell in header.cells)
    return Table(columns, tuple(records), encoding, used, guessed)


def _without_hint(text: str) -> tuple[str, str]:
    """Cuts off the first line `sep=;` by which some spreadsheets name their delimiter."""
    line, _, rest = text.partition("\n")
    hint = line.strip("\r")
    if hint.lower().startswith("sep=") and len(hint) == len("sep=;"):
        return rest, hint[-1]
    return text, ""


def _fits(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _best_delimiter(text: str) -> str:
    return max(_DELIMITERS, key=lambda delimiter: _agreement(text, delimiter))


def _agreement(text: str, delimiter: str) -> tuple[int, int]:
    """How many of the first records are as wide as the header, and how wide; (0, 1) for a single column."""
    records = [record for record, _ in zip(_csv_records(text, delimiter, 1), range(_LOOKED_AT), strict=False)]
    width = len(records[0].cells) if records else 0
    if width < 2:
        return 0, width
    return sum(len(record.cells) == width for record in records), width


def _csv_records(text: str, delimiter: str, first: int) -> Iterator[Record]:
    """The records of CSV, but for empty lines."""
    taken: list[str] = []
    # Only \n, \r and \r\n end a line: a line separator of Unicode may stand in a cell.
    reader = csv.reader(_noted(io.StringIO(text, newline=""), taken), delimiter=delimiter, strict=True)
    while True:
        line, cells, problem = reader.line_num + first, [], ""
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problem = _why(error, taken)
        raw = "".join(taken)
        taken.clear()
        if cells or problem:
            yield Record(line, tuple(cells), raw.rstrip("\r\n"), problem)


def _noted(lines: Iterator[str], taken: list[str]) -> Iterator[str]:
    for line in lines:
        taken.append(line)
        yield line


def _why(error: csv.Error, taken: list[str]) -> str:
    if "unexpected end" in str(error) or "field limit" in str(error):
        return f"a quote that is opened here is never closed, and {len(taken)} lines were read into it"
    return f"the quotes cannot be read ({error})"


def _json_table(text: str, encoding: str, guessed: bool) -> Table:
    rows = [(line, raw, _object(raw)) for line, raw in enumerate(text.split("\n"), 1) if raw.strip()]
    columns = tuple(dict.fromkeys(key for _, _, row in rows if row is not None for key in row))
    if not columns:
        raise DatasetError("the file holds no JSON object: give JSON lines, or CSV under a name that ends in .csv")
    records = tuple(
        Record(line, tuple(_cell(row.get(column)) for column in columns), raw)
        if row is not None
        else Record(line, (), raw, "not a JSON object")
        for line, raw, row in rows
    )
    return Table(columns, records, encoding, "", guessed)


def _object(raw: str) -> Mapping[str, Any] | None:
    try:
        found = json.loads(raw)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        turns = [entry for entry in value if isinstance(entry, dict)]
        if turns:
            said = [str(turn.get("text", "")) for turn in turns if turn.get("role") == "customer"]
            return said[-1] if said else ""
        return JOINT.join(map(str, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
