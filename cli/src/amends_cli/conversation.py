"""`amends conversation`: judges every reply of a conversation, and its arc."""

from typing import Annotated

import typer
from amends_client import Client, ClientOptions

from amends_cli import inputs
from amends_cli.connection import connected
from amends_cli.conversation_view import show_conversation
from amends_cli.output import print_json, print_text


@connected
def conversation(
    file: Annotated[str | None, typer.Argument(metavar="FILE|-", help=inputs.HELP)] = None,
    *,
    playbook: Annotated[str, typer.Option(help="Playbook to judge by.")] = "",
    locale: Annotated[str, typer.Option(help="Language, such as en-GB.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Print the response as JSON.")] = False,
    options: ClientOptions,
) -> None:
    """Judge every reply of a finished conversation, and show how the customer fared."""
    found = inputs.read_conversation(file).chosen(playbook=playbook, locale=locale)
    turns = found.whole()
    with Client(options) as client:
        response = client.score_conversation(turns, playbook=found.playbook, locale=found.locale)
    if json:
        print_json(response)
    else:
        print_text(show_conversation(response, turns))
