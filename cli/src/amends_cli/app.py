"""The commands, and the one place where their failures become a line and an exit code."""

from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

import typer
from amends_client import ClientError
from typer.core import TyperGroup

from amends_cli.bundle import bundle
from amends_cli.coach import coach
from amends_cli.conversation import conversation
from amends_cli.doctor import doctor
from amends_cli.evaluate import evaluate, exemplars, label, steps
from amends_cli.failures import InputError, exit_code, one_line
from amends_cli.next_step import next_step
from amends_cli.playbooks import playbooks
from amends_cli.probe import probe
from amends_cli.score import score
from amends_cli.serve import serve
from amends_cli.token import token


class _Commands(TyperGroup):
    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (ClientError, InputError) as error:
            typer.echo(f"amends: {one_line(error)}", err=True)
            raise typer.Exit(exit_code(error)) from None


app = typer.Typer(
    cls=_Commands,
    name="amends",
    no_args_is_help=True,
    add_completion=False,
    # A traceback with its locals would print the conversation.
    pretty_exceptions_enable=False,
)
# Every flag after these, --help among them, is theirs to read.
for _name, _command in {
    "serve": serve,
    "eval": evaluate,
    "label": label,
    "exemplars": exemplars,
    "steps": steps,
}.items():
    app.command(
        _name,
        add_help_option=False,
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    )(_command)
app.command("score")(score)
app.command("conversation")(conversation)
app.command("next")(next_step)
app.command("coach")(coach)
app.add_typer(playbooks, name="playbooks")
app.add_typer(playbooks, name="playbook", hidden=True)
app.add_typer(bundle, name="bundle")
app.command("doctor")(doctor)
app.command("probe")(probe)
app.command("token")(token)


def _print_version(wanted: bool) -> None:
    if not wanted:
        return
    try:
        typer.echo(f"amends {version('amends')}")
    except PackageNotFoundError:
        typer.echo("amends, not installed")
    raise typer.Exit


@app.callback()
def amends(
    *,
    show_version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Score how well a reply makes amends to an upset customer, and learn what to do next."""


def main() -> None:
    """Runs the command line."""
    app(prog_name="amends")
