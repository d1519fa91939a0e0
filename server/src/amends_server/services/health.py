"""Health, per service; watches end when the service drains, so that they do not hold it up."""

import asyncio
from collections.abc import Sequence
from typing import Any

from grpc_health.v1 import health_pb2
from grpc_health.v1._async import HealthServicer


class Health(HealthServicer):  # type: ignore[misc]  # grpcio-health-checking ships no types
    """grpc.health.v1, with an end to watches on drain."""

    def __init__(self, services: Sequence[str]) -> None:
        super().__init__()
        self._services = ("", *services)
        self._draining = asyncio.Event()

    async def set_all(self, status: int) -> None:
        """Sets the status of the server and of each service."""
        for service in self._services:
            await self.set(service, status)

    async def drain(self) -> None:
        """Sets NOT_SERVING for good, tells every watcher so, and ends the watches."""
        await self.enter_graceful_shutdown()
        self._draining.set()

    async def Watch(self, request: health_pb2.HealthCheckRequest, context: Any) -> None:  # noqa: N802  gRPC's name
        """Sends each change of status until the client leaves or the service drains."""
        watch = asyncio.ensure_future(super().Watch(request, context))
        draining = asyncio.ensure_future(self._draining.wait())
        try:
            await asyncio.wait((watch, draining), return_when=asyncio.FIRST_COMPLETED)
            if watch.done():
                watch.result()
                return
        finally:
            draining.cancel()
            watch.cancel()
            await asyncio.gather(watch, draining, return_exceptions=True)
        await context.write(health_pb2.HealthCheckResponse(status=health_pb2.HealthCheckResponse.NOT_SERVING))
