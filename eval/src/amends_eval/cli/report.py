"""`amends eval report`: shows a record, and writes it for people and for programs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from amends_eval import record
from amends_eval.bars import load_bars
from amends_eval.cli import options
from amends_eval.cli.tables import console, summary
from amends_eval.datasets import FOLDER, load
from amends_eval.errors import EvalError
from amends_eval.record import Record
from amends_eval.report import Texts, as_json, html_page, markdown


@dataclass(frozen=True, slots=True)
class Written:
    """What to write, and where."""

    html: Path | None
    markdown: Path | None
    json: Path | None
    texts: bool
    """Whether the page holds what was asked."""
    datasets: Path
    real_texts: Path | None
    bars: Path | None
    """None: those that ship."""


def command(
    path: options.RecordFile,
    other: Annotated[Path | None, typer.Argument(metavar="OTHER", help="A second record, shown beside.")] = None,
    *,
    html: options.Html = None,
    markdown: options.Markdown = None,
    json: options.Json = None,
    texts: options.Texts = False,
    datasets: options.Datasets = FOLDER,
    real_texts: options.RealTexts = None,
    bars: options.Bars = None,
) -> None:
    """Show a record, and write it as a page, as Markdown or as JSON."""
    found, second = record.read(path), record.read(other) if other else None
    console().print(summary(found, second, load_bars(bars)))
    write(found, second, Written(html, markdown, json, texts, datasets, real_texts, bars))


def write(found: Record, other: Record | None, written: Written) -> None:
    """Writes the reports that were asked for.

    Raises:
        EvalError: a file cannot be written, or the texts are not those that were asked about.
    """
    bars = load_bars(written.bars)
    texts = _texts(found, written) if written.texts else None
    _file(written.html, lambda: html_page(found, other, texts, bars=bars))
    _file(written.markdown, lambda: markdown(found, other, bars=bars))
    _file(written.json, lambda: as_json(found, bars=bars))


def _texts(found: Record, written: Written) -> Texts:
    return {
        (name, row.id, part): question
        for name, used in found.header.datasets.items()
        for row in load(name, used.half, written.datasets, written.real_texts).rows
        for part, question in row.questions.items()
    }


def _file(path: Path | None, content: Callable[[], str]) -> None:
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content(), encoding="utf-8")
    except OSError as error:
        raise EvalError(f"cannot write {path}: {error.strerror}") from error
    console().print(f"wrote {path}", soft_wrap=True)
