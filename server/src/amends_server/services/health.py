"""Health, per service; watches end when the service drains, so that they do not hold it up.

gRPC's own servicer holds a lock while it writes to a watcher, so one that does not read would hold up the drain.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from amends_server.errors import CallError

LIVENESS = "liveness"
"""Asked for whether the process should go on: it drains alive, and only a broken encoder ends it."""


class Health(health_pb2_grpc.HealthServicer):  # type: ignore[misc]  # grpcio-health-checking ships no types
    """grpc.health.v1, with an end to watches on drain. NOT_SERVING at first, but alive. Belongs to one event loop."""

    def __init__(self, services: Sequence[str]) -> None:
        self._status: dict[str, int] = dict.fromkeys(("", *services), health_pb2.HealthCheckResponse.NOT_SERVING)
        self._status[LIVENESS] = health_pb2.HealthCheckResponse.SERVING
        self._draining = False
        self._changed = asyncio.Event()
        """Set at the next change, and then replaced."""

    def set_all(self, status: int) -> None:
        """Sets the status of the server and of each service; without effect once it drains."""
        self._set([name for name in self._status if name != LIVENESS], status)

    def fail(self) -> None:
        """Sets NOT_SERVING, liveness too: only a restart helps."""
        self._set(self._status, health_pb2.HealthCheckResponse.NOT_SERVING)

    def drain(self) -> None:
        """Sets NOT_SERVING for good, tells every watcher so, and ends the watches."""
        self.set_all(health_pb2.HealthCheckResponse.NOT_SERVING)
        self._draining = True

    def _set(self, names: Iterable[str], status: int) -> None:
        if self._draining:
            return
        self._status |= dict.fromkeys(names, status)
        self._changed.set()
        self._changed = asyncio.Event()

    async def Check(  # noqa: N802  gRPC's name
        self, request: health_pb2.HealthCheckRequest, context: Any
    ) -> health_pb2.HealthCheckResponse:
        """Tells the status of a service."""
        status = self._status.get(request.service)
        if status is None:
            known = ", ".join(name for name in self._status if name)
            raise CallError(grpc.StatusCode.NOT_FOUND, "UNKNOWN_SERVICE", f"no service of that name; known are {known}")
        return health_pb2.HealthCheckResponse(status=status)

    async def List(  # noqa: N802  gRPC's name
        self, request: health_pb2.HealthListRequest, context: Any
    ) -> health_pb2.HealthListResponse:
        """Tells the status of every service."""
        told = {name: health_pb2.HealthCheckResponse(status=status) for name, status in self._status.items()}
        return health_pb2.HealthListResponse(statuses=told)

    async def Watch(  # noqa: N802  gRPC's name
        self, request: health_pb2.HealthCheckRequest, context: Any
    ) -> AsyncIterator[health_pb2.HealthCheckResponse]:
        """Gives each change of status until the client leaves or the service drains."""
        last = None
        while True:
            changed, draining = self._changed, self._draining
            status = self._status.get(request.service, health_pb2.HealthCheckResponse.SERVICE_UNKNOWN)
            if status != last:
                yield health_pb2.HealthCheckResponse(status=status)
            if draining:
                return
            last = status
            await changed.wait()
