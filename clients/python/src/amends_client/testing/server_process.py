"""The real server as a process of its own, for whom prepared answers are not enough. Needs `amends[server]`.

    with ServerProcess("--playbook-dir", "playbooks") as server:
        with Client(server.target) as client:
            ...

Its log goes to a file and is read on demand: who measures the server does not share a core with its log.
"""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

START_S = 600.0
"""Thousands of exemplars take minutes to encode."""
STOP_S = 300.0
_POLL_S = 0.02
_TOLD_CHARACTERS = 2000
_AMENDS = (sys.executable, "-m", "amends_cli")


class ServerFailed(RuntimeError):
    """The server ended, or took too long; the message holds the end of its log."""


class ServerProcess:
    """`amends serve` as a process, on free ports where the flags name none. For one thread.

    As a context it waits until the server serves, and kills it at the end.

    Args:
        flags: for `amends serve`.
        command: how `amends` is called; by default that of this interpreter.
        cwd: the folder it runs in; None: the current one.
        environment: its variables; None: those of `server_environment`.
    """

    def __init__(
        self,
        *flags: str,
        command: Sequence[str] = _AMENDS,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        log = tempfile.TemporaryFile()  # noqa: SIM115  it is read as long as this lives
        weakref.finalize(self, log.close)
        self._log, self._seen = log.fileno(), 0
        self._started = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603  it is the caller who names the command
            [*command, "serve", "--port", "0", "--metrics-port", "0", *flags],
            cwd=cwd,
            env=server_environment() if environment is None else environment,
            stdout=log,
            stderr=log,
        )
        self.record: Mapping[str, Any] = {}
        """The fields of its log record "serving"; empty before."""
        self.seconds_to_serve = 0.0

    def __enter__(self) -> Self:
        """Gives the server itself, which serves."""
        try:
            self.wait_until_serving()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Kills it."""
        self.close()

    @property
    def port(self) -> int:
        """Where it listens, once it serves."""
        return int(self.record["port"])

    @property
    def metrics_port(self) -> int:
        """Where its metrics are, once it serves."""
        return int(self.record["metrics_port"])

    @property
    def target(self) -> str:
        """Its address for a client, once it serves."""
        return f"localhost:{self.port}"

    @property
    def told(self) -> str:
        """All of its log so far."""
        return self._read_from(0).decode(errors="backslashreplace")

    def wait_until_serving(self, within_s: float = START_S) -> None:
        """Waits until it serves.

        Raises:
            ServerFailed: it ended, or took too long.
        """
        self.record = self.wait_for("serving", within_s)
        self.seconds_to_serve = time.monotonic() - self._started

    def wait_for(self, message: str, within_s: float = START_S) -> dict[str, Any]:
        """Waits for a log record, and gives its fields. What an earlier wait went past is not found again.

        Raises:
            ServerFailed: it ended, or took too long.
        """
        line = self.wait_for_line(
            lambda line: line.startswith("{") and json.loads(line)["message"] == message, within_s
        )
        record: dict[str, Any] = json.loads(line)
        return record

    def wait_for_line(self, is_meant: Callable[[str], bool], within_s: float = START_S) -> str:
        """Waits for a line of its log, which need be no record. What an earlier wait went past is not found again.

        Raises:
            ServerFailed: it ended, or took too long.
        """
        give_up = time.monotonic() + within_s
        while True:
            is_over = self.process.poll() is not None or time.monotonic() > give_up  # before its last lines are read
            for line in self._unread_lines():
                if is_meant(line):
                    return line
            if is_over:
                raise ServerFailed(f"{self._state()}: {self.told[-_TOLD_CHARACTERS:]}")
            time.sleep(_POLL_S)

    def wait(self, within_s: float = STOP_S) -> int:
        """Waits for the end; gives the exit status.

        Raises:
            subprocess.TimeoutExpired: it goes on for longer.
        """
        return self.process.wait(within_s)

    def end(self, number: signal.Signals = signal.SIGTERM, within_s: float = STOP_S) -> int:
        """Sends a signal and waits for the end; gives the exit status.

        Raises:
            subprocess.TimeoutExpired: it goes on for longer.
        """
        self.process.send_signal(number)
        return self.wait(within_s)

    def close(self) -> None:
        """Kills it where it still runs. What it told can still be read."""
        self.process.kill()
        self.process.wait()

    def _unread_lines(self) -> Iterator[str]:
        for line in io.BytesIO(self._read_from(self._seen)):
            if not line.endswith(b"\n"):  # the rest is still to come
                return
            self._seen += len(line)
            yield line.decode(errors="backslashreplace")

    def _read_from(self, start: int) -> bytes:
        # At an offset of its own: the server writes at the one that both share.
        return os.pread(self._log, os.fstat(self._log).st_size - start, start)

    def _state(self) -> str:
        status = self.process.poll()
        return "amends serve took too long" if status is None else f"amends serve ended with {status}"


def server_environment(**variables: str) -> dict[str, str]:
    """The variables of this process, without those that set up Amends or gRPC, and with those given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AMENDS_", "GRPC_"))}
    return {**kept, **variables}


def free_port() -> int:
    """A port of the loopback interface that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
