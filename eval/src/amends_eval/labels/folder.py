"""Writes imported rows as a dataset of the same shape as those that ship, and beside it what was left out."""

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from amends_eval.datasets.catalogue import CHECKSUMS, VERSION, Half, checksums
from amends_eval.datasets.rows import SentenceRow
from amends_eval.datasets.schemas import SCHEMA, schema
from amends_eval.errors import DatasetError
from amends_eval.labels.duplicates import Match
from amends_eval.labels.importing import Imported, Kept, Problem
from amends_eval.labels.notation import NAMES

DATASET = f"sentences-v{VERSION}"
"""Its folder: `amends eval run --datasets` finds it as `sentences`."""
REJECTED = "rejected.csv"
DUPLICATES = "duplicates.csv"
CARD = "card.md"
_REASONS = ("line", "field", "problem", "remedy", "as it stood")
_SEVERAL = " / "


@dataclass(frozen=True, slots=True)
class Written:
    """What was written."""

    folder: Path
    halves: Mapping[Half, int]
    """Rows of each half."""


def half_of(conversation: str, test_share: float = 0.5) -> Half:
    """The half of a conversation: by its hash, so that it is the same on every machine and when rows are added."""
    place = int.from_bytes(hashlib.sha256(conversation.encode()).digest()[-4:])
    return "test" if place < test_share * 2**32 else "dev"


def check_free(out: Path) -> None:
    """Checks that no dataset lies there yet.

    Raises:
        DatasetError: one does.
    """
    if (out / DATASET).exists():
        raise DatasetError(f"{out / DATASET} is there already: datasets are superseded, not edited; name another --out")


def write(out: Path, imported: Imported, card: str, test_share: float) -> Written:
    """Writes the dataset's folder under `out`; a half without rows gets no file.

    Raises:
        DatasetError: nothing was kept, the folder is there already, or it cannot be written.
    """
    check_free(out)
    if not imported.kept:
        raise DatasetError(f"of {imported.records} rows none can be kept: see {REJECTED} for the reasons")
    halves: dict[Half, list[SentenceRow]] = {"dev": [], "test": []}
    for kept in imported.kept:
        halves[half_of(kept.conversation, test_share)].append(kept.row)
    folder = out / DATASET
    try:
        folder.mkdir(parents=True)
        for half, rows in halves.items():
            if rows:
                (folder / f"{half}.jsonl").write_text("".join(map(line, rows)), encoding="utf-8")
        (folder / SCHEMA).write_text(schema(SentenceRow), encoding="utf-8")
        (folder / CARD).write_text(card, encoding="utf-8")
        (folder / CHECKSUMS).write_text(checksums(folder), encoding="utf-8")
    except OSError as error:
        raise DatasetError(f"cannot write {folder}: {error.strerror}") from error
    return Written(folder, {half: len(rows) for half, rows in halves.items()})


def line(row: SentenceRow) -> str:
    """One row as a line of JSON, without the fields that are empty."""
    fields = row.model_dump(mode="json", by_alias=True)
    kept = {key: value for key, value in fields.items() if value != "" or key == "text"}
    return json.dumps(kept, ensure_ascii=False) + "\n"


def write_rejected(path: Path, imported: Imported, columns: Sequence[str]) -> None:
    """Writes every rejected record, as it stood, with its reasons: mended, the file can be imported itself.

    Raises:
        DatasetError: the file cannot be written.
    """
    rows = [
        [
            *(each.record.cells if len(each.record.cells) == len(columns) else [""] * len(columns)),
            each.record.line,
            *(
                _SEVERAL.join(getattr(problem, part) for problem in each.problems)
                for part in ("field", "what", "remedy")
            ),
            each.record.raw,
        ]
        for each in imported.rejected
    ]
    _write_csv(path, [*columns, *_REASONS], rows)


def write_duplicates(path: Path, inside: Iterable[Match], leaks: Iterable[Match]) -> None:
    """Writes the pairs of ids that say the same.

    Raises:
        DatasetError: the file cannot be written.
    """
    rows = [
        [where, match.way, f"{match.likeness:.4f}", match.id, match.other]
        for where, found in (("training", leaks), ("inside", inside))
        for match in found
    ]
    _write_csv(path, ["where", "way", "likeness", "id", "other"], rows)


def across_halves(kept: Iterable[Kept], inside: Iterable[Match], test_share: float) -> int:
    """How many pairs inside have one row in each half."""
    half = {each.row.id: half_of(each.conversation, test_share) for each in kept}
    return sum(half[match.id] != half[match.other] for match in inside if match.id in half and match.other in half)


def label_counts(kept: Iterable[Kept]) -> Mapping[str, tuple[int, int]]:
    """How often each label is firm and how often optional, in the order of the taxonomy."""
    rows = [each.row for each in kept]
    firm = Counter(name for row in rows for name in row.strength)
    optional = Counter(name for row in rows for name in row.optional)
    return {name: (firm[name], optional[name]) for name in NAMES}


def _reason(problem: Problem) -> tuple[str, str, str]:
    return problem.field, problem.what, problem.remedy


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # With the mark by which spreadsheets know UTF-8.
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            writer.writerows(rows)
    except OSError as error:
        raise DatasetError(f"cannot write {path}: {error.strerror}") from error
