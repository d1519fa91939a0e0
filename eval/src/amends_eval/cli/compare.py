"""`amends eval compare`: what got better and what got worse from one record to another."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from amends_eval import record
from amends_eval.cli.tables import console, plain_table
from amends_eval.compare import Change, Comparison, Flip, Trend, compare
from amends_eval.report import words

_FLIPS = 20


def command(
    first: Annotated[Path, typer.Argument(metavar="A", help="Record of the run before.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="Record of the run after.")],
    *,
    flips: Annotated[int, typer.Option(min=0, help="Most flipped items that are listed.")] = _FLIPS,
    every: Annotated[bool, typer.Option("--all", help="List what did not change, too.")] = False,
) -> None:
    """Say what got better or worse from A to B, items paired and corrected for many tests, and what flipped."""
    comparison = compare(record.read(first), record.read(second))
    trends = list(Trend) if every else [Trend.BETTER, Trend.WORSE, Trend.GONE, Trend.NEW]
    for trend in trends:
        if changes := comparison.of(trend):
            console().print(_changes(trend, changes))
    console().print(_counts(comparison))
    if comparison.flipped and flips:
        console().print(_flipped(comparison.flipped[:flips], len(comparison.flipped)))


def _changes(trend: Trend, changes: Iterable[Change]) -> Table:
    table = plain_table(trend, "suite", "metric", "A", "B", "change", "95 %", "p", "items")
    for change in changes:
        values = [
            words.number(m.value if m else None, words.unit_of(change.name)) for m in (change.before, change.after)
        ]
        p = words.ABSENT if change.p is None else f"{change.p:.2g}"
        table.add_row(
            change.suite, change.name, *values, *_difference(change), p, "paired" if change.paired else "not paired"
        )
    return table


def _difference(change: Change) -> list[str]:
    found = change.difference
    if found.value is None:
        return [words.ABSENT, words.ABSENT]
    ends = [found.low, found.high]
    return [f"{found.value:+.3f}", words.ABSENT if None in ends else f"{found.low:+.3f} to {found.high:+.3f}"]


def _counts(comparison: Comparison) -> Table:
    table = plain_table("items", "suite", "fixed", "broken", "p (McNemar)")
    for suite, found in comparison.by_suite.items():
        if found.fixed + found.broken:
            table.add_row(suite, str(found.fixed), str(found.broken), f"{found.p:.2g}")
    for word, rows in (("only in A", comparison.gone), ("only in B", comparison.new)):
        for dataset, ids in rows.items():
            table.add_row(f"{dataset}: {len(ids)} {word}", "", "", "")
    return table


def _flipped(flips: Iterable[Flip], whole: int) -> Table:
    table = plain_table(f"flipped ({whole})", "suite", "item", "expected", "A", "B", "")
    for flip in flips:
        item = " ".join(part for part in (flip.after.id, flip.after.part) if part)
        now = "fixed" if flip.after.ok else "broken"
        table.add_row(flip.suite, item, flip.after.expected, flip.before.found, flip.after.found, now)
    return table
