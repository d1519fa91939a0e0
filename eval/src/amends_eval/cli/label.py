"""`amends label`: labels sentences at the terminal; `amends label settle` makes one set of two labellers' files."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console, RenderableType
from typer.core import TyperGroup

from amends_eval import record
from amends_eval.cli import options
from amends_eval.cli.tables import console as plain_console
from amends_eval.datasets import FOLDER
from amends_eval.datasets.accord import accord
from amends_eval.errors import DatasetError
from amends_eval.labels import journal, screen
from amends_eval.labels.adjudication import Adjudication, Dispute, disputes
from amends_eval.labels.columns import assignments
from amends_eval.labels.items import items_of, read_items, sampled, stratified
from amends_eval.labels.journal import Entry, Journal
from amends_eval.labels.session import Session
from amends_eval.labels.settlement import decided
from amends_eval.labels.terminal import lead
from amends_eval.run import SEED

_SAMPLE = 100
"""Sentences of a record that are labelled where no size is given."""
_UNFINISHED, _BROKEN_OFF = 1, 130
"""Exit codes: the latter as shells tell of Ctrl-C."""


class _WithDefault(TyperGroup):
    """A group that takes what names no command of its own as the arguments of `sentences`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        named = args[:1] and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if named or not args else ["sentences", *args])


app = typer.Typer(cls=_WithDefault, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def _group() -> None:
    """Label sentences at the terminal, and settle two labellers' files into one."""


@app.command("sentences")
def command(
    file: Annotated[Path, typer.Argument(help="Sentences, as JSON lines or CSV; or the record of an evaluation.")],
    *,
    labeller: Annotated[str, typer.Option("--as", help="Your name, or a pen name.")],
    out: Annotated[Path | None, typer.Option(help="Your file of answers; else FILE.NAME.jsonl here.")] = None,
    size: Annotated[
        int | None, typer.Option(min=1, help="How many, by chance; of a record where it is unsure.")
    ] = None,
    seed: Annotated[
        int, typer.Option(help="Of the sample: two labellers with the same get the same sentences.")
    ] = SEED,
    mapping: Annotated[
        list[str] | None, typer.Option("--map", metavar="FIELD=COLUMN", help="Where text, context and id stand.")
    ] = None,
    datasets: options.Datasets = FOLDER,
    real_texts: options.RealTexts = None,
) -> None:
    """Label sentences one at a time; every answer is saved at once, and the same command goes on.

    What others or the model said is never shown.
    """
    console = plain_console()
    if _is_record(file):
        found = items_of(record.read(file), datasets, real_texts)
        items = stratified(found, size or _SAMPLE, seed)
    else:
        items = sampled(read_items(file, assignments(mapping or [])), size, seed)
    with Journal(out or Path(f"{file.stem}.{labeller}.jsonl"), labeller) as answers:
        session = Session(items, answers.answers.values(), labeller)
        console.print(f"{session.whole} sentences, {session.answered} answered before\n{screen.HOW}")
        whole = lead(session, answers, lambda: _shown(session), console, _ask)
        left = session.whole - session.answered
        console.print(f"{session.answered} answered, {left} left, all saved in {answers.path}", soft_wrap=True)
    if not whole:
        raise typer.Exit(_BROKEN_OFF)


@app.command("settle")
def settle(
    first: Annotated[Path, typer.Argument(help="One labeller's file.")],
    second: Annotated[Path, typer.Argument(help="The other's.")],
    *,
    out: Annotated[Path, typer.Option(help="Gets the settled labels, as JSON lines.")],
    adjudicator: Annotated[str, typer.Option("--as", help="Who decides; best a third person.")] = "adjudicator",
    items: Annotated[Path | None, typer.Option(help="The sentences, where the files hold labels alone.")] = None,
    ask: Annotated[bool, typer.Option("--ask/--no-ask", help="Ask about what is open; else it is optional.")] = True,
) -> None:
    """Settle two labellers: print their agreement, ask about what one gave and the other did not, write the result.

    Both firm, or firm and arguable: firm. What else they differ in is decided here, or optional.
    """
    console = plain_console()
    texts = {item.id: item for item in read_items(items, {})} if items else {}
    a, b = journal.read(first), journal.read(second)
    found = disputes(a, b, texts)
    if not found:
        raise DatasetError(f"{first.name} and {second.name} share no sentence: give two files over the same ones")
    console.print(f"{len(found)} sentences in both, {len(a) + len(b) - 2 * len(found)} in one only, which are left out")
    console.print(screen.show_accord(accord([a[d.item.id] for d in found], [b[d.item.id] for d in found])))
    with Journal(out.with_suffix(".decisions.jsonl"), adjudicator) as decisions:
        talk = Adjudication(found, decisions.answers.values(), adjudicator)
        if ask:
            _adjudicate(talk, decisions, console)
        who = "+".join(
            dict.fromkeys([_labeller(a, first), _labeller(b, second), *([adjudicator] if talk.answered else [])])
        )
        _write(out, found, decisions.answers, who)
    console.print(f"\nwrote {out}: {len(found)} sentences, {talk.answered} decided by {adjudicator}", soft_wrap=True)


def _adjudicate(talk: Adjudication, decisions: Journal, console: Console) -> None:
    if talk.answered == talk.whole:
        return
    console.print(f"\n{talk.whole} with something open, {talk.answered} decided before\n{screen.HOW_OPEN}")
    whole = lead(talk, decisions, lambda: _shown_dispute(talk), console, _ask)
    if left := talk.whole - talk.answered:
        console.print(f"{talk.answered} decided and saved, {left} left, nothing written: the same command goes on")
        raise typer.Exit(_UNFINISHED if whole else _BROKEN_OFF)


def _ask(prompt: str) -> str:
    line = input(prompt)
    if not sys.stdin.isatty():
        # What is piped in shows nowhere else.
        typer.echo(line)
    return line


def _is_record(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8") as file:
            first = json.loads(file.readline())
    except (OSError, ValueError):
        return False
    return isinstance(first, dict) and first.get("line") == "header"


def _shown(session: Session) -> RenderableType | None:
    item = session.current
    return screen.show_item(item, session.answered, session.whole) if item else None


def _shown_dispute(talk: Adjudication) -> RenderableType | None:
    dispute = talk.current
    return screen.show_dispute(dispute, talk.answered, talk.whole) if dispute else None


def _labeller(entries: Mapping[str, Entry], path: Path) -> str:
    return next((entry.labeller for entry in entries.values() if entry.labeller), path.stem)


def _write(out: Path, found: list[Dispute], decisions: Mapping[str, Entry], who: str) -> None:
    lines = []
    for dispute in found:
        labels = decided(dispute.settlement, decisions.get(dispute.item.id))
        item = dispute.item
        said = {key: value for key, value in (("text", item.text), ("context", item.context)) if value}
        row = {"id": item.id, "author": who, **said, **labels.model_dump(mode="json")}
        lines.append(json.dumps(row, ensure_ascii=False) + "\n")
    try:
        out.write_text("".join(lines), encoding="utf-8")
    except OSError as error:
        raise DatasetError(f"cannot write {out}: {error.strerror}") from error
