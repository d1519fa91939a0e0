"""Options that several commands take, each said once."""

from pathlib import Path
from typing import Annotated

import typer

RecordFile = Annotated[Path, typer.Argument(metavar="RECORD", help="Record of a run.")]
Datasets = Annotated[Path, typer.Option(help="Folder of the datasets.")]
RealTexts = Annotated[Path | None, typer.Option(help="JSON lines with the sentences of `real`, which do not ship.")]
Bars = Annotated[Path | None, typer.Option(help="YAML list of bars; else those that ship.")]
Html = Annotated[Path | None, typer.Option(help="Write the report here as a page that works offline.")]
Markdown = Annotated[Path | None, typer.Option(help="Write it here as Markdown, for a pull request.")]
Json = Annotated[Path | None, typer.Option("--json", help="Write it here as JSON, for programs.")]
Texts = Annotated[
    bool, typer.Option("--texts", help="Put the texts of the items into the page: whoever has it can read them.")
]
