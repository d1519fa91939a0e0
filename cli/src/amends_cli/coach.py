"""`amends coach`: follows a conversation while it goes on."""

import sys
from collections.abc import Iterator
from typing import Annotated

import typer
from amends_client import Client, ClientOptions

from amends_cli.coach_view import show_answer
from amends_cli.connection import connected
from amends_cli.failures import InputError
from amends_cli.output import as_dict, print_line, print_text
from amends_cli.transcript import read_turn


@connected
def coach(
    *,
    playbook: Annotated[str, typer.Option(help="Playbook to judge and advise by.")] = "",
    locale: Annotated[str, typer.Option(help="Language, such as en-GB.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Print each answer as a line of JSON.")] = False,
    options: ClientOptions,
) -> None:
    """Follow a conversation while it goes on: each line of standard input is a turn, `customer: …` or `agent: …`."""
    if sys.stdin.isatty():
        typer.echo("Write a turn a line, `customer: …` or `agent: …`; Ctrl-D ends.", err=True)
    with Client(options) as client, client.coach(playbook=playbook, locale=locale) as coaching:
        for number, line in _lines():
            answer = coaching.ask(read_turn(line, number))
            if json:
                print_line(as_dict(answer))
            else:
                print_text(show_answer(answer))


def _lines() -> Iterator[tuple[int, str]]:
    """Each line that is not blank, as soon as it is there, with its number."""
    for number, raw in enumerate(sys.stdin.buffer, start=1):
        try:
            line = raw.decode("utf-8-sig").rstrip("\r\n")
        except UnicodeDecodeError:
            raise InputError("is not UTF-8: save the input as UTF-8", line=number) from None
        if line.strip():
            yield number, line
