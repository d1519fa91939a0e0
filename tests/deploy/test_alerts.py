"""Every alert fires on its series, stays silent just below, and has its page in the runbook. Judged by promtool."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from alert_cases import CASES
from alert_series import Case
from deploy_files import DEPLOY, RULE_FILES, alerts, rules

NEEDS_PROMTOOL = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not here: install Debian's package prometheus"
)


def _promtool(*args: object) -> str:
    command = [str(arg) for arg in ("promtool", *args)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _rule(case: Case) -> dict[str, Any]:
    found = [
        rule for rule in alerts() if rule["alert"] == case.alert and rule["labels"].get("window", "") == case.window
    ]
    assert len(found) == 1, f"{case.alert} {case.window}"
    return found[0]


def _expected(case: Case) -> dict[str, Any]:
    rule = _rule(case)
    fill = re.compile(r"\{\{ \$labels\.(\w+) \}\}")
    return {
        "exp_labels": {**case.labels, **rule["labels"]},
        "exp_annotations": {
            name: fill.sub(lambda match: case.labels[match[1]], text) for name, text in rule["annotations"].items()
        },
    }


def _group(case: Case, *, fires: bool) -> dict[str, Any]:
    series = case.fires if fires else case.silent
    look: dict[str, Any] = {"eval_time": case.at, "alertname": case.alert}
    if fires:
        look["exp_alerts"] = [_expected(case)]
    return {
        "name": f"{case.alert} {case.window} {'fires' if fires else 'is silent'}",
        "interval": case.interval,
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "alert_rule_test": [look],
    }


def _with_what_it_reads(alert: dict[str, Any]) -> list[dict[str, Any]]:
    """The alert, after the recording rules it builds on, in their order."""
    recorded = [rule for rule in rules() if "record" in rule]
    text = alert["expr"]
    for rule in reversed(recorded):
        if re.search(re.escape(rule["record"]) + r"\b", text):
            text += rule["expr"]
    return [*(rule for rule in recorded if rule["expr"] in text), alert]


@NEEDS_PROMTOOL
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.alert}{case.window}")
def test_an_alert_fires_on_its_series_and_not_just_below(case: Case, tmp_path: Path) -> None:
    alone = tmp_path / "rules.yaml"
    # By itself: other windows of the same alert would fire on the same series.
    alone.write_text(yaml.safe_dump({"groups": [{"name": "one", "rules": _with_what_it_reads(_rule(case))}]}))
    tests = tmp_path / "tests.yaml"
    groups = [_group(case, fires=True), _group(case, fires=False)]
    tests.write_text(
        yaml.safe_dump({"rule_files": [str(alone)], "evaluation_interval": case.interval, "tests": groups})
    )
    _promtool("test", "rules", tests)


def test_every_alert_has_its_case() -> None:
    names = {(rule["alert"], rule["labels"].get("window", "")) for rule in alerts()}
    assert names == {(case.alert, case.window) for case in CASES}


@pytest.mark.parametrize("name", sorted({rule["alert"] for rule in alerts()}))
def test_every_alert_has_its_page_in_the_runbook(name: str) -> None:
    runbook = (DEPLOY / "runbook.md").read_text()
    page = re.search(rf"^### {name}$(.*?)(?=^#|\Z)", runbook, flags=re.MULTILINE | re.DOTALL)
    assert page, "a section of that heading"
    for part in ("**Means.**", "**Look.**", "**Do.**"):
        assert part in page[1], part


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_every_alert_says_how_urgent_it_is_and_where_to_read_on(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["runbook_url"] == f"deploy/runbook.md#{rule['alert'].lower()}"
    assert rule["annotations"]["summary"].endswith(".")


def test_the_runbook_has_no_page_of_an_alert_that_is_gone() -> None:
    pages = re.findall(r"^### (Amends\w+)$", (DEPLOY / "runbook.md").read_text(), flags=re.MULTILINE)
    assert set(pages) == {rule["alert"] for rule in alerts()}


@NEEDS_PROMTOOL
def test_the_rules_are_well_formed() -> None:
    assert _promtool("check", "rules", *RULE_FILES).count("SUCCESS") == len(RULE_FILES)
