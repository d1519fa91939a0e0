"""`amends playbooks check`: checks playbook files before they serve, and shows how they behave. Asks no server."""

import json as json_lines
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from amends_cli.examination_view import examination_dict, show_examination, show_finding
from amends_cli.failures import CALL_FAILED, InputError
from amends_cli.output import print_text

if TYPE_CHECKING:  # the core is there only with the server's extra
    from amends_core.checks import Examination


def check(
    files: Annotated[list[Path], typer.Argument(help="Playbook files, or folders of *.yaml.")],
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Fail for warnings, too.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Leave the sample conversations out.")] = False,
) -> None:
    """Check playbook files, then run them over sample conversations; exit 1 where one has an error."""
    found = _examine(tuple(_paths(files)))
    if json:
        typer.echo(json_lines.dumps([examination_dict(each) for each in found], ensure_ascii=False, indent=2))
    else:
        _print(found, quiet=quiet)
    if any(each.errors or (strict and each.warnings) for each in found):
        raise typer.Exit(CALL_FAILED)


def _print(found: "Sequence[Examination]", *, quiet: bool) -> None:
    for each in found:
        if not quiet and each.rehearsals:
            print_text(show_examination(each))
    for each in found:
        for finding in each.findings:
            typer.echo(show_finding(each, finding))
        verdict = "refused" if each.errors else "fit to serve"
        typer.echo(f"{each.path}: {verdict}, errors {each.errors}, warnings {each.warnings}")


def _examine(paths: Sequence[Path]) -> "Sequence[Examination]":
    try:
        # Only here: the other commands must work where the server's extra is not installed.
        from amends_core.bundle import DEFAULT_BUNDLE, load_bundle
        from amends_core.checks import Examiner
        from amends_core.errors import BundleError
    except ModuleNotFoundError as error:
        raise InputError(
            f"nothing can be checked, since {error.name} is not installed: pip install 'amends[server]'"
        ) from None
    try:
        return Examiner(load_bundle(Path(os.environ.get("AMENDS_MODEL_DIR") or DEFAULT_BUNDLE))).examine(paths)
    except BundleError as error:
        raise InputError(str(error)) from None


def _paths(given: Sequence[Path]) -> Iterator[Path]:
    for path in given:
        if not path.is_dir():
            yield path
            continue
        inside = sorted(path.glob("*.yaml"))
        if not inside:
            raise InputError(f"{path} holds no *.yaml; name the files, or a folder that holds some")
        yield from inside
