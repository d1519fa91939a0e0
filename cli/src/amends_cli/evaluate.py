"""`amends eval`, `label`, `exemplars` and `steps`: hand over to the evaluation, which reads its own flags."""

import typer

from amends_cli.failures import CALL_FAILED


def evaluate(ctx: typer.Context) -> None:
    """Measure a model against what people say; `amends eval --help` tells how."""
    _hand_over(ctx.args, "amends eval")


def label(ctx: typer.Context) -> None:
    """Label sentences at the terminal; `amends label --help` tells how."""
    _hand_over(["label", *ctx.args], "amends")


def exemplars(ctx: typer.Context) -> None:
    """Measure what exemplars of your own change; `amends exemplars --help` tells how."""
    _hand_over(["exemplars", *ctx.args], "amends")


def steps(ctx: typer.Context) -> None:
    """Fit a step of your own from examples; `amends steps --help` tells how."""
    _hand_over(["steps", *ctx.args], "amends")


def _hand_over(arguments: list[str], prog_name: str) -> None:
    try:
        # Only here: the other commands must work where the extra is not installed.
        from amends_eval.cli.app import main
    except ModuleNotFoundError as error:
        typer.echo(
            f"amends: nothing can be evaluated, since {error.name} is not installed: pip install 'amends[eval]'",
            err=True,
        )
        raise typer.Exit(CALL_FAILED) from None
    main(arguments, prog_name)
