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
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

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


def measure(port: int) -> None:
    """Prints the size of the page and how long it takes, by kind and as Prometheus asks for it."""
    for (name, accept), encoding in itertools.product(KINDS.items(), ("identity", "gzip")):
        headers = {"Accept": accept, "Accept-Encoding": encoding}
        request = Request(f"http://127.0.0.1:{port}/metrics", headers=headers)
        took = [_scrape(request) for _ in range(SCRAPES)]
        wall, cpu = (quantiles([getattr(one, of) for one in took], n=100) for of in ("wall_ms", "cpu_ms"))
        print(
            f"{name}, {encoding}: {len(took[-1].page) >> 10} KiB, p50 {wall[49]:.1f} ms, p99 {wall[98]:.1f} ms; "
            f"of a core {cpu[49]:.1f} ms, p99 {cpu[98]:.1f} ms"
        )


async def main() -> None:
    """Starts a service whose workers are processes, fills its metrics and scrapes them."""
    settings = Settings(port=0, metrics_port=0, workers=WORKERS)
    model = load_model(settings)
    service = Service(settings, model)
    try:
        await service.start()
        fill(service.metrics.registry, model.bundle.manifest.version)
        families = list(service.metrics.registry.collect())
        series = sum(len(family.samples) for family in families)
        print(f"{series} series, {len(TENANTS)} tenants, {WORKERS} workers, {os.cpu_count()} cores")
        await asyncio.to_thread(measure, service.metrics_port)
    finally:
        await service.stop(0)


if __name__ == "__main__":
    asyncio.run(main())
