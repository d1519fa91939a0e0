"""A server in a process of its own, whose every line and byte of memory is watched."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

PATIENCE_S = 300.0
_SERVE = "import sys; from amends_server.main import run; sys.exit(run(sys.argv[1:]))"


class ServerProcess:
    """`amends serve` as a process, on free ports where the flags name none."""

    def __init__(self, *flags: str, cwd: Path | None = None, **variables: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", "-c", _SERVE, "--port", "0", "--metrics-port", "0", *flags],
            cwd=cwd,
            env={**_environment(), **variables},
            stderr=subprocess.PIPE,
            text=True,
            errors="backslashreplace",
        )
        self._lines: list[str] = []
        self._serves = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.port = self.metrics_port = 0

    def _read(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self._lines.append(line)
            if '"message": "serving"' in line:
                record = json.loads(line)
                self.port, self.metrics_port = record["port"], record["metrics_port"]
                self._serves.set()
        self._serves.set()

    def wait_until_serving(self) -> None:
        assert self._serves.wait(PATIENCE_S)
        assert self.port, self.told

    def wait(self) -> int:
        """Waits for the end; gives the exit status."""
        status = self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        assert self.process.stderr
        self.process.stderr.close()
        return status

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Sends a signal and waits for the end; gives the exit status."""
        self.process.send_signal(number)
        return self.wait()

    @property
    def told(self) -> str:
        """All of standard error so far."""
        return "".join(self._lines)

    @property
    def target(self) -> str:
        return f"localhost:{self.port}"

    @property
    def rss_mb(self) -> float:
        process = psutil.Process(self.process.pid)
        family = [process, *process.children(recursive=True)]
        return float(sum(each.memory_info().rss for each in family)) / (1 << 20)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("AMENDS_", "GRPC_"))}


@contextmanager
def serving(*flags: str, **terms: Any) -> Iterator[ServerProcess]:
    """A server that serves, and is ended with the block."""
    server = ServerProcess(*flags, **terms)
    try:
        server.wait_until_serving()
        yield server
    finally:
        server.process.kill()
        server.wait()
