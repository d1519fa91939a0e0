"""The flags that say which server to ask, the same for every command that asks one."""

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from amends_client import ClientOptions
from amends_client.options import DEFAULT_TARGET

_PANEL = "Server"


def _flags(
    *,
    target: Annotated[
        str, typer.Option(envvar="AMENDS_TARGET", help="Server to ask, as host:port.", rich_help_panel=_PANEL)
    ] = DEFAULT_TARGET,
    timeout: Annotated[float, typer.Option(help="Seconds a call may take.", rich_help_panel=_PANEL)] = 10.0,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="AMENDS_TOKEN",
            help="Bearer token. Give it by the variable: a command line can be read by other users.",
            rich_help_panel=_PANEL,
        ),
    ] = None,
    tls: Annotated[bool, typer.Option("--tls", help="Encrypt the connection.", rich_help_panel=_PANEL)] = False,
    tls_root: Annotated[
        Path | None, typer.Option(help="PEM file of the authorities to trust.", rich_help_panel=_PANEL)
    ] = None,
    tls_cert: Annotated[
        Path | None, typer.Option(help="PEM file of the client's certificate.", rich_help_panel=_PANEL)
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM file of its key.", rich_help_panel=_PANEL)] = None,
) -> ClientOptions:
    return ClientOptions(
        target=target,
        timeout_s=timeout,
        token=token,
        tls=tls,
        tls_root_path=tls_root,
        tls_cert_path=tls_cert,
        tls_key_path=tls_key,
    )


def connected(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the flags of the connection, gathered into its parameter `options`.

    Typer reads a command's flags from its signature, so the signature is rewritten: `options` goes, the
    flags come.
    """
    flags = inspect.signature(_flags).parameters
    signature = inspect.signature(command)
    own = [parameter for name, parameter in signature.parameters.items() if name != "options"]

    @functools.wraps(command)
    def run(**given: Any) -> None:
        connection = {name: given.pop(name) for name in flags}
        command(**given, options=_flags(**connection))

    parameters = [*own, *flags.values()]
    run.__dict__["__signature__"] = inspect.Signature(
        [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
    )
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run
