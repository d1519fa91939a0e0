"""Replicas as processes on ports of their own, each with its audit log: ended, killed and started again."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from amends_client.testing import ServerProcess, free_port


class Replica:
    """A place for one server; whoever starts there listens on the same port and writes to the same audit log."""

    def __init__(self, folder: Path, name: str, *flags: str) -> None:
        self.port = free_port()
        self.audit = folder / f"{name}.jsonl"
        self._flags = ("--port", str(self.port), "--audit-log", str(self.audit), *flags)
        self.server: ServerProcess | None = None

    def start(self) -> None:
        """Starts a server and waits until it serves."""
        self.server = ServerProcess(*self._flags)
        self.server.wait_until_serving()

    def end(self, number: signal.Signals) -> int:
        """Sends a signal and waits for the end; gives the exit status."""
        assert self.server
        return self.server.end(number)

    def close(self) -> None:
        """Ends what still runs."""
        if self.server is not None:
            self.server.close()

    def judged(self) -> list[dict[str, Any]]:
        """The audit lines of calls that were answered."""
        return judged(self.audit)


def judged(audit: Path) -> list[dict[str, Any]]:
    """The lines of an audit log of calls that were answered; the last line may be cut short by a kill."""
    lines = audit.read_text().splitlines()
    records = [json.loads(line) for line in lines if line.endswith("}")]
    return [record for record in records if record["code"] == "OK"]


@contextmanager
def replicas(folder: Path, count: int = 2, *flags: str) -> Iterator[list[Replica]]:
    """So many, which serve, until the end of the block."""
    found = [Replica(folder, f"replica-{number}", *flags) for number in range(count)]
    try:
        for replica in found:
            replica.start()
        yield found
    finally:
        for replica in found:
            replica.close()


def target_of(found: list[Replica]) -> str:
    """The addresses of all, as a name that resolves to them would give."""
    return "ipv4:" + ",".join(f"127.0.0.1:{replica.port}" for replica in found)
