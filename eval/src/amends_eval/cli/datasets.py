"""`amends eval datasets`: says what there is to measure against, and whether it is whole."""

from pathlib import Path

import typer
from rich.text import Text

from amends_eval.cli import options
from amends_eval.cli.tables import console, plain_table
from amends_eval.datasets import FOLDER, MODELS
from amends_eval.datasets.catalogue import CHECKSUMS, VERSION, checksums


def command(*, datasets: options.Datasets = FOLDER) -> None:
    """List the datasets with their rows; exit 1 where one is missing or differs from its checksums."""
    table = plain_table("", "dataset", "dev", "test", "checksums")
    wrong = {name: _wrong(datasets / f"{name}-v{VERSION}") for name in MODELS}
    for name, problem in wrong.items():
        folder = datasets / f"{name}-v{VERSION}"
        counts = [_count(folder / f"{half}.jsonl") for half in ("dev", "test")]
        table.add_row(folder.name, *counts, Text(problem or "ok", style="bold red" if problem else "green"))
    console().print(table)
    if any(wrong.values()):
        raise typer.Exit(1)


def _count(path: Path) -> str:
    try:
        return str(path.read_bytes().count(b"\n"))
    except OSError:
        return "–"


def _wrong(folder: Path) -> str:
    """What differs from the checksums; empty where nothing does."""
    try:
        listed = (folder / CHECKSUMS).read_text(encoding="utf-8").splitlines()
    except OSError:
        return f"no {CHECKSUMS}"
    apart = sorted({line.split("  ", 1)[-1] for line in {*listed} ^ {*checksums(folder).splitlines()}})
    return f"differ: {', '.join(apart)}" if apart else ""
