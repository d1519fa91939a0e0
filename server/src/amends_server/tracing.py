"""Spans and gRPC metrics in OpenTelemetry's terms. Where `telemetry` sets nothing up, all of it does nothing.

What a span carries is written here and where `part` is called: names of methods, codes, counts and seconds. No
conversation text, no metadata of the caller but the ids of `traceparent`, and no exception: its message could quote.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import Token
from dataclasses import dataclass

import grpc
from opentelemetry import context as contexts
from opentelemetry import metrics, trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_FAULTS = frozenset({"UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"})
"""Codes that make a server's span one of an error. Source: OpenTelemetry semantic conventions, gRPC."""
_TRACEPARENT = "traceparent"
_PROPAGATOR = TraceContextTextMapPropagator()
_SECONDS = (
    *(0.0, 0.00001, 0.00005, 0.0001, 0.0003, 0.0006, 0.0008, 0.001, 0.002, 0.003, 0.004, 0.005, 0.006, 0.008),
    *(0.01, 0.013, 0.016, 0.02, 0.025, 0.03, 0.04, 0.05, 0.065, 0.08, 0.1, 0.13, 0.16, 0.2, 0.25, 0.3, 0.4, 0.5),
    *(0.65, 0.8, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0),
)
_BYTES = (0.0, *(float(1024 * 4**power) for power in (0, 0.5, 1, *range(2, 12))))
"""Bounds of the histograms. Source: gRFC A66, OpenTelemetry metrics."""

_TRACER = contexts.create_key("amends-tracer")


class CallMeter:
    """gRPC's metrics of a server. Sizes are those of the messages as serialised: nothing is compressed here.

    Source: gRFC A66, OpenTelemetry metrics.
    """

    def __init__(self, meter: metrics.Meter) -> None:
        name = "grpc.server.call"
        self.started = meter.create_counter(f"{name}.started", "{call}", "Calls started.")
        self.duration = meter.create_histogram(
            f"{name}.duration", "s", "Time a call took.", explicit_bucket_boundaries_advisory=_SECONDS
        )
        self.received = meter.create_histogram(
            f"{name}.rcvd_total_compressed_message_size",
            "By",
            "Bytes of the messages a call received.",
            explicit_bucket_boundaries_advisory=_BYTES,
        )
        self.sent = meter.create_histogram(
            f"{name}.sent_total_compressed_message_size",
            "By",
            "Bytes of the messages a call sent.",
            explicit_bucket_boundaries_advisory=_BYTES,
        )


@dataclass(slots=True)
class CallTrace:
    """One call: its span is the current one from `begin` to `end`, which belong to one task."""

    meter: CallMeter
    method: str
    span: trace.Span
    tracer: trace.Tracer
    received_bytes: int = 0
    sent_bytes: int = 0
    _token: Token[contexts.Context] | None = None

    def begin(self) -> None:
        """Makes the span the current one."""
        within = contexts.set_value(_TRACER, self.tracer, trace.set_span_in_context(self.span))
        self._token = contexts.attach(within)
        self.meter.started.add(1, {"grpc.method": self.method})

    def end(self, code: grpc.StatusCode, reason: str, seconds: float) -> None:
        """Ends the span with the code of the call, and the reason of the error table where it has one."""
        labels = {"grpc.method": self.method, "grpc.status": code.name}
        self.meter.duration.record(seconds, labels)
        self.meter.received.record(self.received_bytes, labels)
        self.meter.sent.record(self.sent_bytes, labels)
        self.span.set_attribute("rpc.response.status_code", code.name)
        if reason:
            self.span.set_attribute("error.type", reason)
        if code.name in _FAULTS:
            self.span.set_status(trace.StatusCode.ERROR)
        self.span.end()
        if self._token is not None:
            contexts.detach(self._token)


@dataclass(frozen=True, slots=True)
class Tracing:
    """Makes the spans of calls."""

    tracer: trace.Tracer
    meter: CallMeter

    def call(self, method: str, metadata: Mapping[str, str | bytes]) -> CallTrace:
        """The trace of a call that begins; `method` without its leading slash. It goes on the caller's trace."""
        given = metadata.get(_TRACEPARENT)
        parent = contexts.Context()
        if isinstance(given, str):
            parent = _PROPAGATOR.extract({_TRACEPARENT: given}, parent)
        attributes = {"rpc.system.name": "grpc", "rpc.method": method}
        span = self.tracer.start_span(method, parent, trace.SpanKind.SERVER, attributes)
        return CallTrace(self.meter, method, span, self.tracer)


@contextmanager
def part(name: str, **attributes: str | float) -> Iterator[trace.Span]:
    """A span `amends.{name}` within that of the call; where the call is not traced, one that does nothing."""
    tracer = contexts.get_value(_TRACER)
    if not isinstance(tracer, trace.Tracer):
        yield trace.INVALID_SPAN
        return
    named = {f"amends.{key}": value for key, value in attributes.items()}
    with tracer.start_as_current_span(
        f"amends.{name}", attributes=named, record_exception=False, set_status_on_exception=False
    ) as span:
        yield span


def exemplar() -> dict[str, str] | None:
    """What ties an observation to the span in which it is made; None where none is recorded.

    Source: OpenMetrics 1.0, exemplars, for the names and the 128 characters that they may take.
    """
    span = trace.get_current_span().get_span_context()
    if not (span.is_valid and span.trace_flags.sampled):
        return None
    return {"trace_id": trace.format_trace_id(span.trace_id), "span_id": trace.format_span_id(span.span_id)}
