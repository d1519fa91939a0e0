"""`amends playbooks`: lists the playbooks of a server, shows one, or checks files of one's own."""

from typing import Annotated, Any

import typer
from amends_client import Client, ClientOptions
from typer.core import TyperGroup

from amends_cli.connection import connected
from amends_cli.output import print_json, print_text
from amends_cli.playbook_check import check
from amends_cli.playbook_view import show_playbook, show_playbooks


class _ShowByDefault(TyperGroup):
    """Takes `amends playbooks NAME` for `amends playbooks show NAME`, and no name at all for the list."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = ["show", *args]
        return super().parse_args(ctx, args)


playbooks = typer.Typer(
    cls=_ShowByDefault, add_completion=False, help="List the playbooks of a server, show one, or check your own."
)


@playbooks.command("show")
@connected
def show(
    name: Annotated[str | None, typer.Argument(help="The one to show; left out: all are listed.")] = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print the response as JSON.")] = False,
    options: ClientOptions,
) -> None:
    """Show one with its stages, rules and exemplars; `amends playbooks NAME` is the same."""
    with Client(options) as client:
        if name is None:
            _print_all(client, as_json=json)
        else:
            _print_one(client, name, as_json=json)


@playbooks.command("list")
@connected
def list_all(
    *, json: Annotated[bool, typer.Option("--json", help="Print the response as JSON.")] = False, options: ClientOptions
) -> None:
    """List the playbooks; `amends playbooks` is the same."""
    with Client(options) as client:
        _print_all(client, as_json=json)


playbooks.command("check")(check)


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
