"""A real Prometheus scrapes the metrics of the service, and every panel gets data from it.

The registry is the service's own; the figures in it are made up here.
"""

import itertools
import json
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from amends_server.candidate import CandidateMetrics
from amends_server.metrics import Metrics
from deploy_files import DASHBOARDS, RULE_FILES
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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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


def _configured(folder: Path, exporter: int) -> Path:
    """Prometheus' configuration with our rules, which are evaluated every second here."""
    for file in RULE_FILES:
        rules = yaml.safe_load(file.read_text())
        for group in rules["groups"]:
            group["interval"] = "1s"
        (folder / file.name).write_text(yaml.safe_dump(rules))
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [file.name for file in RULE_FILES],
        "scrape_configs": [
            {
                "job_name": "amends",
                "static_configs": [
                    {"targets": [f"127.0.0.1:{exporter}"], "labels": {"namespace": "prod", "pod": "amends-0"}}
                ],
            }
        ],
    }
    path = folder / "prometheus.yml"
    path.write_text(yaml.safe_dump(config))
    return path


@pytest.fixture(scope="module")
def prometheus(exporter: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Prometheus that has scraped, and evaluated the rules, for some seconds."""
    folder = tmp_path_factory.mktemp("prometheus")
    address = f"127.0.0.1:{_free_port()}"
    command = [
        "prometheus",
        f"--config.file={_configured(folder, exporter)}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
        "--log.level=error",
    ]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            # The last that can be there: recorded from what is recorded.
            _wait_for_data(address, "amends:availability_errors:ratio_rate30d")
            yield address
        finally:
            process.terminate()


def _ask(address: str, path: str, **parameters: str) -> Any:
    url = f"http://{address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)["data"]


def _values(address: str, expression: str) -> list[float]:
    found = _ask(address, "query", query=expression)["result"]
    return [float(sample["value"][1]) for sample in found]


def _wait_for_data(address: str, expression: str) -> list[float]:
    """Numbers, once there are some: a rate needs two scrapes, and what is recorded from it a third."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            values = [value for value in _values(address, expression) if value == value]  # noqa: PLR0124  not NaN
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
def test_a_panel_gets_data(prometheus: str, where: str, expression: str) -> None:
    for variable, value in (("$__rate_interval", "4s"), ("$namespace", ".*"), ("$job", ".*")):
        expression = expression.replace(variable, value)
    if any(name in expression for name in NEEDS_DAYS):
        assert _values(prometheus, expression) == [], f"{where}: nothing to compare with yet, and no error"
        return
    _wait_for_data(prometheus, expression)


def test_no_rule_fails(prometheus: str) -> None:
    rules = [rule for group in _ask(prometheus, "rules")["groups"] for rule in group["rules"]]
    assert rules
    assert [rule for rule in rules if rule["health"] != "ok"] == []


def test_what_is_made_up_as_faulty_fires(prometheus: str) -> None:
    """Half of the calls fail here, so that the pages are at least pending."""
    _wait_for_data(prometheus, 'ALERTS{alertname="AmendsAvailabilityBudgetBurn", severity="page"}')
