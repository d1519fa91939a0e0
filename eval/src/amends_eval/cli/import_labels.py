"""`amends eval import`: makes a dataset of a table of labelled sentences."""

import hashlib
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from amends_eval.cli.tables import console as plain_console
from amends_eval.cli.tables import plain_table
from amends_eval.labels import folder, table
from amends_eval.labels.card import Checked, Origin, card
from amends_eval.labels.codes import Codes, read_map
from amends_eval.labels.columns import FIELDS, Columns, arranged, assignments
from amends_eval.labels.duplicates import TRAINING, Match, Vector, as_texts, embedder, matches, training_texts
from amends_eval.labels.importing import Imported, Problem, imported

_SHOWN = 10
"""Rejected rows and pairs that are shown; the files have all."""


def command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Labelled sentences: CSV, or JSON lines in a .jsonl.")],
    *,
    name: Annotated[str, typer.Option(help="Of the data; begins the ids where the table has none.")],
    out: Annotated[Path, typer.Option(help="Folder that gets the dataset, rejected.csv and duplicates.csv.")],
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map", metavar="FIELD=COLUMN", help=f"Where a field stands, again for each: {', '.join(FIELDS)}."
        ),
    ] = None,
    label_map: Annotated[Path | None, typer.Option(help="YAML from their codes to our labels.")] = None,
    separator: Annotated[str | None, typer.Option(help="Between labels in a cell; else ; | , or a new line.")] = None,
    strength: Annotated[
        int | None,
        typer.Option(min=1, max=2, help="Of steps without one, 1 weak or 2 strong; else they are rejected."),
    ] = None,
    delimiter: Annotated[str | None, typer.Option(help="Between cells. Else the likeliest.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Of the file; else by its mark, UTF-8, or Windows-1252.")] = None,
    author: Annotated[str, typer.Option(help="Who labelled, where no column tells.")] = "",
    licence: Annotated[str, typer.Option(help="Of the texts; goes into the card.")] = "",
    test_share: Annotated[float, typer.Option(min=0.0, max=1.0, help="Of the conversations, for the test half.")] = 0.5,
    training: Annotated[
        list[Path] | None,
        typer.Option(help="Training rows to compare with; else those of the checkout."),
    ] = None,
    embedding: Annotated[bool, typer.Option("--embedding", help="Compare by the bundle's encoder, too.")] = False,
    bundle: Annotated[Path | None, typer.Option(help="Whose encoder; else the embedded one.")] = None,
    drop_leaks: Annotated[
        bool, typer.Option("--drop-leaks", help="Reject rows that are exactly or nearly training rows.")
    ] = False,
) -> None:
    """Make a dataset of labelled sentences, and say what says the same as another or as training data."""
    console = plain_console()
    folder.check_free(out)
    codes = Codes(read_map(label_map) if label_map else {}, separator, strength)
    read = table.read(file, encoding, _tab(delimiter))
    columns = arranged(read.columns, assignments(mapping or []), list(codes.ours))
    _show_columns(console, read, columns)
    made = imported(read, columns, codes, name, author or name)
    checked = _checked(made, training, embedder(bundle) if embedding else None)
    if drop_leaks:
        leaks = {match.id: _leak(match) for match in reversed(checked.leaks) if match.way != "alike"}
        made = made.without(leaks)
        checked = Checked(checked.inside, checked.leaks, checked.against, len(leaks))
    folder.write_rejected(out / folder.REJECTED, made, read.columns)
    folder.write_duplicates(out / folder.DUPLICATES, checked.inside, checked.leaks)
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    origin = Origin(name, file.name, sha256, datetime.now(UTC).date(), licence, test_share)
    _show_rejected(console, made, out)
    written = folder.write(out, made, card(origin, read, columns, codes, made, checked), test_share)
    _show_same(console, checked, out)
    _show_written(console, written)


def _tab(delimiter: str | None) -> str | None:
    return "\t" if delimiter in {"\\t", "tab"} else delimiter


