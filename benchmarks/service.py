"""A service of the benchmark's own: started as its users start it, watched from outside."""

import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.request import urlopen

import psutil
from amends_client.testing import ServerProcess
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.outcomes import Phase

_STOP_S = 60.0
"""A drain takes as long as its grace."""
_SAMPLE_S = 0.25

Metrics = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


class Service:
    """`amends serve` as a process, with memory and processor time sampled while it runs.

    Args:
        flags: for `amends serve`; ports are chosen free.
    """

    def __init__(self, *flags: str) -> None:
        self._flags = flags
        self._server: ServerProcess | None = None
        self._watches: list[Watch] = []
        self.port = self.metrics_port = 0
        self.seconds_to_serve = 0.0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def target(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"

    @property
    def watch(self) -> "Watch":
        """Of its process, the latest where it was started again."""
        return self._watches[-1]

    def usage(self, phase: Phase) -> dict[str, Any]:
        """What a phase took, of the process that ran in most of it."""
        return max(self._watches, key=lambda watch: len(watch.during(phase))).usage(phase)

    def start(self) -> None:
        """Starts it, on the same ports where it ran before, and waits until it serves.

        Raises:
            ServerFailed: it ended, or took too long.
        """
        ports = ("--port", str(self.port), "--metrics-port", str(self.metrics_port))
        self._server = server = ServerProcess(*ports, *self._flags)
        server.wait_until_serving()
        self.seconds_to_serve = server.seconds_to_serve
        self.port, self.metrics_port = server.port, server.metrics_port
        self._watches.append(Watch(server.process.pid))

    def stop(self, *, hard: bool = False) -> None:
        """Ends it, by SIGTERM, or by SIGKILL where it is to vanish."""
        if self._watches:
            self.watch.stop()
        if self._server is None:
            return
        try:
            self._server.end(signal.SIGKILL if hard else signal.SIGTERM, _STOP_S)
        except subprocess.TimeoutExpired:
            self._server.close()

    def metrics(self) -> Metrics:
        """Every sample of its metrics page."""
        with urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=30) as page:
            text = page.read().decode()
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }


class Watch:
    """Samples memory and processor time of a process and of those that it started, in a thread."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._family: Sequence[psutil.Process] | None = None
        self.samples: list[tuple[float, float, float]] = []
        """Monotonic seconds, megabytes, processor seconds used so far."""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Takes no more samples."""
        self._ended.set()
        self._thread.join()

    def during(self, phase: Phase) -> list[tuple[float, float, float]]:
        """The samples of a phase."""
        return [each for each in self.samples if phase.start - _SAMPLE_S <= each[0] <= phase.end + _SAMPLE_S]

    def usage(self, phase: Phase) -> dict[str, Any]:
        """What a phase took: mean processors in use, and resident megabytes at its end and at most."""
        found = self.during(phase)
        if len(found) < 2:
            return {"phase": phase.name, "cores": None, "rss_mb": None, "rss_most_mb": None}
        seconds = found[-1][0] - found[0][0]
        return {
            "phase": phase.name,
            "cores": round((found[-1][2] - found[0][2]) / seconds, 2),
            "rss_mb": round(found[-1][1], 1),
            "rss_most_mb": round(max(each[1] for each in found), 1),
        }

    def sample(self) -> tuple[float, float, float]:
        """Takes a sample now."""
        family = [self._process, *self._children()]
        times = [each.cpu_times() for each in family]
        rss_mb = sum(_memory(each) for each in family) / 2**20
        self.samples.append((time.monotonic(), rss_mb, sum(each.user + each.system for each in times)))
        return self.samples[-1]

    def anonymous_mb(self) -> float:
        """Resident megabytes of no file: unlike the others they do not change with who else has the same libraries."""
        return sum(map(_anonymous, (self._process, *self._children()))) / 2**20

    def _children(self) -> Sequence[psutil.Process]:
        """Those that serve: they are all there before the first sample, and as long as the process is."""
        if self._family is None:
            self._family = self._process.children(recursive=True)
        return self._family

    def _run(self) -> None:
        try:
            while not self._ended.is_set():
                self.sample()
                self._ended.wait(_SAMPLE_S)
        except psutil.NoSuchProcess:
            return


def _memory(process: psutil.Process) -> int:
    """Bytes; what processes share is counted once."""
    return int(getattr(process.memory_full_info(), "pss", 0) or process.memory_info().rss)


def _anonymous(process: psutil.Process) -> int:
    """Bytes; what processes share is counted once. 0 where the system does not tell."""
    try:
        lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss_Anon:"))


def total(metrics: Metrics, name: str, **labels: str) -> float:
    """The sum of a metric's samples with these labels."""
    wanted = labels.items()
    return sum(value for (found, marks), value in metrics.items() if found == name and wanted <= marks)


def change(before: Metrics, after: Metrics, name: str, **labels: str) -> float:
    """By how much a counter grew."""
    return total(after, name, **labels) - total(before, name, **labels)


def counters(before: Metrics, after: Metrics) -> dict[str, Any]:
    """What the service counted between two looks at its metrics."""
    hits = change(before, after, "amends_cache_requests_total", result="hit")
    asked = hits + change(before, after, "amends_cache_requests_total", result="miss")
    return {
        "cache_hit_share": round(hits / asked, 3) if asked else None,
        "refused": int(change(before, after, "amends_admission_refused_total")),
        "expired_sentences": int(change(before, after, "amends_queue_dropped_total", reason="expired")),
        "cancelled_sentences": int(change(before, after, "amends_queue_dropped_total", reason="cancelled")),
    }
