"""Reads the tables of a corpus, and says what is wrong with one without quoting it."""

import csv
import hashlib
from collections.abc import Sequence
from pathlib import Path

from amends_eval.errors import DatasetError


def comma_separated(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a CSV file with a header.

    Raises:
        DatasetError: the file cannot be read, or lacks a column.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="")
            missing = [column for column in columns if column not in (reader.fieldnames or ())]
            if missing:
                raise DatasetError(f"{path.name} has no column {missing[0]!r}: bring the file that the recipe names")
            return list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(path, error) from error


def tab_separated(path: Path, width: int) -> list[list[str]]:
    """The rows of a TSV file without header or quotes.

    Raises:
        DatasetError: the file cannot be read, or a row has another number of columns.
    """
    rows = [line.split("\t") for line in lines(path)]
    for number, row in enumerate(rows, 1):
        if len(row) != width:
            raise DatasetError(f"{path.name}:{number}: {len(row)} columns, not {width}: is it the file of the recipe?")
    return rows


def lines(path: Path) -> list[str]:
    """The lines of a text file.

    Raises:
        DatasetError: the file cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error


def checksum(path: Path) -> str:
    """SHA-256 of a file, in hex.

    Raises:
        DatasetError: the file cannot be read.
    """
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> DatasetError:
    why = error.strerror if isinstance(error, OSError) else "it is not the text file that the recipe names"
    return DatasetError(f"cannot read {path}: {why}; name the folder that holds {path.parent.name}/ with --data")
