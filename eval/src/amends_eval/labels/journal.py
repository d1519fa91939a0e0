"""The file of one labeller: a line an answer, only ever added to, so that nothing said is lost."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic import ValidationError

from amends_eval.datasets.rows import Labels
from amends_eval.errors import DatasetError


class Entry(Labels):
    """One answer."""

    id: str
    text: str = ""
    """Of the sentence; empty in files of labels alone."""
    context: str = ""
    labeller: str = ""
    undone: bool = False
    """Takes back what was said of this sentence before."""


class Journal:
    """Adds answers. Each is on the disk before the next is asked for."""

    def __init__(self, path: Path, labeller: str) -> None:
        self.path = path
        self.answers = dict(read(path)) if path.exists() else {}
        """What stands, by id, in the order said."""
        if others := sorted({entry.labeller for entry in self.answers.values()} - {labeller}):
            raise DatasetError(f"{path.name} is the file of {others[0][:40]!r}: each labeller has a file of their own")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _mend(path)
            self._file = path.open("a", encoding="utf-8")
        except OSError as error:
            raise DatasetError(f"cannot write {path}: {error.strerror}") from error

    def __enter__(self) -> Self:
        """Gives the journal itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes the file."""
        self._file.close()

    def add(self, entry: Entry) -> None:
        """Adds one answer.

        Raises:
            DatasetError: it cannot be written.
        """
        try:
            self._file.write(entry.model_dump_json(exclude_defaults=True) + "\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise DatasetError(f"cannot write {self.path}: {error.strerror}") from error
        _apply(self.answers, entry)


def read(path: Path) -> Mapping[str, Entry]:
    """What stands in a labeller's file, by id in the order said; a last line cut short by a crash is left out.

    Raises:
        DatasetError: the file cannot be read, or a line is no answer.
    """
    try:
        lines = path.read_bytes().decode("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"cannot read {path.name}: {getattr(error, 'strerror', 'it is not UTF-8')}") from error
    answers: dict[str, Entry] = {}
    for number, line in enumerate(lines[:-1], 1):
        try:
            _apply(answers, Entry.model_validate_json(line))
        except ValidationError as error:
            problem = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(map(str, problem["loc"])) or "the line"
            raise DatasetError(f"{path.name}:{number}: {where}: {problem['msg']}; is it a labeller's file?") from None
    return answers


def _apply(answers: dict[str, Entry], entry: Entry) -> None:
    # What is said anew is what was said last.
    answers.pop(entry.id, None)
    if not entry.undone:
        answers[entry.id] = entry


def _mend(path: Path) -> None:
    """Cuts off a last line that a crash left half written."""
    if path.exists():
        content = path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if whole != content:
            path.write_bytes(whole)
