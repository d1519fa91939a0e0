"""Processes of the installed package."""

import json
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

PATIENCE_S = 100.0


def clean_environment() -> dict[str, str]:
    """The variables of this process, without those that could lead the package back to this checkout."""
    strange = ("AMENDS_", "PYTHON", "VIRTUAL_ENV", "COV")
    return {name: value for name, value in os.environ.items() if not name.startswith(strange)}


class Server:
    """`amends serve` as a process."""

    def __init__(self, environment: Path, *flags: str) -> None:
        self.process = subprocess.Popen(
            [environment / "bin/amends", "serve", *flags],
            cwd=environment,
            env=clean_environment(),
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        """Of standard error, as far as they were read."""
        self._unread: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self._unread.put(line)
        self.process.stderr.close()
        self._unread.put(None)

    def wait_for(self, message: str) -> dict[str, Any]:
        """Waits for a log record and gives its fields."""
        line = self.wait_for_line(lambda line: line.startswith("{") and json.loads(line)["message"] == message)
        record: dict[str, Any] = json.loads(line)
        return record

    def wait_for_line(self, is_meant: Callable[[str], bool]) -> str:
        """Waits for a line on standard error."""
        while (line := self._unread.get(timeout=PATIENCE_S)) is not None:
            self.lines.append(line)
            if is_meant(line):
                return line
        raise AssertionError(f"ended before it was told: {''.join(self.lines)}")

    @property
    def children(self) -> list[psutil.Process]:
        """The processes that it started: one that loads the model, and its workers."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def wait(self, within_s: float = PATIENCE_S) -> int:
        """Waits for the end, and gives the exit status."""
        status = self.process.wait(within_s)
        while (line := self._unread.get(timeout=PATIENCE_S)) is not None:
            self.lines.append(line)
        return status


class ServingServer(Server):
    """The same, once it serves, on free ports."""

    def __init__(self, environment: Path, *flags: str) -> None:
        started = time.monotonic()
        super().__init__(environment, "--port", "0", "--metrics-port", "0", *flags)
        self.record = self.wait_for("serving")
        self.seconds_to_serve = time.monotonic() - started
        self.hint = self.wait_for_line(lambda line: line.startswith("  amends score")).strip()
        """The command that the server offers to a newcomer."""

    @property
    def port(self) -> int:
        return int(self.record["port"])

    @property
    def target(self) -> str:
        return f"localhost:{self.port}"


Started = Callable[..., "Server"]
