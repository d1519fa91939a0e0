"""The card of an imported dataset: where it is from, what was mapped to what, and what it holds."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from amends_eval.labels.codes import Codes
from amends_eval.labels.columns import Columns
from amends_eval.labels.duplicates import Match
from amends_eval.labels.folder import DUPLICATES, across_halves, half_of, label_counts
from amends_eval.labels.importing import Imported
from amends_eval.labels.table import Table


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an imported dataset is from."""

    name: str
    file: str
    sha256: str
    made: date
    licence: str
    test_share: float


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found to say the same."""

    inside: Sequence[Match]
    leaks: Sequence[Match]
    against: int | None
    """Training rows compared with; None: there were none to compare with."""
    dropped: int


def card(origin: Origin, table: Table, columns: Columns, codes: Codes, imported: Imported, checked: Checked) -> str:
    """The card, as Markdown."""
    return "\n".join(
        (
            f"# {origin.name}",
            "",
            "```sh",
            "amends eval run labels --datasets DIR    # DIR holds this folder",
            "```",
            "",
            *_origin(origin, table, imported, checked),
            "",
            "## What was mapped",
            "",
            *_mapped(table, columns, codes),
            "",
            "## What it holds",
            "",
            *_holds(origin, imported),
            "",
            "## What says the same",
            "",
            *_same(origin, imported, checked),
            "",
        )
    )


def _origin(origin: Origin, table: Table, imported: Imported, checked: Checked) -> Iterator[str]:
    separated = f"separated by {table.delimiter!r}" if table.delimiter else "JSON lines"
    yield f"Imported on {origin.made} from `{origin.file}` (sha256 `{origin.sha256}`), {table.encoding}, {separated}."
    rejected = len(imported.rejected)
    yield (
        f"{imported.records} rows in: {len(imported.kept)} kept, {rejected} rejected"
        f"{f', of them {checked.dropped} as leaks' if checked.dropped else ''}."
    )
    yield ""
    yield f"Licence: {origin.licence or 'not stated; say here what may be done with the texts.'}"
    yield (
        "Not said by the file, to be said here: who labelled by which convention, how often each sentence was "
        "labelled, how well labellers agreed, and what the data is bad at."
    )


def _mapped(table: Table, columns: Columns, codes: Codes) -> Iterator[str]:
    yield from ("| field | column | by |", "| --- | --- | --- |")
    for field, index in columns.by_field.items():
        yield f"| {field} | {_plain(table.columns[index])} | {'its name' if field in columns.guessed else 'you'} |"
    for column in columns.by_label:
        yield f"| a label of its own | {_plain(column)} | its name |"
    if codes.ours:
        yield from ("", "| their code | our labels |", "| --- | --- |")
        yield from (f"| {_plain(code)} | {', '.join(ours) or 'none'} |" for code, ours in codes.ours.items())
    if codes.strength:
        yield from ("", f"Steps of which no strength was told are taken as {codes.strength} (1 weak, 2 strong).")


def _holds(origin: Origin, imported: Imported) -> Iterator[str]:
    halves = [half_of(kept.conversation, origin.test_share) for kept in imported.kept]
    without = sum(not kept.row.labels for kept in imported.kept)
    yield (
        f"{halves.count('dev')} rows of development, {halves.count('test')} of test, split by the hash of the "
        f"conversation, else of the customer's message, else of the id. {without} rows carry no firm label."
    )
    yield from ("", "| label | firm | optional |", "| --- | ---: | ---: |")
    counts: Mapping[str, tuple[int, int]] = label_counts(imported.kept)
    yield from (f"| {name} | {firm} | {optional} |" for name, (firm, optional) in counts.items())


def _same(origin: Origin, imported: Imported, checked: Checked) -> Iterator[str]:
    across = across_halves(imported.kept, checked.inside, origin.test_share)
    yield f"Pairs inside: {_by_way(checked.inside)}; {across} with a row in each half."
    if checked.against is None:
        yield "Not compared with training data: none was given. Figures may flatter a model that has seen these."
    else:
        yield f"Pairs with {checked.against} training rows: {_by_way(checked.leaks)}."
    yield f"`{DUPLICATES}` beside this folder has the ids."


def _by_way(matches: Sequence[Match]) -> str:
    ways = [match.way for match in matches]
    return ", ".join(f"{ways.count(way)} {way}" for way in ("exact", "near", "alike") if way in ways) or "none"


def _plain(text: str) -> str:
    """A cell of a Markdown table."""
    return " ".join(text.replace("|", "\\|").split())
