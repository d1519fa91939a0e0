"""Measures a scrape of a real service with every series there can be, for many tenants. `make scrape`."""

import asyncio
import itertools
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Any
from urllib.request import Request, urlopen

from amends_core.reference import FIGURES
from amends_server.editions import load_model
from amends_server.server import Service
from amends_server.settings import Settings
from labels import BY_OPERATOR, CALLS, LABELS
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

SCRAPES = 200
WORKERS = 4
TENANTS = [f"tenant-{number}" for number in range(50)]
CALL = ("grpc_type", "grpc_service", "grpc_method")
KINDS = {"text": "text/plain", "OpenMetrics": "application/openmetrics-text; version=1.0.0"}


def fill(registry: CollectorRegistry, model_version: str) -> None:
    """Makes every series that a service can have."""
    operators: dict[str, Sequence[str]] = {label: ["x"] for label in BY_OPERATOR}
    values = {**LABELS, **operators, "tenant": TENANTS, "model_version": [model_version]}
    for metric in list(registry._collector_to_names):
        if isinstance(metric, Counter | Gauge | Histogram) and metric._labelnames:
            for chosen in _choices(metric._labelnames, values):
                _touch(metric.labels(*chosen))


def _choices(names: tuple[str, ...], values: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, ...]]:
    """Each value of each label; but a method is of one service, and a bin of one figure."""
    if names[:3] == CALL:
        firsts, rest = CALLS, names[3:]
    elif names[-2:] == ("figure", "bin"):
        bins = [(figure, name) for figure, bins in FIGURES.items() for name in bins]
        yield from ((*others, *pair) for others in _choices(names[:-2], values) for pair in bins)
        return
    else:
        firsts, rest = [()], names
    for first in firsts:
        yield from ((*first, *others) for others in itertools.product(*(values[name] for name in rest)))


def _touch(series: Any) -> None:
    if isinstance(series, Histogram):
        series.observe(0.01, {"trace_id": "0" * 32, "span_id": "0" * 16})
    else:
        series.inc()


@dataclass(frozen=True, slots=True)
class _Scrape:
    """One scrape, by both of its sides."""

    page: bytes
    wall_ms: float
    cpu_ms: float


def _scrape(request: Request) -> _Scrape:
    wall, cpu = time.perf_counter(), time.process_time()
    with urlopen(request) as answer:
        page = answer.read()
    return _Scrape(page, 1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - cpu))


def measure(ports: Mapping[str, int]) -> None:
    """Prints the size of the page and how long it takes, by kind and as Prometheus asks for it; writers take turns."""
    for (name, accept), encoding in itertools.product(KINDS.items(), ("identity", "gzip")):
        headers = {"Accept": accept, "Accept-Encoding": encoding}
        requests = {
            writer: Request(f"http://127.0.0.1:{port}/metrics", headers=headers) for writer, port in ports.items()
        }
        took: dict[str, list[_Scrape]] = {writer: [] for writer in ports}
        for _, (writer, request) in itertools.product(range(SCRAPES), requests.items()):
            took[writer].append(_scrape(request))
        for writer, scrapes in took.items():
            print(f"{name}, {encoding}, by {writer}: {_summary(scrapes)}")


def _summary(scrapes: Sequence[_Scrape]) -> str:
    wall, cpu = (quantiles([getattr(one, of) for one in scrapes], n=100) for of in ("wall_ms", "cpu_ms"))
    size = len(scrapes[-1].page) >> 10
    return f"{size} KiB, p50 {wall[49]:.1f} ms, p99 {wall[98]:.1f} ms; of a core {cpu[49]:.1f} ms, p99 {cpu[98]:.1f} ms"


async def main() -> None:
    """Starts a service whose workers are processes, fills its metrics and scrapes them, of it and of the library."""
    settings = Settings(port=0, metrics_port=0, workers=WORKERS)
    model = load_model(settings)
    service = Service(settings, model)
    try:
        await service.start()
        fill(service.metrics.registry, model.bundle.manifest.version)
        families = list(service.metrics.registry.collect())
        series = sum(len(family.samples) for family in families)
        print(f"{series} series, {len(TENANTS)} tenants, {WORKERS} workers, {os.cpu_count()} cores")
        library, _ = start_http_server(0, "127.0.0.1", registry=service.metrics.registry)
        await asyncio.to_thread(measure, {"the library": library.server_port, "the service": service.metrics_port})
        library.shutdown()
    finally:
        await service.stop(0)


if __name__ == "__main__":
    asyncio.run(main())
