"""`amends next`: says what the agent should do next."""

from typing import Annotated

import typer
from amends_client import Client, ClientOptions

from amends_cli import inputs
from amends_cli.advice_view import show_advice
from amends_cli.connection import connected
from amends_cli.output import print_json, print_text


@connected
def next_step(
    file: Annotated[str | None, typer.Argument(metavar="FILE|-", help=inputs.HELP)] = None,
    *,
    customer: Annotated[str | None, typer.Option(help="What the customer said, in place of a file.")] = None,
    playbook: Annotated[str, typer.Option(help="Playbook to advise by.")] = "",
    locale: Annotated[str, typer.Option(help="Language, such as en-GB.")] = "",
    max_steps: Annotated[int, typer.Option(min=0, max=13, help="How many steps to give; 0: 3.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print the response as JSON.")] = False,
    options: ClientOptions,
) -> None:
    """Say what the agent should do next, and what to avoid."""
    found = inputs.read_conversation(file, customer_text=customer).chosen(playbook=playbook, locale=locale)
    with Client(options) as client:
        response = client.next_step(found.whole(), playbook=found.playbook, locale=found.locale, max_steps=max_steps)
    if json:
        print_json(response)
    else:
        print_text(show_advice(response))
