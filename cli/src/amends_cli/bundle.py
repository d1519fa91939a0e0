"""`amends bundle`: signs a model bundle, or checks one before it serves. Asks no server."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from amends_cli.failures import InputError

if TYPE_CHECKING:  # the core is there only with the server's extra
    from amends_core.bundle import Bundle

T = TypeVar("T")
Folder = Annotated[Path, typer.Argument(help="Folder of the bundle.")]

bundle = typer.Typer(no_args_is_help=True, add_completion=False, help="Sign a model bundle, or check one.")


@bundle.command("sign")
def sign(
    folder: Folder,
    *,
    key: Annotated[Path, typer.Option("--key", help="PEM file of the Ed25519 private key.")],
) -> None:
    """Check a bundle and sign it; writes manifest.json.sig, and reference.json.sig where there is a reference."""

    def signed() -> list[Path]:
        from amends_server.signing import sign_bundle

        return sign_bundle(folder, key)

    typer.echo(f"signed: {', '.join(map(str, _done(signed)))}")


@bundle.command("verify")
def verify(
    folder: Folder,
    *,
    key: Annotated[
        Path | None, typer.Option("--key", help="PEM file of the Ed25519 public key; left out: checksums alone.")
    ] = None,
) -> None:
    """Check a bundle's files and, with a key, its signature; exit 2 where it must not serve."""

    def loaded() -> "Bundle":
        from amends_core.bundle import load_bundle
        from amends_server.signing import load_signed

        return load_signed(folder, key) if key is not None else load_bundle(folder)

    found = _done(loaded)
    state = "whole and signed by this key" if key is not None else "whole; the signature was not checked"
    typer.echo(f"{found.manifest.name} {found.manifest.version} ({found.sha256[:12]}): {state}")


def _done(work: Callable[[], T]) -> T:
    try:
        # Only here: the other commands must work where the server's extra is not installed.
        from amends_core.errors import BundleError
    except ModuleNotFoundError as error:
        raise _lacks(error) from None
    try:
        return work()
    except ModuleNotFoundError as error:
        raise _lacks(error) from None
    except BundleError as error:
        raise InputError(str(error)) from None


def _lacks(error: ModuleNotFoundError) -> InputError:
    return InputError(f"bundles cannot be read, since {error.name} is not installed: pip install 'amends[server]'")
