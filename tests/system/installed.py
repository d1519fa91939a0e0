"""The installed package, as its users have it, and servers of it."""

import os
from collections.abc import Callable
from pathlib import Path

import psutil
from amends_client.testing import ServerProcess

PATIENCE_S = 100.0


def clean_environment() -> dict[str, str]:
    """The variables of this process, without those that could lead the package back to this checkout."""
    strange = ("AMENDS_", "PYTHON", "VIRTUAL_ENV", "COV")
    return {name: value for name, value in os.environ.items() if not name.startswith(strange)}


def server_of(environment: Path, *flags: str) -> ServerProcess:
    """`amends serve` of a virtual environment."""
    command = [str(environment / "bin/amends")]
    return ServerProcess(*flags, command=command, cwd=environment, environment=clean_environment())


def children_of(server: ServerProcess) -> list[psutil.Process]:
    """The processes that it started: one that loads the model, and its workers."""
    return psutil.Process(server.process.pid).children(recursive=True)


Started = Callable[..., ServerProcess]
"""Starts a server; with `serving=False` it is not waited for."""
