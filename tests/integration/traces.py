"""Spans and gRPC metrics of a service, kept in memory."""

from dataclasses import dataclass, field
from typing import Any

from amends_server.telemetry import Telemetry
from amends_server.tracing import CallMeter, Tracing
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter


@dataclass
class Traces:
    """What a service recorded."""

    exporter: InMemorySpanExporter = field(default_factory=InMemorySpanExporter)
    reader: InMemoryMetricReader = field(default_factory=InMemoryMetricReader)
    closed: int = 0

    @property
    def telemetry(self) -> Telemetry:
        """To be given to one service."""
        spans = TracerProvider()
        spans.add_span_processor(SimpleSpanProcessor(self.exporter))
        meter = MeterProvider([self.reader]).get_meter("test")
        return Telemetry(Tracing(spans.get_tracer("test"), CallMeter(meter)), self._close)

    def _close(self) -> None:
        self.closed += 1

    def spans(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.exporter.get_finished_spans() if span.name == name]

    def points(self, name: str) -> dict[tuple[str, str], Any]:
        """The points of a metric by method and status."""
        data = self.reader.get_metrics_data()
        assert data is not None
        return {
            (point.attributes["grpc.method"], point.attributes.get("grpc.status", "")): point
            for of_resource in data.resource_metrics
            for scope in of_resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        }

    def everything(self) -> str:
        """All that would be exported, as text."""
        data = self.reader.get_metrics_data()
        spans = "\n".join(span.to_json() for span in self.exporter.get_finished_spans())
        return spans + (data.to_json() if data else "")
