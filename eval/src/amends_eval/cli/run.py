"""`amends eval run`: asks a model, measures, and records all of it."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

from amends_eval import record
from amends_eval.bars import load_bars
from amends_eval.cli import options
from amends_eval.cli.report import Written, write
from amends_eval.cli.tables import console, summary
from amends_eval.datasets import FOLDER, Half
from amends_eval.errors import EvalError
from amends_eval.record import Record
from amends_eval.run import SEED, Options
from amends_eval.run import run as run_suites
from amends_eval.suites.catalogue import QUICK_LIMIT, chosen
from amends_eval.targets import open_target
from amends_eval.tracking import log_record


def command(
    suites: Annotated[list[str] | None, typer.Argument(metavar="[SUITES]...", help="Suites, all or quick.")] = None,
    *,
    target: Annotated[str, typer.Option(help="Bundle folder or host:port; empty: the embedded bundle.")] = "",
    against: Annotated[str | None, typer.Option(help="Ask a second target, too, and show both side by side.")] = None,
    half: Annotated[Half, typer.Option(help="Which half of the data.")] = "test",
    datasets: options.Datasets = FOLDER,
    real_texts: options.RealTexts = None,
    playbooks: Annotated[Path | None, typer.Option(help="Folder of own playbooks, for a bundle.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Most rows of each dataset, taken evenly.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Threads that ask.")] = 2,
    seed: Annotated[int, typer.Option(help="Of every resampling.")] = SEED,
    out: Annotated[Path | None, typer.Option(help="The record; else eval-<time>.jsonl here.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the record of --out where it stopped.")] = False,
    html: options.Html = None,
    markdown: options.Markdown = None,
    json: options.Json = None,
    texts: options.Texts = False,
    bars: options.Bars = None,
    mlflow: Annotated[str | None, typer.Option(help="Log the run to this MLflow tracking server or store.")] = None,
) -> None:
    """Measure a model by suites, and write a record of every answer."""
    if resume and out is None:
        raise EvalError("--resume: name the record to go on with by --out")
    names = suites or ["all"]
    how = Options(half, datasets, real_texts, _limit(names, limit), workers, seed)
    first = out or Path(f"eval-{datetime.now(UTC):%Y%m%d-%H%M%S}.jsonl")
    found = _recorded(names, target, playbooks, first, how, resume=resume)
    second = first.with_suffix(f".against{first.suffix}")
    other = _recorded(names, against, playbooks, second, how, resume=resume) if against is not None else None
    console().print(summary(found, other, load_bars(bars)))
    console().print(f"\nrecord: {first}{f', beside it {second}' if other else ''}", soft_wrap=True)
    write(found, other, Written(html, markdown, json, texts, datasets, real_texts, bars))
    if mlflow is not None:
        console().print(f"MLflow run {log_record(first, mlflow)}", soft_wrap=True)


def _limit(names: list[str], limit: int | None) -> int | None:
    return QUICK_LIMIT if limit is None and "quick" in names else limit


def _recorded(
    names: list[str], where: str, playbooks: Path | None, path: Path, how: Options, *, resume: bool
) -> Record:
    resumed = resume and path.exists()
    # Of two targets the first may be through.
    if not (resumed and record.read(path).seconds is not None):
        with open_target(where, playbooks) as target, _progress() as progress:
            task = progress.add_task(f"asking {target.identity.where}", total=None)

            def told(done: int, whole: int) -> None:
                progress.update(task, completed=done, total=whole)

            run_suites(chosen(names), target, path, how, resume=resumed, progress=told)
    return record.read(path)


def _progress() -> Progress:
    return Progress(
        *Progress.get_default_columns()[:2],
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        redirect_stdout=False,
        disable=not sys.stderr.isatty(),
    )
