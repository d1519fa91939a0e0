"""The chart, rendered as Helm renders it."""

from collections.abc import Callable, Iterator
from typing import Any

import helm_python
import pytest
import yaml
from chart_values import EVERYTHING
from deploy_files import CHART

Manifest = dict[str, Any]
Render = Callable[..., list[Manifest]]


@pytest.fixture(scope="session")
def chart() -> Iterator[helm_python.Chart]:
    """The chart, by Helm's own library: there is no cluster and no helm binary here."""
    with helm_python.Chart.load(str(CHART)) as loaded:
        yield loaded


@pytest.fixture(scope="session")
def render(chart: helm_python.Chart) -> Render:
    """Gives the manifests of the chart with these values, as `helm template` prints them."""

    def give(values: dict[str, Any] | None = None, name: str = "amends") -> list[Manifest]:
        chart.validate_schema(chart.merge_values(values or {}))
        files = chart.render(values or {}, name=name, namespace="prod")
        texts = [text for path, text in sorted(files.items()) if path.endswith(".yaml")]
        return [document for text in texts for document in yaml.safe_load_all(text) if document]

    return give


@pytest.fixture(scope="session", params=["as it comes", "everything", "little"])
def manifests(request: pytest.FixtureRequest, render: Render) -> list[Manifest]:
    """The manifests with three sets of values."""
    little = {
        "autoscaling": {"enabled": False},
        "networkPolicy": {"enabled": False},
        "monitoring": {"serviceMonitor": False, "rules": False},
    }
    return render({"as it comes": {}, "everything": EVERYTHING, "little": little}[request.param])


@pytest.fixture(scope="session")
def everything(render: Render) -> list[Manifest]:
    return render(EVERYTHING)
