"""`amends token`: makes a bearer token, tells it once, and keeps its checksum alone."""

import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from amends_cli.failures import CALL_FAILED, InputError


def token(
    subject: Annotated[str, typer.Argument(help="Who is to use it, as the audit log shall name them.")],
    *,
    tenant: Annotated[str, typer.Option(help="The tenant it is for.")] = "default",
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="Days until it ends; left out: never.")] = None,
    file: Annotated[
        Path | None, typer.Option(help="File of `amends serve --tokens` that gets its entry; printed if not given.")
    ] = None,
) -> None:
    """Make a bearer token: it goes to standard output, once; what the server needs holds only its checksum."""
    try:
        # Only here: the other commands must work where the server's extra is not installed.
        from amends_server.identity.caller import IdentityError
        from amends_server.identity.token_file import with_entry
        from amends_server.identity.tokens import make_token
    except ModuleNotFoundError as error:
        typer.echo(
            f"amends: no token can be made, since {error.name} is not installed: pip install 'amends[server]'", err=True
        )
        raise typer.Exit(CALL_FAILED) from None
    expires = datetime.now(UTC).replace(microsecond=0) + timedelta(days=days) if days else None
    made, entry = make_token(tenant, subject, expires)
    try:
        content = with_entry(file or Path("tokens.yaml"), _read(file), entry)
    except IdentityError as error:
        raise InputError(str(error)) from None
    if file is None:
        typer.echo(f"Put this into the file of --tokens:\n{content.decode()}", err=True)
    else:
        _write(file, content)
        typer.echo(f"Its checksum is in {file}; servers that read this file take it in by themselves.", err=True)
    typer.echo(made)


def _read(file: Path | None) -> bytes:
    try:
        return file.read_bytes() if file is not None and file.exists() else b""
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror}") from None


def _write(file: Path, content: bytes) -> None:
    """Puts the whole file in the old one's place, so that no server reads half of it."""
    try:
        descriptor, draft = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # for this user alone
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
        if file.exists():
            os.chmod(draft, file.stat().st_mode)
        os.replace(draft, file)
    except OSError as error:
        raise InputError(f"cannot write {file}: {error.strerror}") from None
