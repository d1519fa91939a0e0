"""`amends eval baseline`: makes a record small enough to be committed."""

from pathlib import Path
from typing import Annotated

import typer

from amends_eval import baseline, record
from amends_eval.cli import options
from amends_eval.cli.tables import console


def command(
    path: options.RecordFile,
    out: Annotated[Path, typer.Argument(metavar="BASELINE", help="Where to write it, such as eval/baselines/x.jsonl.")],
) -> None:
    """Keep header, metrics and outcomes of a record, and no answers and no text."""
    baseline.write(record.read(path), out)
    console().print(f"wrote {out}, {out.stat().st_size / 1000:.0f} kB", soft_wrap=True)
