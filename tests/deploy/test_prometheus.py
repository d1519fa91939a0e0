"""A real Prometheus scrapes the metrics of the service, and every panel gets data from it.

The registry is the service's own; the figures in it are made up here.
"""

import itertools
import json
import shutil
import threading
import time
import urllib.error
from collections.abc import Iterator
from typing import Any

import pytest
from amends_server.candidate import CandidateMetrics
from amends_server.metrics import Metrics
from deploy_files import DASHBOARDS, load_dashboards
from prometheus_client import Counter, Gauge, Histogram, start_http_server

pytestmark = pytest.mark.skipif(
    shutil.which("prometheus") is None, reason="prometheus is not here: install Debian's package of that name"
)

PATIENCE_S = 60.0
NEEDS_DAYS = {"amends:verdicts:psi1d"}
"""Recorded series that compare a day with the week before."""
LABELS = {
    "grpc_type": ("unary", "bidi_stream"),
    "grpc_service": ("amends.v1.EmpathyService",),
    "grpc_method": ("ScoreReply", "NextStep"),
    "grpc_code": ("OK", "INTERNAL"),
    "result": ("hit", "miss"),
    "reason": ("deadline",),
    "priority": ("live", "shadow"),
    "fault": ("sentence",),
    "language": ("en", "other"),
    "model_version": ("1",),
    "figure": ("score",),
    "bin": ("0-10", "10-20"),
    "event": ("turn",),
    "outcome": ("read", "refused", "same"),
    "playbook": ("defuse_and_retain",),
    "verdict": ("UNSURE", "MAKES_AMENDS"),
    "step": ("APOLOGIZE",),
    "misstep": ("SCRIPTED",),
    "fate": ("followed",),
    "tenant": ("acme",),
    "unit": ("calls",),
    "what": ("tokens", "verdict", "first_advice"),
    "name": ("m",),
    "sha256": ("cd" * 32,),
    "use": ("shadow", "canary"),
    "by": ("current", "candidate"),
    "label": ("APOLOGIZE",),
    "found_by": ("both", "current"),
}


def _feed(*metrics: Metrics | CandidateMetrics) -> None:
    """Lets every metric grow once, with each of its labels."""
    for field in itertools.chain.from_iterable(vars(each).values() for each in metrics):
        if not isinstance(field, Counter | Gauge | Histogram):
            continue
        for values in itertools.product(*(LABELS[name] for name in field._labelnames)):
            child = field.labels(*values) if values else field
            if isinstance(child, Histogram):
                child.observe(0.004)
            elif isinstance(child, Gauge):
                child.set(0.5)
            else:
                child.inc()


@pytest.fixture(scope="module")
def exporter() -> Iterator[int]:
    """The port of a /metrics whose figures grow all the time."""
    metrics, done = Metrics(), threading.Event()
    candidate = CandidateMetrics(metrics.registry)
    metrics.model.info({"name": "m", "version": "1", "sha256": "ab" * 32})

    def grow() -> None:
        while not done.wait(0.1):
            _feed(metrics, candidate)

    feeder = threading.Thread(target=grow)
    server, thread = start_http_server(0, "127.0.0.1", registry=metrics.registry)
    feeder.start()
    yield server.server_port
    done.set()
    feeder.join()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def prometheus(exporter: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Prometheus that has scraped, and evaluated the rules, for some seconds."""
    with load_dashboards("scraping").scraping(exporter, tmp_path_factory.mktemp("prometheus")) as running:
        # The last that can be there: recorded from what is recorded.
        _wait_for_data(running, "amends:availability_errors:ratio_rate30d")
        yield running


def _values(prometheus: Any, expression: str) -> list[float]:
    found = prometheus.ask("query", query=expression)["result"]
    return [float(sample["value"][1]) for sample in found]


def _wait_for_data(prometheus: Any, expression: str) -> list[float]:
    """Numbers, once there are some: a rate needs two scrapes, and what is recorded from it a third."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            values = [value for value in _values(prometheus, expression) if value == value]  # noqa: PLR0124  not NaN
        except (urllib.error.URLError, ConnectionError):
            values = []  # it has not started yet
        if values or time.monotonic() > end:
            assert values, f"no data for {expression}"
            return values
        time.sleep(0.2)


def _targets() -> Iterator[tuple[str, str]]:
    for file in DASHBOARDS:
        for panel in json.loads(file.read_text())["panels"]:
            for target in panel.get("targets", []):
                yield f"{file.stem}: {panel['title']}: {target['legendFormat']}", target["expr"]


@pytest.mark.parametrize(("where", "expression"), list(_targets()), ids=[where for where, _ in _targets()])
def test_a_panel_gets_data(prometheus: Any, where: str, expression: str) -> None:
    for variable, value in (("$__rate_interval", "4s"), ("$namespace", ".*"), ("$job", ".*")):
        expression = expression.replace(variable, value)
    if any(name in expression for name in NEEDS_DAYS):
        assert _values(prometheus, expression) == [], f"{where}: nothing to compare with yet, and no error"
        return
    _wait_for_data(prometheus, expression)


def test_no_rule_fails(prometheus: Any) -> None:
    rules = [rule for group in prometheus.ask("rules")["groups"] for rule in group["rules"]]
    assert rules
    assert [rule for rule in rules if rule["health"] != "ok"] == []


def test_what_is_made_up_as_faulty_fires(prometheus: Any) -> None:
    """Half of the calls fail here, so that the pages are at least pending."""
    _wait_for_data(prometheus, 'ALERTS{alertname="AmendsAvailabilityBudgetBurn", severity="page"}')
