"""OpenTelemetry is set up where it is asked for, and nowhere else; a real receiver gets what is exported."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from amends_core.bundle import Bundle, load_bundle
from amends_server import telemetry
from amends_server.telemetry import TelemetryError, open_telemetry
from otlp_collector import Collector, collecting

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
METHOD = "amends.v1.EmpathyService/ScoreReply"
NEEDS_EXPORTER = pytest.mark.skipif(not telemetry._is_installed(), reason="the extra `otel` is not installed")


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return load_bundle()


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OTEL_SDK_DISABLED", ENDPOINT, "OTEL_SERVICE_NAME", "OTEL_TRACES_SAMPLER"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("environment", [{}, {ENDPOINT: ""}, {"OTEL_SERVICE_NAME": "x"}])
def test_it_is_off_unless_asked_for(bundle: Bundle, environment: dict[str, str]) -> None:
    assert open_telemetry(bundle, asked=False, environment=environment) is None


def test_the_standard_switch_goes_before_all(bundle: Bundle) -> None:
    environment = {ENDPOINT: "http://collector:4317", "OTEL_SDK_DISABLED": "True"}
    assert open_telemetry(bundle, asked=True, environment=environment) is None


@pytest.mark.parametrize("environment", [{}, {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4317"}])
def test_without_the_extra_it_says_how_to_get_it(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    monkeypatch.setattr(telemetry, "_is_installed", lambda: False)
    with pytest.raises(TelemetryError, match=r"amends\[server,otel\]"):
        open_telemetry(bundle, asked=not environment, environment=environment)


@pytest.mark.parametrize(
    ("name", "value", "known"),
    [("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf", "grpc"), ("OTEL_TRACES_EXPORTER", "zipkin", "otlp or none")],
)
def test_what_it_cannot_do_is_refused(bundle: Bundle, name: str, value: str, known: str) -> None:
    with pytest.raises(TelemetryError, match=f"{name} is '{value}'; what is spoken is {known}"):
        open_telemetry(bundle, asked=True, environment={name: value})


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with collecting() as receiver:
        monkeypatch.setenv(ENDPOINT, receiver.endpoint)
        yield receiver


def _call(bundle: Bundle) -> None:
    """One call, from set-up to the end of the exporters."""
    opened = open_telemetry(bundle, asked=False)
    assert opened is not None
    call = opened.tracing.call(METHOD, {})
    call.begin()
    call.end(grpc.StatusCode.OK, "", 0.01)
    opened.close()


def _attributes(of: Any) -> dict[str, str]:
    return {pair.key: pair.value.string_value for pair in of.attributes}


@NEEDS_EXPORTER
def test_spans_and_metrics_reach_a_collector_with_the_model_they_come_from(
    bundle: Bundle, collector: Collector
) -> None:
    _call(bundle)
    (spans,) = collector.traces[0].resource_spans
    assert [span.name for span in spans.scope_spans[0].spans] == [METHOD]
    resource = _attributes(spans.resource)
    assert resource["service.name"] == "amends"
    assert resource["amends.model.sha256"] == bundle.sha256
    (metrics,) = collector.metrics[-1].resource_metrics
    assert {metric.name for metric in metrics.scope_metrics[0].metrics} == {
        "grpc.server.call.started",
        "grpc.server.call.duration",
        "grpc.server.call.rcvd_total_compressed_message_size",
        "grpc.server.call.sent_total_compressed_message_size",
    }
    duration = next(m for m in metrics.scope_metrics[0].metrics if m.name == "grpc.server.call.duration")
    assert (duration.unit, len(duration.histogram.data_points[0].explicit_bounds)) == ("s", 41)


@NEEDS_EXPORTER
def test_the_operators_variables_go_first(
    bundle: Bundle, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "care")
    monkeypatch.setenv("OTEL_METRICS_EXPORTER", "none")
    _call(bundle)
    assert _attributes(collector.traces[0].resource_spans[0].resource)["service.name"] == "care"
    assert collector.metrics == []


@NEEDS_EXPORTER
def test_a_sampler_that_takes_nothing_sends_nothing(
    bundle: Bundle, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    _call(bundle)
    assert collector.traces == []
    assert collector.metrics


@NEEDS_EXPORTER
def test_a_collector_that_is_gone_does_not_hold_the_end_up(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENDPOINT, "http://127.0.0.1:1")
    started = time.monotonic()
    try:
        _call(bundle)
        assert time.monotonic() - started < 10, "two seconds, and a machine that is busy"
    finally:
        _see_the_exporters_off()


def _see_the_exporters_off() -> None:
    """They draw their pauses from the common random numbers, which other tests hold to be theirs."""
    for thread in threading.enumerate():
        if thread.name.startswith("Otel"):
            thread.join(30)
            assert not thread.is_alive(), f"{thread.name} goes on"
