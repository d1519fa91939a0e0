"""`amends score`: judges one reply, or as many as there are JSON lines."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
from amends.v1 import conversation_pb2, taxonomy_pb2
from amends_client import Client, ClientOptions
from rich.console import Console, RenderableType
from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

from amends_cli import inputs
from amends_cli.batch import score_all
from amends_cli.connection import connected
from amends_cli.conversations import Conversation
from amends_cli.failures import CALL_FAILED, InputError
from amends_cli.judgement_view import show_response
from amends_cli.output import print_json, print_line, print_text, write_svg
from amends_cli.tables import stacked
from amends_cli.timeline_view import show_timeline


@connected
def score(
    file: Annotated[str | None, typer.Argument(metavar="FILE|-", help=inputs.HELP)] = None,
    *,
    customer: Annotated[str | None, typer.Option(help="What the customer said, in place of a file.")] = None,
    reply: Annotated[str | None, typer.Option(help="The reply to it.")] = None,
    playbook: Annotated[str, typer.Option(help="Playbook to judge by.")] = "",
    locale: Annotated[str, typer.Option(help="Language, such as en-GB.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Print the response as JSON.")] = False,
    svg: Annotated[Path | None, typer.Option(help="Write what is shown as an SVG picture, too.")] = None,
    batch_size: Annotated[int, typer.Option(min=1, max=100, help="JSON lines a call.")] = 25,
    options: ClientOptions,
) -> None:
    """Judge how well a reply makes amends, and why; after an earlier reply also how the conversation went."""
    found = inputs.read_input(file, customer_text=customer, reply_text=reply)
    conversations = [each.replied().chosen(playbook=playbook, locale=locale) for each in found.conversations]
    _require_replies(conversations, is_lines=found.is_lines)
    if found.is_lines and svg:
        raise InputError("--svg: shows one judgement, and the input is JSON lines: give one conversation")
    with Client(options) as client:
        if found.is_lines:
            _score_lines(client, conversations, batch_size=batch_size)
        else:
            _score_one(client, conversations[0], found.conversations[0].whole(), as_json=json, svg=svg)


def _require_replies(conversations: list[Conversation], *, is_lines: bool) -> None:
    for number, conversation in enumerate(conversations, start=1):
        if not conversation.reply:
            place = f"conversation {number}: " if is_lines else ""
            raise InputError(
                f"{place}there is no reply to judge: end it with the agent's lines or `reply`, "
                "or ask `amends next` what to say"
            )


def _score_one(
    client: Client,
    conversation: Conversation,
    turns: Sequence[conversation_pb2.Turn],
    *,
    as_json: bool,
    svg: Path | None,
) -> None:
    response = client.score_reply(
        conversation.turns, conversation.reply, playbook=conversation.playbook, locale=conversation.locale
    )
    if as_json and not svg:
        print_json(response)
        return
    shown = stacked((show_response(response, conversation.reply), *_course(client, conversation, turns)))
    if svg:
        write_svg(shown, svg, title="amends score")
    if as_json:
        print_json(response)
    else:
        print_text(shown)


def _course(
    client: Client, conversation: Conversation, turns: Sequence[conversation_pb2.Turn]
) -> Iterator[RenderableType]:
    """Shows how the conversation went, where an agent spoke in it before the reply."""
    if any(turn.role == taxonomy_pb2.ROLE_AGENT for turn in conversation.turns):
        judged = client.score_conversation(turns, playbook=conversation.playbook, locale=conversation.locale)
        yield from show_timeline(judged, turns)


def _score_lines(client: Client, conversations: list[Conversation], *, batch_size: int) -> None:
    failed = 0
    with _progress() as progress:
        task = progress.add_task("judging", total=len(conversations))
        for result in score_all(
            client, conversations, batch_size=batch_size, on_scored=lambda count: progress.advance(task, count)
        ):
            failed += "error" in result
            print_line(result)
    if failed:
        typer.echo(
            f"amends: {failed} of {len(conversations)} replies could not be judged: their lines say why", err=True
        )
        raise typer.Exit(CALL_FAILED)


def _progress() -> Progress:
    # On one terminal the bar and the results would write over each other.
    hidden = sys.stdout.isatty() or not sys.stderr.isatty()
    return Progress(
        *Progress.get_default_columns()[:2],
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        redirect_stdout=False,
        disable=hidden,
    )
