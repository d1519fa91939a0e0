"""`amends eval gate`: may this model ship?"""

from pathlib import Path
from typing import Annotated

import typer

from amends_eval import record
from amends_eval.bars import load_bars
from amends_eval.cli import options
from amends_eval.cli.tables import console
from amends_eval.gate import gate


def command(
    candidate: options.RecordFile,
    *,
    against: Annotated[Path, typer.Option(metavar="BASELINE", help="Record or committed baseline to hold it against.")],
    bars: options.Bars = None,
) -> None:
    """Exit 1, saying why, where a bar is newly missed, a metric got worse, or something is gone."""
    verdict = gate(record.read(candidate), record.read(against), load_bars(bars))
    for reason in verdict.reasons:
        typer.echo(reason)
    if not verdict.passed:
        typer.echo(f"amends: the gate fails for {len(verdict.reasons)} reasons", err=True)
        raise typer.Exit(1)
    console().print(f"passes: no worse than {against.name}", soft_wrap=True)
