"""The built wheel, installed as its users install it, and the server as a process."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from amends_client.testing import ServerProcess
from installed import PATIENCE_S, Started, clean_environment, server_of

ROOT = Path(__file__).parents[2]


def _run(*command: str | Path, cwd: Path = ROOT) -> None:
    done = subprocess.run(command, cwd=cwd, env=clean_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="session")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh virtual environment with the locked runtime and the wheel; nothing of this checkout."""
    folder = tmp_path_factory.mktemp("venv")
    _run(sys.executable, "-m", "venv", folder)
    install = (folder / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    _run(*install, "--require-hashes", "-r", ROOT / "requirements/runtime.txt", cwd=folder)
    _run(*install, "--no-deps", wheel, cwd=folder)
    return folder


@pytest.fixture
def start(environment: Path) -> Iterator[Started]:
    """Starts servers, and sees to it that none outlives its test."""
    with ExitStack() as stack:

        def started(*flags: str, serving: bool = True) -> ServerProcess:
            server = server_of(environment, *flags)
            stack.callback(server.close)
            if serving:
                server.wait_until_serving(PATIENCE_S)
            return server

        yield started


@pytest.fixture(scope="session")
def served(environment: Path) -> Iterator[ServerProcess]:
    """The server that tests share where they only call it."""
    with server_of(environment) as server:
        yield server
        assert server.end() == 0
