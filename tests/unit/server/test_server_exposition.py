"""The metrics page is, byte for byte, the one that prometheus_client writes."""

import gzip
from collections.abc import Iterable, Sequence
from itertools import product
from wsgiref.types import WSGIApplication
from wsgiref.util import setup_testing_defaults

import pytest
from amends_server.candidate import CandidateMetrics
from amends_server.exposition import metrics_app
from amends_server.metrics import Metrics
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric, make_wsgi_app

ACCEPTED = (
    "",
    "text/plain;version=0.0.4",
    "text/plain;version=1.0.0;escaping=allow-utf-8",
    "application/openmetrics-text",
    "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5",
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6",
    "application/openmetrics-text;version=1.0.0;escaping=dots",
    "application/openmetrics-text;version=1.0.0;escaping=values",
)
ODD = (0.0, -0.0, 1e-9, 0.1 + 0.2, 123456.0, 1234567.0, 1e6, 1e22, -1e9, float("inf"), float("-inf"), float("nan"))
Answer = tuple[str, list[tuple[str, str]], bytes]


class Still:
    """What a registry had at one moment: memory and processor time change from one page to the next."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self.families = list(families)

    def collect(self) -> Sequence[Metric]:
        return self.families


def _ask(app: WSGIApplication, path: str = "/metrics", **environ: str) -> Answer:
    """Status, headers and the page, unpacked."""
    told: list[tuple[str, list[tuple[str, str]]]] = []
    asked = {"PATH_INFO": path, **environ}
    setup_testing_defaults(asked)
    (body,) = app(asked, lambda status, headers, _=None: told.append((status, headers)))  # type: ignore[arg-type, return-value]
    ((status, headers),) = told
    return status, headers, gzip.decompress(body) if ("Content-Encoding", "gzip") in headers else body


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch, metric_labels: object) -> CollectorRegistry:
    """Every series that a service can have, exemplars included."""
    import scrape

    monkeypatch.setattr(scrape, "TENANTS", ["one", "two"])
    metrics = Metrics()
    CandidateMetrics(metrics.registry)
    metrics.serves(name="a model", version="1", sha256="0" * 64, reference=None)
    scrape.fill(metrics.registry, "1")
    return metrics.registry


@pytest.fixture
def odd() -> CollectorRegistry:
    """Values, labels and exemplars that are hard to write."""
    registry = CollectorRegistry()
    hard = 'a\\b"c\nd é 🚚'
    gauge = Gauge("odd_values", f"Hard to write: {hard}.", ("b", "a"), registry=registry)
    for number, value in enumerate(ODD):
        gauge.labels(f"{number}{hard}", "").set(value)
    Counter("odd_calls", "Nothing.", registry=registry).inc(2, {"trace_id": hard})
    spans = Histogram("odd_seconds", "Spans.", ("kind",), buckets=(-1, 0.5, 1e7), registry=registry)
    for value in (-2.0, 0.25, 1e6, 1e8):
        spans.labels("x").observe(value, {"trace_id": "7", "span_id": hard})
    Gauge("odd_without_series", "Nothing yet.", ("kind",), registry=registry)
    return registry


@pytest.mark.parametrize("name", ["full", "odd"])
def test_the_page_is_that_of_the_library(name: str, request: pytest.FixtureRequest) -> None:
    still = Still(request.getfixturevalue(name).collect())
    ours, library = metrics_app(still), make_wsgi_app(still)
    for accepted, encoding, _ in product(ACCEPTED, ("identity", "gzip"), ("first", "kept")):
        asked = {"HTTP_ACCEPT": accepted, "HTTP_ACCEPT_ENCODING": encoding}
        assert _ask(ours, **asked) == _ask(library, **asked), asked


def test_what_changed_is_on_the_next_page(odd: CollectorRegistry) -> None:
    still = Still(odd.collect())
    ours, library = metrics_app(still), make_wsgi_app(still)
    before = _ask(ours, HTTP_ACCEPT=ACCEPTED[4])
    Counter("odd_ends", "New.", ("kind",), registry=odd).labels("x").inc()
    still.families = list(odd.collect())[::-1]
    after = _ask(ours, HTTP_ACCEPT=ACCEPTED[4])
    assert after != before
    assert after == _ask(library, HTTP_ACCEPT=ACCEPTED[4])


def test_all_else_is_answered_by_the_library(odd: CollectorRegistry) -> None:
    ours, library = metrics_app(odd), make_wsgi_app(odd)
    for asked in (
        {"path": "/"},
        {"path": "/favicon.ico"},
        {"REQUEST_METHOD": "POST"},
        {"REQUEST_METHOD": "OPTIONS"},
        {"QUERY_STRING": "name[]=odd_calls_total"},
    ):
        assert _ask(ours, **asked) == _ask(library, **asked), asked
