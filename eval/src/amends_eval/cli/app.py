"""All commands of `amends eval`, and the one place where a failure becomes a line and an exit code."""

from typing import Any

import typer
from amends_core.errors import TeachingError
from typer.core import TyperGroup

from amends_eval.cli import (
    agreement,
    baseline,
    compare,
    datasets,
    exemplars,
    gate,
    import_labels,
    label,
    report,
    run,
    steps,
    suites,
    yardstick,
)
from amends_eval.errors import EvalError, TargetError
from amends_eval.suites.catalogue import suites as known_suites

CALL_FAILED = 1
BAD_INPUT = 2


class _Commands(TyperGroup):
    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        # `amends eval quick` reads better than `amends eval run quick`.
        if args[0] not in self.commands and args[0] in {"all", "quick", *known_suites()}:
            args = ["run", *args]
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except EvalError as error:
            typer.echo(f"amends: {' '.join(str(error).split())}", err=True)
            raise typer.Exit(CALL_FAILED if isinstance(error, TargetError) else BAD_INPUT) from None
        except TeachingError as error:
            # One line a problem, each with its place.
            typer.echo(f"amends: {error}", err=True)
            raise typer.Exit(BAD_INPUT) from None


app = typer.Typer(
    cls=_Commands,
    name="eval",
    help="Measure a model against what people say.",
    no_args_is_help=True,
    add_completion=False,
    # A traceback with its locals would print what was asked.
    pretty_exceptions_enable=False,
)
for _name, _module in {
    "run": run,
    "suites": suites,
    "datasets": datasets,
    "report": report,
    "compare": compare,
    "gate": gate,
    "baseline": baseline,
    "agreement": agreement,
    "import": import_labels,
    "yardstick": yardstick,
}.items():
    app.command(_name)(_module.command)

for _name, _group in {"label": label.app, "exemplars": exemplars.app, "steps": steps.app}.items():
    app.add_typer(_group, name=_name)


def main(arguments: list[str] | None = None, prog_name: str = "amends eval") -> None:
    """Runs the command line.

    Args:
        arguments: what follows `prog_name`; None: the process's.
        prog_name: how the usage calls the program.
    """
    app(args=arguments, prog_name=prog_name)
