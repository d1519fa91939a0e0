"""Rules and dashboards ask only for metrics, labels and buckets that the service has."""

import json
import re
from collections.abc import Iterator

import pytest
from amends_core.judgement.result import Verdict
from amends_server.candidate import CandidateMetrics
from amends_server.metrics import LATENCY, Metrics
from deploy_files import DASHBOARDS, rules
from promql import selectors

_SCRAPED = {"up": {"job", "instance", "namespace", "pod"}}
"""What Prometheus itself records of a scrape."""
_TARGET = {"job", "instance", "namespace", "pod"}


def exported() -> dict[str, set[str]]:
    """Names of the samples the service exports, with their labels."""
    metrics = Metrics()
    every = [*vars(metrics).values(), *vars(CandidateMetrics(metrics.registry)).values()]
    fields = [field for field in every if hasattr(field, "_labelnames")]
    names: dict[str, set[str]] = {}
    for field in fields:
        labels = set(field._labelnames)
        for family in field.describe():
            names |= _samples(family.name, family.type, labels)
    for family in metrics.registry.collect():
        for sample in family.samples:
            names.setdefault(sample.name, set(sample.labels))
    return names


def _samples(name: str, kind: str, labels: set[str]) -> dict[str, set[str]]:
    if kind == "histogram":
        return {f"{name}_bucket": labels | {"le"}, f"{name}_sum": labels, f"{name}_count": labels}
    if kind == "info":
        return {f"{name}_info": labels | {"name", "version", "sha256"}}
    return {f"{name}_total" if kind == "counter" else name: labels}


def panel_expressions() -> Iterator[tuple[str, str]]:
    for file in DASHBOARDS:
        for panel in json.loads(file.read_text())["panels"]:
            for target in panel.get("targets", []):
                yield f"{file.stem}: {panel['title']}", target["expr"]


def rule_expressions() -> Iterator[tuple[str, str]]:
    for rule in rules():
        yield rule.get("record") or rule["alert"], rule["expr"]


EXPRESSIONS = [*rule_expressions(), *panel_expressions()]


_FAMILY = re.compile(r"_(bucket|sum|count)$")
RECORDED = {rule["record"] for rule in rules() if "record" in rule}
EXPORTED = exported()


@pytest.mark.parametrize(("where", "expression"), EXPRESSIONS, ids=[where for where, _ in EXPRESSIONS])
def test_an_expression_asks_for_what_there_is(where: str, expression: str) -> None:
    asked_for = list(selectors(expression))
    assert asked_for, "a constant tells nothing"
    for selector in asked_for:
        if selector.name in RECORDED:
            continue
        labels = (EXPORTED | _SCRAPED).get(selector.name)
        assert labels is not None, f"no metric {selector.name}"
        asked = {matcher.name for matcher in selector.matchers.matchers}
        assert asked <= labels | _TARGET, f"{selector.name} has no label {asked - labels - _TARGET}"


def test_every_selector_is_seen() -> None:
    """The walk over an expression misses none: as many selectors as names in its text."""
    for where, expression in EXPRESSIONS:
        text = re.sub(r"\{[^}]*\}|\[[^\]]*\]|by \([^)]*\)|ignoring \([^)]*\)|on \([^)]*\)|#.*", "", expression)
        names = re.findall(r"\b(?:amends[:_][\w:]+|grpc_server_\w+|process_\w+|python_\w+|up)\b", text)
        assert sorted(names) == sorted(selector.name for selector in selectors(expression)), where


def test_buckets_that_are_asked_for_exist() -> None:
    asked = {bound for _, expression in EXPRESSIONS for bound in re.findall(r'le="([^"]+)"', expression)}
    assert asked == {"0.05"}
    assert 0.05 in LATENCY


def test_verdicts_that_are_asked_for_exist() -> None:
    asked = {name for _, expression in EXPRESSIONS for name in re.findall(r'verdict="([^"]+)"', expression)}
    assert asked == {Verdict.UNSURE.value}


def test_every_metric_of_ours_is_looked_at() -> None:
    looked_at = {selector.name for _, expression in EXPRESSIONS for selector in selectors(expression)}
    families = {_FAMILY.sub("", name) for name in looked_at}
    ours = {name for name in EXPORTED if name.startswith(("amends_", "grpc_")) and not name.endswith("_created")}
    unseen = {name for name in ours if _FAMILY.sub("", name) not in families}
    assert unseen == set(), "a metric nobody looks at costs and tells nothing"


def test_recorded_series_are_read_somewhere() -> None:
    adapter = {"amends:queue_wait_seconds:p90_2m", "amends:encoder_workers:busy2m"}
    read = {selector.name for _, expression in EXPRESSIONS for selector in selectors(expression)} | adapter
    unread = {name for name in RECORDED - read if not name.startswith("amends:calls:rate")}
    assert unread == set()
