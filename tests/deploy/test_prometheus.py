"""Whatever dashboards and rules ask, a real Prometheus answers from a real service under load.

Ranges are as they are, for what is younger than a range counts, too; offsets alone are seconds here.
"""

import json
import shutil
import sys
import threading
import time
import urllib.error
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
from deploy_files import DASHBOARDS, ROOT, alerts, load_dashboards, rules
from promql import compared, filled, without_thresholds

pytestmark = [
    pytest.mark.skipif(
        shutil.which("prometheus") is None, reason="prometheus is not here: install Debian's package of that name"
    ),
    pytest.mark.timeout(300),  # the first waits for the service, too
]

PATIENCE_S = 60.0
CALLS_PER_S = 5.0
OFFSET = "3s"
INTERVAL = "1m"
NEVER_AT_ONCE = {"AmendsAbsent": "that no replica is there holds only where none is"}
"""Alerts whose expression cannot hold for a service that runs, whatever the threshold."""


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Prometheus that scrapes a service, which is called as long as this lasts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "docs" / "dashboards"))
        from scraping import scraping
        from service import serving
        from traffic import run_until

        folder, done = tmp_path_factory.mktemp("prometheus"), threading.Event()
        with serving(folder) as served, scraping(served.metrics_port, folder, short_offsets=OFFSET) as running:
            callers = threading.Thread(target=run_until, args=(done, served, CALLS_PER_S))
            callers.start()
            try:
                yield running
            finally:
                done.set()
                callers.join()
    for name in ("scraping", "service", "traffic"):
        sys.modules.pop(name, None)


def _numbers(prometheus: Any, expression: str) -> list[float]:
    found = prometheus.ask("query", query=expression)["result"]
    values = [float(sample["value"][1]) for sample in found]
    return [value for value in values if value == value]  # noqa: PLR0124  not NaN


def _wait_for_data(prometheus: Any, expression: str) -> None:
    """Until there are numbers: a rate needs two scrapes, and what is recorded from it a third."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        try:
            if _numbers(prometheus, expression):
                return
        except urllib.error.HTTPError as error:
            if error.code != HTTPStatus.SERVICE_UNAVAILABLE:
                raise
        except (urllib.error.URLError, ConnectionError):
            pass  # it has not started yet
        time.sleep(0.2)
    pytest.fail(f"no data for {expression}")


def _panels() -> Iterator[tuple[str, str]]:
    for file in DASHBOARDS:
        for panel in json.loads(file.read_text())["panels"]:
            for target in panel.get("targets", []):
                yield f"{file.stem}: {panel['title']}: {target['legendFormat']}", filled(target["expr"], INTERVAL)


def _name(alert: dict[str, Any]) -> str:
    return f"{alert['alert']}{alert['labels'].get('window', '')}"


def _compared() -> Iterator[tuple[str, str]]:
    for alert in alerts():
        for number, side in enumerate(compared(alert["expr"])):
            yield f"{_name(alert)}: {number}", side


def _shortened(expression: str) -> str:
    return str(load_dashboards("scraping").shortened(expression, offsets=OFFSET))


@pytest.mark.parametrize(("where", "expression"), list(_panels()), ids=[where for where, _ in _panels()])
def test_a_panel_gets_data(prometheus: Any, where: str, expression: str) -> None:
    _wait_for_data(prometheus, expression)


@pytest.mark.parametrize("recorded", [rule["record"] for rule in rules() if "record" in rule])
def test_what_is_recorded_has_data(prometheus: Any, recorded: str) -> None:
    _wait_for_data(prometheus, recorded)


@pytest.mark.parametrize(("where", "side"), list(_compared()), ids=[where for where, _ in _compared()])
def test_what_an_alert_compares_is_there(prometheus: Any, where: str, side: str) -> None:
    _wait_for_data(prometheus, _shortened(side))


def test_every_alert_compares_something() -> None:
    assert {where.split(":")[0] for where, _ in _compared()} == {_name(alert) for alert in alerts()}


@pytest.mark.parametrize("alert", alerts(), ids=_name)
def test_an_alert_could_fire_but_for_its_thresholds(prometheus: Any, alert: dict[str, Any]) -> None:
    expression = _shortened(without_thresholds(alert["expr"]))
    if _name(alert) in NEVER_AT_ONCE:
        assert _numbers(prometheus, expression) == [], NEVER_AT_ONCE[_name(alert)]
        return
    _wait_for_data(prometheus, expression)


def test_no_rule_fails(prometheus: Any) -> None:
    found = [rule for group in prometheus.ask("rules")["groups"] for rule in group["rules"]]
    assert found
    assert [rule for rule in found if rule["health"] != "ok"] == []


def test_calls_that_get_too_little_time_are_heard_of(prometheus: Any) -> None:
    """A caller never allows enough, so that the pages are at least pending."""
    _wait_for_data(prometheus, 'ALERTS{alertname="AmendsAvailabilityBudgetBurn", severity="page"}')
