"""From a table to rows: each record is kept or rejected with the reason. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import ValidationError

from amends_eval.datasets.rows import SentenceRow
from amends_eval.labels.codes import Codes, ticked
from amends_eval.labels.columns import Columns
from amends_eval.labels.notation import NotationError
from amends_eval.labels.table import Record, Table

_PLAIN = ("context", "author", "channel", "industry", "register", "english", "kind")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a record."""

    field: str
    what: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that gave no row."""

    record: Record
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """A record that gave a row."""

    record: Record
    row: SentenceRow
    conversation: str
    """What says in which half the row is: rows that share it stay together."""


@dataclass(frozen=True, slots=True)
class Imported:
    """Every record of a table, kept or rejected."""

    kept: tuple[Kept, ...]
    rejected: tuple[Rejected, ...]

    @property
    def records(self) -> int:
        """How many there were."""
        return len(self.kept) + len(self.rejected)

    def without(self, reasons: Mapping[str, Problem]) -> "Imported":
        """Rejects rows that were kept, by their id."""
        out = tuple(Rejected(each.record, (reasons[each.row.id],)) for each in self.kept if each.row.id in reasons)
        both = sorted((*self.rejected, *out), key=lambda each: each.record.line)
        return replace(self, kept=tuple(k for k in self.kept if k.row.id not in reasons), rejected=tuple(both))


def imported(table: Table, columns: Columns, codes: Codes, name: str, author: str) -> Imported:
    """Makes rows of a table.

    Args:
        table: what was read.
        columns: where the fields stand.
        codes: how labels are written.
        name: of the data: begins the ids where the table has none.
        author: who labelled, where the table does not tell.
    """
    kept: list[Kept] = []
    rejected: list[Rejected] = []
    ids = Counter(_cell(record, columns, "id") for record in table.records)
    for number, record in enumerate(table.records, 1):
        result = _made(record, table, columns, codes, author, f"{name}-{number:05d}", ids)
        if isinstance(result, Kept):
            kept.append(result)
        else:
            rejected.append(Rejected(record, tuple(result)))
    return Imported(tuple(kept), tuple(rejected))


def _made(
    record: Record, table: Table, columns: Columns, codes: Codes, author: str, own_id: str, ids: Mapping[str, int]
) -> Kept | Sequence[Problem]:
    if unreadable := _unreadable(record, table):
        return [unreadable]
    problems = list(_text_problems(record, columns, ids))
    try:
        labels = codes.labels(*_codes(record, columns, codes))
    except NotationError as error:
        what, _, remedy = str(error).partition(": ")
        return [*problems, Problem("labels", what, remedy)]
    if problems:
        return problems
    fields = {field: _cell(record, columns, field) for field in _PLAIN}
    fields["author"] = fields["author"] or author
    fields = {field: value for field, value in fields.items() if value}
    given = {"id": _cell(record, columns, "id") or own_id, "text": _cell(record, columns, "text"), **fields}
    try:
        row = SentenceRow.model_validate({**given, "labels": labels.labels, "optional": labels.optional})
    except ValidationError as error:
        return list(_schema_problems(error))
    return Kept(record, row, _cell(record, columns, "conversation") or row.context or row.id)


def _unreadable(record: Record, table: Table) -> Problem | None:
    if record.problem:
        return Problem("row", record.problem, "mend the row and import it again")
    found, wanted = len(record.cells), len(table.columns)
    # Spreadsheets like to end lines with empty cells.
    if found < wanted or any(record.cells[wanted:]):
        remedy = "quote cells that hold the delimiter" if found > wanted else "add the cells that are missing"
        return Problem("row", f"{found} cells where the header has {wanted}", remedy)
    return None


def _text_problems(record: Record, columns: Columns, ids: Mapping[str, int]) -> Iterator[Problem]:
    if not _cell(record, columns, "text"):
        yield Problem("text", "empty", "give the sentence, or leave the row out")
    given = _cell(record, columns, "id")
    if given and ids[given] > 1:
        yield Problem("id", f"{ids[given]} rows have it", "give each row its own, or map no id: --map id=")


def _codes(record: Record, columns: Columns, codes: Codes) -> tuple[list[str], list[str]]:
    if columns.by_label:
        return ticked({code: record.cells[index] for code, index in columns.by_label.items()}), []
    return codes.in_cell(_cell(record, columns, "labels")), codes.in_cell(_cell(record, columns, "optional"))


def _schema_problems(error: ValidationError) -> Iterator[Problem]:
    for problem in error.errors(include_input=False, include_url=False):
        yield Problem(".".join(map(str, problem["loc"])) or "row", problem["msg"], "see the schema.json of the set")


def _cell(record: Record, columns: Columns, field: str) -> str:
    index = columns.by_field.get(field)
    return record.cells[index].strip() if index is not None and index < len(record.cells) else ""
