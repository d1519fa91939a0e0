"""What lies under deploy/, read for the tests."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm" / "amends"
RULE_FILES = sorted((DEPLOY / "prometheus").glob("*.yaml"))
DASHBOARDS = sorted((DEPLOY / "grafana" / "dashboards").glob("*.json"))


def rules() -> Iterator[dict[str, Any]]:
    """Every recording and alerting rule."""
    for file in RULE_FILES:
        for group in yaml.safe_load(file.read_text())["groups"]:
            yield from group["rules"]


def alerts() -> list[dict[str, Any]]:
    return [rule for rule in rules() if "alert" in rule]


def load_supply(name: str) -> ModuleType:
    """A program of deploy/supply, which is no package."""
    return _load(f"supply_{name}", DEPLOY / "supply" / f"{name}.py")


def load_dashboards(name: str) -> ModuleType:
    """A program of docs/dashboards, which is no package either."""
    return _load(f"dashboards_{name}", ROOT / "docs" / "dashboards" / f"{name}.py")


def _load(name: str, file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
