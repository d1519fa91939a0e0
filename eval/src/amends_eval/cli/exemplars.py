"""`amends exemplars try`: what exemplars of your own change, before they are served."""

import json as json_module
from pathlib import Path
from typing import Annotated, Any

import typer
from amends_core.teaching import parse_exemplars, read_text
from rich.text import Text

from amends_eval.cli import options
from amends_eval.cli.tables import console, plain_table
from amends_eval.datasets import FOLDER
from amends_eval.run import SEED
from amends_eval.statistics.bootstrap import Interval
from amends_eval.teaching.reader import Reader, development_rows, own_rows
from amends_eval.teaching.trial import ExemplarTrial, Flip, LabelTrial, State, Trial, try_exemplars

_HARMS = 1
_COLOURS = {State.TAUGHT: "green", State.KNOWN: "", State.IDLE: "yellow", State.CONFLICT: "bold red"}

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def _group() -> None:
    """Exemplars of your own for labels that the model knows."""


@app.command("try")
def command(
    file: Annotated[Path, typer.Argument(help="YAML file of your own exemplars.")],
    *,
    on: Annotated[
        Path | None, typer.Option(help="Your own labelled sentences, too, as `amends eval import` writes them.")
    ] = None,
    model: Annotated[Path | None, typer.Option(help="Folder of a bundle; else the embedded one.")] = None,
    datasets: options.Datasets = FOLDER,
    seed: Annotated[int, typer.Option(help="Of every resampling.")] = SEED,
    json: Annotated[bool, typer.Option("--json", help="Print the effect as JSON.")] = False,
) -> None:
    """Measure what exemplars change; exit 1 where a label gets worse by more than chance."""
    exemplars = parse_exemplars(file.name, read_text(file))
    rows = [*development_rows(datasets), *(own_rows(on) if on else [])]
    trial = try_exemplars(exemplars, Reader(model), rows, seed)
    if json:
        typer.echo(json_module.dumps(_as_json(trial), ensure_ascii=False, indent=2))
    else:
        _show(trial)
    if trial.harms:
        raise typer.Exit(_HARMS)


def _show(trial: Trial) -> None:
    out = console()
    table = plain_table(f"over {trial.sentences} labelled sentences", "label", "n", "", "before", "after")
    for each in trial.labels:
        for name in each.before:
            first = name == "precision"
            ends = (_interval(each.before[name]), _interval(each.after[name]))
            table.add_row(each.label if first else "", str(each.rows) if first else "", name, *ends)
        table.add_row("", "", "change of f1", "", _change(each))
    out.print(table)
    out.print(_flips(trial.flips) if trial.flips else "\nno sentence comes out otherwise")
    out.print(_exemplars(trial))
    out.print(f"\n{_in_words(trial)}")


def _flips(flips: tuple[Flip, ...]) -> Any:
    table = plain_table("\nsentences that come out otherwise", "label", "was", "is", "", "sentence", "carries instead")
    for flip in flips:
        right = Text("arguable", "yellow") if flip.right is None else _right(flip.right)
        others = ", ".join(flip.others)
        table.add_row(flip.label, f"{flip.before:.2f}", f"{flip.after:.2f}", right, flip.row.text, others)
    return table


def _exemplars(trial: Trial) -> Any:
    columns = ("line", "label", "", "was", "is", "state", "by the others", "reached", "read as")
    table = plain_table("\nthe exemplars themselves", *columns)
    for column in table.columns[:6]:
        column.no_wrap = True
    for each in trial.exemplars:
        table.add_row(
            str(each.line), each.label, "+" if each.positive else "–", f"{each.before:.2f}", f"{each.after:.2f}",
            Text(each.state, _COLOURS[each.state]), _right(each.left_out), str(each.reached), ", ".join(each.read_as),
        )  # fmt: skip
    return table


def _in_words(trial: Trial) -> str:
    counts = {state: sum(each.state is state for each in trial.exemplars) for state in State}
    states = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    taught = [each for each in trial.exemplars if each.state in {State.TAUGHT, State.CONFLICT}]
    alone = sum(each.left_out for each in taught)
    mended, broken = (sum(flip.right is right for flip in trial.flips) for right in (True, False))
    return (
        f"exemplars: {states}; of the {len(taught)} that the model read wrong, the others alone mend {alone}.\n"
        f"sentences: {mended} mended, {broken} broken"
        f"{'; a label gets worse by more than chance: narrow its exemplars, or add negative ones' * trial.harms}."
    )


def _right(right: bool) -> Text:
    return Text("right", "green") if right else Text("wrong", "red")


def _interval(found: Interval) -> str:
    if found.value is None:
        return "–"
    return f"{found.value:.2f}" + (f" ({found.low:.2f} – {found.high:.2f})" if found.low is not None else "")


def _change(each: LabelTrial) -> str:
    found = each.change
    if found.value is None:
        return "–"
    return f"{found.value:+.2f}" + (f" ({found.low:+.2f} – {found.high:+.2f})" if found.low is not None else "")


def _as_json(trial: Trial) -> dict[str, Any]:
    return {
        "sentences": trial.sentences,
        "reach": trial.reach,
        "harms": trial.harms,
        "labels": [_label_json(each) for each in trial.labels],
        "flips": [
            {
                "label": flip.label, "id": flip.row.id, "text": flip.row.text, "before": flip.before,
                "after": flip.after, "claimed": flip.claimed, "right": flip.right, "carries_instead": flip.others,
            }
            for flip in trial.flips
        ],
        "exemplars": [_exemplar_json(each) for each in trial.exemplars],
    }  # fmt: skip


def _label_json(each: LabelTrial) -> dict[str, Any]:
    sides = {"before": each.before, "after": each.after}
    figures = {
        side: {name: {"value": found.value, "low": found.low, "high": found.high} for name, found in found_by.items()}
        for side, found_by in sides.items()
    }
    change = {"value": each.change.value, "low": each.change.low, "high": each.change.high, "p": each.change.p}
    return {"label": each.label, "rows": each.rows, **figures, "change_of_f1": change}


def _exemplar_json(each: ExemplarTrial) -> dict[str, Any]:
    return {
        "line": each.line, "label": each.label, "positive": each.positive, "text": each.text, "before": each.before,
        "after": each.after, "state": each.state, "right_by_the_others": each.left_out, "reached": each.reached,
        "read_as": each.read_as,
    }  # fmt: skip
