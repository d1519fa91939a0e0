"""`amends serve`: hands everything over to the server, which reads its own flags."""

import typer

from amends_cli.failures import CALL_FAILED


def serve(ctx: typer.Context) -> None:
    """Run the server; `amends serve --help` tells its flags."""
    try:
        # Only here: the other commands must work where the server's extra is not installed.
        from amends_server.main import run
    except ModuleNotFoundError as error:
        typer.echo(
            f"amends: the server cannot run, since {error.name} is not installed: pip install 'amends[server]'",
            err=True,
        )
        raise typer.Exit(CALL_FAILED) from None
    raise typer.Exit(run(ctx.args))
