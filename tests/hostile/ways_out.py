"""A server of which every way out is looked at: standard error, audit log, OTLP, and metrics in both formats."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

from amends_client.testing import ServerProcess, server_environment
from otlp_collector import Collector, collecting

PATIENCE_S = 60.0
OPEN_METRICS = "application/openmetrics-text; version=1.0.0"
_AT_ONCE = {"OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_METRIC_EXPORT_INTERVAL": "200"}
"""In milliseconds."""


@dataclass(frozen=True, slots=True)
class WaysOut:
    """A server, and where it tells something."""

    server: ServerProcess
    audit_log: Path
    collector: Collector

    def written(self) -> str:
        """What was told so far, and stays when the server has ended."""
        return "".join((self.server.told, self.audit_log.read_text(), self.collector.told))

    def scraped(self, accept: str = "text/plain") -> str:
        """A page of metrics; only OpenMetrics has exemplars."""
        page = Request(f"http://127.0.0.1:{self.server.metrics_port}/metrics", headers={"Accept": accept})
        with urlopen(page, timeout=PATIENCE_S) as answer:
            text: str = answer.read().decode()
            return text

    def everything(self) -> str:
        """What was told so far by every way."""
        return "".join((self.written(), self.scraped(), self.scraped(OPEN_METRICS)))


def until(holds: Callable[[], bool]) -> None:
    """Waits until this holds: what is told may come behind the answer."""
    ends = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < ends, "it never came"
        time.sleep(0.05)


@contextmanager
def talkative(folder: Path, *flags: str, **variables: str) -> Iterator[WaysOut]:
    """A server that tells all it can, at every level; its own folder is `folder`."""
    audit_log = folder.with_suffix(".audit")
    flags = ("--log-level", "DEBUG", "--audit-log", str(audit_log), *flags)
    with collecting() as collector:
        exports = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint, **_AT_ONCE}
        with ServerProcess(*flags, cwd=folder, environment=server_environment(**exports, **variables)) as server:
            yield WaysOut(server, audit_log, collector)