def _checked(made: Imported, training: Sequence[Path] | None, embed: Callable[[str], Vector] | None) -> Checked:
    paths = training or ([TRAINING] if TRAINING else [])
    texts, against = as_texts(kept.row for kept in made.kept), training_texts(paths) if paths else None
    with Progress(console=Console(file=sys.stderr), transient=True) as progress:
        told = _told(progress, embed, len(texts) + len(against or ())) if embed else None
        inside = matches(texts, None, told)
        leaks = matches(texts, against, told) if against is not None else []
    return Checked(inside, leaks, None if against is None else len(against), 0)


def _told(progress: Progress, embed: Callable[[str], Vector], whole: int) -> Callable[[str], Vector]:
    """The encoder, with its progress."""
    task = progress.add_task("reading sentences", total=whole)

    @cache
    def told(text: str) -> Vector:
        progress.advance(task)
        return embed(text)

    return told


def _leak(match: Match) -> Problem:
    what = f"{match.way} to training row {match.other} ({match.likeness:.2f})"
    return Problem("text", what, "leave it out of a test, or import without --drop-leaks")


def _show_columns(console: Console, read: table.Table, columns: Columns) -> None:
    how = "a guess: check the umlauts, or give --encoding" if read.guessed else "found"
    separated = f"separated by {read.delimiter!r}" if read.delimiter else "JSON lines"
    console.print(f"{len(read.records)} rows, {read.encoding} ({how}), {separated}", soft_wrap=True)
    shown = plain_table("", "field", "column", "by")
    for field, index in columns.by_field.items():
        shown.add_row(field, read.columns[index], "its name" if field in columns.guessed else "--map")
    for column in columns.by_label:
        shown.add_row("a label", column, "its name")
    console.print(shown)


def _show_rejected(console: Console, made: Imported, out: Path) -> None:
    console.print(f"\n{made.records} rows in = {len(made.kept)} kept + {len(made.rejected)} rejected")
    if not made.rejected:
        return
    for each in made.rejected[:_SHOWN]:
        for problem in each.problems:
            console.print(
                f"  line {each.record.line}, {problem.field}: {problem.what}: {problem.remedy}", soft_wrap=True
            )
    if len(made.rejected) > _SHOWN:
        reasons = Counter((p.field, p.what, p.remedy) for each in made.rejected for p in each.problems)
        console.print(f"  and {len(made.rejected) - _SHOWN} more; the commonest reasons of all:")
        for (field, what, remedy), count in reasons.most_common(5):
            console.print(f"  {count:5} × {field}: {what}: {remedy}", soft_wrap=True)
    console.print(
        f"  all are in {out / folder.REJECTED}, as they stood: mend them in your table and import it again",
        soft_wrap=True,
    )


def _show_same(console: Console, checked: Checked, out: Path) -> None:
    against = "training data: none given, --training names it" if checked.against is None else "training data"
    for where, found in (("inside", checked.inside), (against, checked.leaks)):
        counts = Counter(match.way for match in found)
        console.print(f"\nsays the same, {where}: {', '.join(f'{n} {way}' for way, n in counts.items()) or 'none'}")
        if found:
            shown = plain_table("", "row", "says what", "way", "likeness")
            for match in found[:_SHOWN]:
                shown.add_row(match.id, match.other, match.way, f"{match.likeness:.3f}")
            console.print(shown)
    if checked.inside or checked.leaks:
        console.print(
            f"all pairs are in {out / folder.DUPLICATES}; {checked.dropped} rows were rejected as leaks", soft_wrap=True
        )


def _show_written(console: Console, written: folder.Written) -> None:
    console.print(
        f"\nwrote {written.folder}: {written.halves['dev']} dev, {written.halves['test']} test", soft_wrap=True
    )
    for half, rows in written.halves.items():
        if not rows:
            console.print(f"the {half} half is empty and cannot be run: give another --test-share")
    console.print(f"next: amends eval run labels --datasets {written.folder.parent}", soft_wrap=True)
