"""Sets OpenTelemetry up where it is asked for: by `--otel`, or by the standard variable of an endpoint.

Sampling, endpoint, headers, certificates, resource attributes and intervals are what the `OTEL_*` variables say; only
what they leave open is decided here. The extra `otel` brings what this module imports where it is used.
"""

import importlib.util
import os
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from amends_core.bundle import Bundle
from amends_core.errors import AmendsError
from opentelemetry import metrics, trace

from amends_server.tracing import CallMeter, Tracing

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource

_ENDPOINTS = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
)
_PROTOCOLS = (
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
    "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
)
_EXPORTERS = ("OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER")
_END_S = 2.0
"""How long the end of the service waits for a collector: what it does not take by then is lost."""
_NAME = "amends"


class TelemetryError(AmendsError):
    """OpenTelemetry is asked for and cannot be set up; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What exports, and how it ends."""

    tracing: Tracing
    close: Callable[[], None]
    """Exports what waits and ends the exporters, within two seconds."""


def open_telemetry(bundle: Bundle, *, asked: bool, environment: Mapping[str, str] = os.environ) -> Telemetry | None:
    """Sets exporters up; None where nobody asked, or `OTEL_SDK_DISABLED` is true.

    Raises:
        TelemetryError: the extra is not installed, or a variable asks for what it cannot do.
    """
    wanted = asked or any(environment.get(name) for name in _ENDPOINTS)
    if not wanted or environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    _check(environment)
    resource = _resource(bundle)
    tracer, end_traces = _traces(resource) if _is_on(environment, "OTEL_TRACES_EXPORTER") else _no_traces()
    meter, end_metrics = _metrics(resource) if _is_on(environment, "OTEL_METRICS_EXPORTER") else _no_metrics()

    return Telemetry(Tracing(tracer, CallMeter(meter)), lambda: _end(end_traces, end_metrics))


def _end(*exporters: Callable[[], None]) -> None:
    """Ends them side by side; one that hangs on a collector that is gone ends with the process."""
    threads = [threading.Thread(target=end, daemon=True) for end in exporters]
    deadline = time.monotonic() + _END_S
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))


def _check(environment: Mapping[str, str]) -> None:
    for names, known in ((_PROTOCOLS, ("grpc",)), (_EXPORTERS, ("otlp", "none"))):
        for name in names:
            if environment.get(name, known[0]) not in known:
                raise TelemetryError(f"{name} is {environment[name]!r}; what is spoken is {' or '.join(known)}")
    if not _is_installed():
        raise TelemetryError(
            "OpenTelemetry is asked for (--otel or OTEL_EXPORTER_OTLP_ENDPOINT) and not installed: "
            "pip install 'amends[server,otel]', or set OTEL_SDK_DISABLED=true"
        )


def _is_installed() -> bool:
    try:
        return importlib.util.find_spec("opentelemetry.exporter.otlp.proto.grpc") is not None
    except ModuleNotFoundError:
        return False


def _is_on(environment: Mapping[str, str], name: str) -> bool:
    return environment.get(name, "otlp") != "none"


def _resource(bundle: Bundle) -> "Resource":
    """Who exports; variables go before what is said here."""
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource

    ours = {
        "service.name": _NAME,
        "service.version": version("amends"),
        "service.instance.id": uuid.uuid4().hex,
        "amends.model.name": bundle.manifest.name,
        "amends.model.version": bundle.manifest.version,
        "amends.model.sha256": bundle.sha256,
    }
    return Resource.create(ours).merge(OTELResourceDetector().detect())


def _traces(resource: "Resource") -> tuple[trace.Tracer, Callable[[], None]]:
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider.get_tracer(_NAME), provider.shutdown


def _metrics(resource: "Resource") -> tuple[metrics.Meter, Callable[[], None]]:
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

    reader = PeriodicExportingMetricReader(OTLPMetricExporter())
    provider = MeterProvider([reader], resource, shutdown_on_exit=False)
    return provider.get_meter(_NAME), provider.shutdown


def _no_traces() -> tuple[trace.Tracer, Callable[[], None]]:
    return trace.NoOpTracer(), lambda: None


def _no_metrics() -> tuple[metrics.Meter, Callable[[], None]]:
    return metrics.NoOpMeter(_NAME), lambda: None
