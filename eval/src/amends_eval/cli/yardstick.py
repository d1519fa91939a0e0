"""`amends eval yardstick`: measures on public corpora that the user brings."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from amends_eval import record
from amends_eval.errors import RecordError
from amends_eval.run import SEED
from amends_eval.targets import Target, open_target
from amends_eval.yardsticks import markdown, measurement
from amends_eval.yardsticks.catalogue import chosen, yardsticks
from amends_eval.yardsticks.measurement import Report, run
from amends_eval.yardsticks.yardstick import Yardstick


def command(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAMES]...", help=f"Of {', '.join(yardsticks())}; none: all found.")
    ] = None,
    *,
    data: Annotated[Path, typer.Option(help="Folder that holds a folder of each corpus, by its name.")],
    target: Annotated[str, typer.Option(help="Bundle folder or host:port; empty: the embedded bundle.")] = "",
    limit: Annotated[int | None, typer.Option(min=2, help="Most items of each corpus, taken evenly.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Threads that ask.")] = 2,
    seed: Annotated[int, typer.Option(help="Of folds and resampling.")] = SEED,
    out: Annotated[Path | None, typer.Option(help="Write the figures as JSON here.")] = None,
    table: Annotated[Path | None, typer.Option("--markdown", help="Write the table as Markdown here.")] = None,
) -> None:
    """Measure on public corpora by others: as shipped, probed, and beside trivial baselines and published figures."""
    found = chosen(names or [], data)
    with open_target(target) as opened:
        report = measured(found, opened, data, limit=limit, workers=workers, seed=seed)
    text = markdown.table(report)
    if out:
        _write(out, report.model_dump_json(indent=2) + "\n")
    if table:
        _write(table, text)
    typer.echo(text, nl=False)


def measured(
    found: list[Yardstick], target: Target, data: Path, *, limit: int | None, workers: int, seed: int
) -> Report:
    """Measures the yardsticks one after the other, with a progress bar on a terminal."""
    header = record.header(target.identity, [f"yardstick.{each.name}" for each in found], {}, limit, seed)
    with Progress(console=Console(stderr=True), transient=True) as bars:
        results = tuple(
            run(each, target, data, limit=limit, workers=workers, seed=seed, progress=_told(bars, each.name))
            for each in found
        )
    return Report(header=header, results=results)


def _told(bars: Progress, name: str) -> measurement.Progress:
    bar = bars.add_task(name, total=None)
    return lambda done, whole: bars.update(bar, completed=done, total=whole)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RecordError(f"cannot write {path}: {error.strerror}") from error
