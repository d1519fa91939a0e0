"""`amends steps fit`: a step of your own from 20 to 50 examples, with a report that says how sure it is."""

import json as json_module
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from amends_core.errors import TeachingError
from amends_core.teaching import parse_examples, read_text
from rich.text import Text

from amends_eval.cli import options
from amends_eval.cli.tables import console, plain_table
from amends_eval.datasets import FOLDER
from amends_eval.run import SEED
from amends_eval.teaching.fit_report import Example, FitReport, Verdict, report_of
from amends_eval.teaching.fitting import Fitted, fit, material_of
from amends_eval.teaching.reader import Reader, development_rows

_NOT_YET = 1
_COLOURS = {Verdict.SURE: "bold green", Verdict.USABLE: "yellow", Verdict.NOT_YET: "bold red"}

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def _group() -> None:
    """Steps of your own, beside those that ship."""


@app.command("fit")
def command(
    file: Annotated[Path, typer.Argument(help="YAML file of examples.")],
    *,
    out: Annotated[Path, typer.Option(help="Gets the step, as JSON for `amends serve --custom-steps`.")],
    anyway: Annotated[bool, typer.Option("--anyway", help="Write a step that is not sure enough, too.")] = False,
    model: Annotated[Path | None, typer.Option(help="Folder of the bundle that serves; else the embedded one.")] = None,
    datasets: options.Datasets = FOLDER,
    seed: Annotated[int, typer.Option(help="Of folds and resampling.")] = SEED,
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Fit a step in seconds; exit 1 and write nothing where it is not usable yet."""
    examples = parse_examples(file.name, read_text(file))
    reader = Reader(model)
    material = material_of(examples, development_rows(datasets), reader.encode)
    fitted = fit(material, seed)
    report = report_of(material, fitted, reader.detector(), seed)
    written = anyway or report.verdict is not Verdict.NOT_YET
    if written:
        _write(out, fitted.step(examples, reader.bundle.sha256, report.summary()).to_json())
    if json:
        typer.echo(json_module.dumps(_as_json(fitted, report, written=written), ensure_ascii=False, indent=2))
    else:
        _show(examples.name, fitted, report)
        console().print(f"\nwritten: {out}" if written else "\nnothing written; --anyway does", soft_wrap=True)
    if report.verdict is Verdict.NOT_YET:
        raise typer.Exit(_NOT_YET)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise TeachingError(f"cannot write {path}: {error.strerror}; name another file with --out") from None


def _show(name: str, fitted: Fitted, report: FitReport) -> None:
    out = console()
    out.print(Text.assemble(f"{name}: ", (report.verdict, _COLOURS[report.verdict]), f", {report.advice}"))
    out.print(_figures(fitted, report))
    curve = ", ".join(f"{count} examples {f1:.2f}" for count, f1 in report.curve)
    out.print(f"\nF1 by number of positive examples: {curve}")
    if report.confused_with:
        shares = ", ".join(f"{label} in {share:.0%}" for label, share in report.confused_with)
        out.print(f"the model reads in the positive examples: {shares}")
    _show_examples("\npositive examples that the others do not teach", report.missed)
    _show_examples(
        "\nother sentences read as the step: near misses to add as negative, or the step itself", report.intruders
    )


def _figures(fitted: Fitted, report: FitReport) -> Any:
    table = plain_table("\non sentences held out", "", "", "95 %")
    for name, found in report.figures.items():
        ends = f"{found.low:.2f} – {found.high:.2f}" if found.low is not None and found.high is not None else ""
        table.add_row(name, "–" if found.value is None else f"{found.value:.2f}", ends)
    table.add_row("f1 of likeness alone", f"{report.nearest_f1:.2f}", "")
    table.add_row("calibration error", f"{report.calibration_error:.3f}", "")
    table.add_row("features", fitted.choices[0].features, _others(fitted))
    return table


def _others(fitted: Fitted) -> str:
    best: dict[str, float] = {}
    for choice in fitted.choices:
        best.setdefault(choice.features, choice.average_precision)
    return "average precision: " + ", ".join(f"{features} {value:.2f}" for features, value in best.items())


def _show_examples(title: str, examples: tuple[Example, ...]) -> None:
    if not examples:
        return
    table = plain_table(title, "probability", "sentence", "read as")
    for each in examples:
        table.add_row(f"{each.probability:.2f}", each.text, ", ".join(each.carries))
    console().print(table)


def _as_json(fitted: Fitted, report: FitReport, *, written: bool) -> dict[str, Any]:
    return {**asdict(report), "choices": [asdict(choice) for choice in fitted.choices], "written": written}
