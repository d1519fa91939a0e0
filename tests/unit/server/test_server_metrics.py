"""What metrics tell before any call, and the page that lists them."""

import itertools
import runpy
from pathlib import Path

import pytest
from amends_core.bundle import REFERENCE, load_bundle
from amends_core.errors import BundleError
from amends_server.editions import load_model
from amends_server.metrics import LATENCY, Metrics
from amends_server.series import Counter, Histogram
from amends_server.settings import Settings
from prometheus_client import CollectorRegistry

DOCS = Path(__file__).parents[3] / "docs" / "metrics"


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def test_the_page_lists_what_the_service_exports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DOCS))
    page = runpy.run_path(str(DOCS / "generate.py"))["page"]
    text = (DOCS / "README.md").read_text()
    assert page(text) == text, "run `make metrics` and commit"


def test_every_label_is_listed_with_its_values(metric_labels: dict[str, list[str]]) -> None:
    from labels import BY_OPERATOR, all_metrics

    metrics = [metric for room in all_metrics() for metric in vars(room).values()]
    used = {label for metric in metrics for label in getattr(metric, "_labelnames", ())}
    assert used <= {*metric_labels, *BY_OPERATOR}
    assert set(metric_labels) <= used
    assert all(len(values) == len(set(values)) for values in metric_labels.values())


def test_buckets_are_dense_about_the_objective() -> None:
    near = [bound for bound in LATENCY if 0.025 <= bound <= 0.1]
    assert 0.05 in near
    assert max(b / a for a, b in itertools.pairwise(near)) < 1.35
    assert list(LATENCY) == sorted(set(LATENCY))


def test_a_reference_that_is_given_must_be_of_the_model(tmp_path: Path) -> None:
    (tmp_path / REFERENCE).write_text("{}")
    with pytest.raises(BundleError, match=r"amends_train\.reference"):
        load_model(Settings(reference=tmp_path / REFERENCE))


def test_a_bundle_with_a_reference_of_another_model_serves_without(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bundle = load_bundle()
    for name in ("manifest.json", *bundle.manifest.files):
        (tmp_path / name).symlink_to(bundle.path / name)
    text = (bundle.path / REFERENCE).read_text().replace(bundle.sha256, "0" * 64)
    (tmp_path / REFERENCE).write_text(text)
    model = load_model(Settings(model_dir=tmp_path))
    assert model.reference is None
    assert "no drift is measured" in caplog.messages
    assert model.load_s > 0


def test_a_series_at_hand_is_the_one_that_is_exported() -> None:
    registry = CollectorRegistry()
    calls = Counter("calls", "Calls.", ("method", "code"), registry=registry)
    seconds = Histogram("seconds", "Seconds.", ("method",), buckets=(1, 2), registry=registry)
    for code in ("OK", "OK", "UNAVAILABLE"):
        calls.labels("ScoreReply", code).inc()
        seconds.labels("ScoreReply").observe(1.5)
    assert registry.get_sample_value("calls_total", {"method": "ScoreReply", "code": "OK"}) == 2
    assert registry.get_sample_value("calls_total", {"method": "ScoreReply", "code": "UNAVAILABLE"}) == 1
    assert registry.get_sample_value("seconds_count", {"method": "ScoreReply"}) == 3


def test_a_series_with_too_few_labels_is_refused() -> None:
    with pytest.raises(ValueError, match="label count"):
        Counter("calls", "Calls.", ("method", "code"), registry=None).labels("ScoreReply")
