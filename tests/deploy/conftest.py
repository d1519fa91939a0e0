"""The chart, rendered as Helm renders it."""

from collections.abc import Callable, Iterator
from typing import Any

import helm_python
import pytest
import yaml
from deploy_files import CHART

Manifest = dict[str, Any]
Render = Callable[..., list[Manifest]]

EVERYTHING: dict[str, Any] = {
    "playbooks": {"mine.yaml": "name: mine\nstages: []\n"},
    "exemplars": "name: ours\n",
    "customSteps": {"offer_callback.json": '{"name": "offer_callback"}'},
    "tls": {"secretName": "amends-tls", "clientAuth": True},
    "settings": {"max_message_bytes": 8388608, "default_deadline_s": 2.5, "reflection": False, "log_level": "WARNING"},
    "image": {"digest": "sha256:" + "0" * 64, "pullSecrets": ["registry"]},
    "monitoring": {"dashboards": True, "labels": {"release": "prometheus"}, "runbook": "https://wiki.example/amends"},
    "podLabels": {"team": "care"},
    "podAnnotations": {"note": "x"},
    "nodeSelector": {"kubernetes.io/arch": "amd64"},
    "tolerations": [{"key": "dedicated", "operator": "Exists"}],
    "priorityClassName": "high",
    "networkPolicy": {"clients": [{"namespaceSelector": {"matchLabels": {"team": "care"}}}]},
}
"""Every value that adds something."""


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
