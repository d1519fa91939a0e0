"""`amends eval agreement`: how far people agree, and the model with each of them."""

from pathlib import Path
from typing import Annotated

import typer

from amends_eval import record
from amends_eval.agreement import Agreement, agreement
from amends_eval.cli import options
from amends_eval.cli.tables import console, plain_table
from amends_eval.datasets import FOLDER
from amends_eval.report import words


def command(
    path: Annotated[Path | None, typer.Argument(metavar="[RECORD]", help="Adds the model of this record.")] = None,
    *,
    datasets: options.Datasets = FOLDER,
) -> None:
    """Show how far the judges of each dataset agree, and a model with each judge beside it."""
    table = plain_table("", "dataset", "judged", "by", "n", "agreement")
    for found in agreement(record.read(path) if path else None, datasets):
        table.add_row(found.dataset, found.of, " and ".join(found.raters), str(found.n), _figures(found))
    console().print(table)


def _figures(found: Agreement) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {words.number(value)}" for name, value in found.figures.items())
