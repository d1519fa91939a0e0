"""Measures a scrape of every series there can be: each metric with all values of its labels. `make scrape`."""

import itertools
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any
from urllib.request import Request, urlopen

from amends_core.reference import FIGURES
from labels import BY_OPERATOR, CALLS, LABELS, all_metrics
from prometheus_client import Counter, Gauge, Histogram, start_http_server

SCRAPES = 50
CALL = ("grpc_type", "grpc_service", "grpc_method")
VALUES = {**LABELS, **{label: ["x"] for label in BY_OPERATOR}}
KINDS = {"text": "text/plain", "OpenMetrics": "application/openmetrics-text; version=1.0.0"}


def fill(metrics: Iterable[Any]) -> None:
    """Makes every series that a service can have."""
    for metric in metrics:
        if isinstance(metric, Counter | Gauge | Histogram) and metric._labelnames:
            for chosen in _choices(metric._labelnames):
                _touch(metric.labels(*chosen))


def _choices(names: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Each value of each label; but a method is of one service, and a bin of one figure."""
    if names[:3] == CALL:
        firsts, rest = CALLS, names[3:]
    elif names[-2:] == ("figure", "bin"):
        bins = [(figure, name) for figure, bins in FIGURES.items() for name in bins]
        yield from ((*others, *pair) for others in _choices(names[:-2]) for pair in bins)
        return
    else:
        firsts, rest = [()], names
    for first in firsts:
        yield from ((*first, *others) for others in itertools.product(*(VALUES[name] for name in rest)))


def _touch(series: Any) -> None:
    if isinstance(series, Histogram):
        series.observe(0.01, {"trace_id": "0" * 32, "span_id": "0" * 16})
    else:
        series.inc()


@dataclass(frozen=True, slots=True)
class _Scrape:
    """One scrape, by both of its sides."""

    page: bytes
    wall_s: float
    cpu_s: float


def _scrape(request: Request) -> _Scrape:
    wall, cpu = time.perf_counter(), time.process_time()
    with urlopen(request) as answer:
        page = answer.read()
    return _Scrape(page, time.perf_counter() - wall, time.process_time() - cpu)


def main() -> None:
    """Prints the size of the page and how long it takes, by kind."""
    metrics, candidates = all_metrics()
    fill([*vars(metrics).values(), *vars(candidates).values()])
    server, thread = start_http_server(0, "127.0.0.1", registry=metrics.registry)
    for name, accept in KINDS.items():
        request = Request(f"http://127.0.0.1:{server.server_port}/metrics", headers={"Accept": accept})
        took = [_scrape(request) for _ in range(SCRAPES)]
        page = took[-1].page
        series = sum(not line.startswith(b"#") for line in page.splitlines())
        wall, cpu = (1000 * median(getattr(one, name) for one in took) for name in ("wall_s", "cpu_s"))
        print(f"{name}: {series} series, {len(page) >> 10} KiB, median {wall:.1f} ms, of which {cpu:.1f} ms of a core")
    server.shutdown()
    server.server_close()
    thread.join()


if __name__ == "__main__":
    main()
