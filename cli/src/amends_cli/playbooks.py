"""`amends playbooks`: lists the playbooks of a server, or shows one."""

from typing import Annotated

import typer
from amends_client import Client, ClientOptions

from amends_cli.connection import connected
from amends_cli.output import print_json, print_text
from amends_cli.playbook_view import show_playbook, show_playbooks


@connected
def playbooks(
    name: Annotated[str | None, typer.Argument(help="The one to show; left out: all are listed.")] = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print the response as JSON.")] = False,
    options: ClientOptions,
) -> None:
    """List the playbooks, or show one with its stages, rules and exemplars."""
    with Client(options) as client:
        if name is None:
            _print_all(client, as_json=json)
        else:
            _print_one(client, name, as_json=json)


def _print_all(client: Client, *, as_json: bool) -> None:
    response = client.list_playbooks()
    if as_json:
        print_json(response)
    else:
        print_text(show_playbooks(response.playbooks))


def _print_one(client: Client, name: str, *, as_json: bool) -> None:
    response = client.get_playbook(name)
    if as_json:
        print_json(response)
    else:
        print_text(show_playbook(response.playbook))
