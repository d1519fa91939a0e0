"""A receiver of OTLP in this process, and what it received."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2, metrics_service_pb2_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc


class _Traces(trace_service_pb2_grpc.TraceServiceServicer):
    def __init__(self, requests: list[Any]) -> None:
        self._requests = requests

    def Export(self, request: Any, context: Any) -> Any:
        self._requests.append(request)
        return trace_service_pb2.ExportTraceServiceResponse()


class _Metrics(metrics_service_pb2_grpc.MetricsServiceServicer):
    def __init__(self, requests: list[Any]) -> None:
        self._requests = requests

    def Export(self, request: Any, context: Any) -> Any:
        self._requests.append(request)
        return metrics_service_pb2.ExportMetricsServiceResponse()


class Collector:
    """What came, in the order in which it came."""

    def __init__(self, server: grpc.Server) -> None:
        self.traces: list[Any] = []
        self.metrics: list[Any] = []
        trace_service_pb2_grpc.add_TraceServiceServicer_to_server(_Traces(self.traces), server)
        metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server(_Metrics(self.metrics), server)
        self.endpoint = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"

    @property
    def told(self) -> str:
        """All that came, as text."""
        return "".join(map(str, [*self.traces, *self.metrics]))


@contextmanager
def collecting() -> Iterator[Collector]:
    """Gives a collector that listens until the end of the block."""
    server = grpc.server(ThreadPoolExecutor(2))
    collector = Collector(server)
    server.start()
    try:
        yield collector
    finally:
        server.stop(0).wait()
