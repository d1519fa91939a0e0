"""Calls the service as cheaply as can be: it shares the processors with what it measures.

Requests are serialised before the run and answers stay bytes; the contact centre's agents use `amends_client`.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from amends_client.errors import error_from_call
from grpc import StatusCode, aio

from benchmarks.outcomes import Outcome

_OPTIONS = (
    ("grpc.enable_retries", 0),  # every attempt counts by itself
    ("grpc.use_local_subchannel_pool", 1),  # a connection for each channel
    ("grpc.max_receive_message_length", 64 << 20),
)


@dataclass(frozen=True, slots=True)
class Call:
    """A request that is ready to be sent."""

    rpc: str
    data: bytes
    metadata: tuple[tuple[str, str], ...] = ()


def call_of(request: Any, priority: str | None = None) -> Call:
    """The call of a request of `EmpathyService`."""
    rpc = type(request).__name__.removesuffix("Request")
    metadata = (("x-amends-priority", priority),) if priority else ()
    return Call(rpc, request.SerializeToString(), metadata)


def calls_of(requests: Iterable[Any]) -> list[Call]:
    """The calls of requests."""
    return [call_of(request) for request in requests]


class Caller:
    """Sends calls over a few connections. Belongs to one event loop."""

    def __init__(self, target: str, *, connections: int = 4) -> None:
        self._channels = [aio.insecure_channel(target, options=_OPTIONS) for _ in range(connections)]
        self._sent = 0

    async def __aenter__(self) -> Self:
        for channel in self._channels:
            await channel.channel_ready()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for channel in self._channels:
            await channel.close()

    def start(self, call: Call, timeout_s: float) -> aio.UnaryUnaryCall[bytes, bytes]:
        """Starts a call, on the next connection."""
        self._sent += 1
        channel = self._channels[self._sent % len(self._channels)]
        method: aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(f"/amends.v1.EmpathyService/{call.rpc}")
        return method(call.data, timeout=timeout_s, metadata=call.metadata)

    async def send(self, call: Call, *, timeout_s: float, due: float | None = None) -> Outcome:
        """Makes a call and tells what came of it; time counts from `due` (monotonic), or from now."""
        at = time.monotonic() if due is None else due
        reason = await reason_of(self.start(call, timeout_s))
        return Outcome(call.rpc, at, time.monotonic() - at, reason)

    async def ask(self, call: Call, timeout_s: float = 60.0) -> bytes:
        """Makes a call and gives its answer."""
        answer: bytes = await self.start(call, timeout_s)
        return answer


async def reason_of(call: aio.UnaryUnaryCall[bytes, bytes]) -> str:
    """Waits for a call; gives why it failed, empty where it did not."""
    code = await call.code()
    if code is StatusCode.OK:
        return ""
    if code is not StatusCode.RESOURCE_EXHAUSTED:
        return str(code.name)
    error = error_from_call(code, "", await call.trailing_metadata() or (), request_id="")
    return error.reason or str(code.name)
