"""The outermost interceptor: whatever happens in a call, it is counted, logged without text, and answered cleanly."""

from __future__ import annotations

import asyncio
import logging
import re
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, cast

import grpc
from grpc import aio

from amends_server.doorstep import Doorstep, NoMessage
from amends_server.errors import CallError, is_fault, malformed, no_message
from amends_server.failures import call_error
from amends_server.identity.audit import Audit
from amends_server.identity.gate import OPEN, Gate
from amends_server.identity.visit import Visit, begin
from amends_server.metadata import metadata_of, tries_before
from amends_server.methods import Method
from amends_server.metrics import Metrics
from amends_server.tracing import Tracing, exemplar

REQUEST_ID_KEY = "x-request-id"
_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}")
_log = logging.getLogger("amends.call")

if TYPE_CHECKING:
    Context = aio.ServicerContext[Any, Any]
    Handler = grpc.RpcMethodHandler[Any, Any]


@dataclass(frozen=True, slots=True)
class _Unread:
    """Stands for a request that could not be read: its bytes are no message of its type, or none came."""

    nbytes: int
    error: CallError

    def ByteSize(self) -> int:  # noqa: N802  as messages have it
        """How many bytes came."""
        return self.nbytes


@dataclass(frozen=True, slots=True)
class _Watch:
    """Who looks at every call."""

    metrics: Metrics
    gate: Gate
    audit: Audit
    tracing: Tracing | None


class EdgeInterceptor(aio.ServerInterceptor):
    """Counts, times, logs and audits each call, asks who makes it, and turns what a handler raises into a status."""

    def __init__(
        self, metrics: Metrics, gate: Gate, audit: Audit, doorstep: Doorstep, tracing: Tracing | None = None
    ) -> None:
        self._watch = _Watch(metrics, gate, audit, tracing)
        self._doorstep = doorstep
        self._wrapped: dict[str, Handler] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """Wraps the handler of a call; calls to unknown methods pass, and gRPC answers them."""
        path = handler_call_details.method
        if path not in self._wrapped:
            handler = await continuation(handler_call_details)
            if handler is None:
                return None
            self._wrapped[path] = self._wrap(handler, path)
        return self._wrapped[path]

    def _wrap(self, handler: Handler, path: str) -> Handler:
        _, service, name = path.split("/", 2)
        deserialize = _safe(handler.request_deserializer)
        if handler.unary_unary:
            unary = self._unary(Method("unary", service, name), handler.unary_unary)
            # For gRPC a stream of requests: it would await the one of a unary call where nobody can end the wait.
            return grpc.stream_unary_rpc_method_handler(unary, deserialize, handler.response_serializer)
        if handler.unary_stream:
            stream = self._stream(Method("server_stream", service, name), handler.unary_stream)
            return grpc.unary_stream_rpc_method_handler(stream, deserialize, handler.response_serializer)
        behaviour = cast("Callable[..., Any]", handler.stream_stream)
        both = self._stream(Method("bidi_stream", service, name), behaviour)
        return grpc.stream_stream_rpc_method_handler(both, deserialize, handler.response_serializer)

    def _unary(self, method: Method, behaviour: Callable[..., Any]) -> Callable[..., Any]:
        async def call(_: object, context: Context) -> Any:
            async with self._doorstep.stay():
                request = await self._request(context)
                async with _Call(self._watch, method, context) as record:
                    record.received(request)
                    response = await record.guard(behaviour, request)
                    record.sent(response)
                    return response

        return call

    async def _request(self, context: Context) -> Any:
        try:
            return await self._doorstep.first_message(context)
        except NoMessage:
            return _Unread(0, no_message())

    def _stream(self, method: Method, behaviour: Callable[..., Any]) -> Callable[..., Any]:
        async def call(request: Any, context: Context) -> AsyncIterator[Any]:
            async with (
                self._doorstep.stay(),
                _Call(self._watch, method, context) as record,
                aclosing(record.guard_stream(behaviour, request)) as responses,
            ):
                async for response in responses:
                    record.sent(response)
                    yield response

        return call


class _Call:
    """One call from start to end."""

    def __init__(self, watch: _Watch, method: Method, context: Context) -> None:
        self._metrics, self._gate, self._audit = watch.metrics, watch.gate, watch.audit
        self._visit: Visit | None = None
        self._method = method
        self._context = context
        self._code = grpc.StatusCode.OK
        self._reason = ""
        self._started = time.monotonic()
        metadata = metadata_of(context)
        self._request_id = _request_id(metadata)
        self._tries_before = tries_before(metadata)
        name = f"{method.service}/{method.name}"
        self._trace = watch.tracing.call(name, metadata) if watch.tracing is not None else None

    async def __aenter__(self) -> _Call:
        if self._trace is not None:
            self._trace.begin()
        self._metrics.started.labels(*self._method.labels).inc()
        self._metrics.in_flight.inc()
        self._context.set_trailing_metadata(((REQUEST_ID_KEY, self._request_id),))
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        # A stream whose caller left while an answer was on its way is closed rather than cancelled.
        if isinstance(error, asyncio.CancelledError | GeneratorExit) and self._code is grpc.StatusCode.OK:
            self._code = grpc.StatusCode.CANCELLED
        elif error is not None and self._code is grpc.StatusCode.OK:
            self._code = self._context.code() or grpc.StatusCode.UNKNOWN
        seconds = time.monotonic() - self._started
        self._metrics.in_flight.dec()
        self._metrics.handled.labels(*self._method.labels, self._code.name).inc()
        if is_fault(self._code, self._reason):
            self._metrics.faults.labels(*self._method.labels, self._code.name).inc()
        traced = exemplar()
        self._metrics.handling.labels(*self._method.labels).observe(seconds, traced)
        self._log(seconds, traced or {})
        if self._trace is not None:
            self._trace.end(self._code, self._reason, seconds)

    def _log(self, seconds: float, traced: dict[str, str]) -> None:
        level = logging.INFO if self._code is grpc.StatusCode.OK else logging.WARNING
        outcome = {"code": self._code.name, "reason": self._reason, "seconds": round(seconds, 6)}
        _log.log(level, "call ended", extra={**self._ids, **outcome, **traced})
        if self._method.service not in OPEN:
            self._audit.ended(self._visit, self._ids, outcome, stream=self._method.is_stream)

    def received(self, request: Any) -> None:
        """Counts a message that was received."""
        self._metrics.received.labels(*self._method.labels).inc()
        if self._trace is not None:
            self._trace.received_bytes += request.ByteSize()

    def sent(self, response: Any) -> None:
        """Counts a message that is sent."""
        self._metrics.sent.labels(*self._method.labels).inc()
        if self._trace is not None:
            self._trace.sent_bytes += response.ByteSize()

    @property
    def _ids(self) -> dict[str, str]:
        ids = {"request_id": self._request_id, "service": self._method.service, "method": self._method.name}
        return {**ids, "retry": str(self._tries_before)} if self._tries_before else ids

    def _enter(self) -> None:
        """Asks who calls, before anything is done for them.

        Raises:
            NotKnown: nobody could tell.
            NotAllowed: the caller may not call.
            OverQuota: the caller's tenant may not call now.
        """
        if self._method.service in OPEN:
            return
        self._visit = self._gate.enter(self._context)
        begin(self._visit)
        if self._method.is_stream:
            self._audit.started(self._visit, self._ids)
        self._visit.call()

    async def guard(self, behaviour: Callable[..., Awaitable[Any]], request: Any) -> Any:
        """Runs a handler; what it raises ends the call with the status of `errors`."""
        try:
            self._enter()
            if isinstance(request, _Unread):
                raise request.error
            return await behaviour(request, self._context)
        except (asyncio.CancelledError, aio.AbortError):
            raise  # a handler that swallowed these would leak the call in grpc.aio
        except Exception as error:
            await self._end(call_error(error))

    async def guard_stream(
        self, behaviour: Callable[..., AsyncGenerator[Any, None]], request: Any
    ) -> AsyncGenerator[Any, None]:
        """As `guard`, for a handler that gives a stream; it may take one."""
        if hasattr(request, "__aiter__"):
            request = self._requests(request)
        else:
            self.received(request)
        try:
            self._enter()
            if isinstance(request, _Unread):
                raise request.error
            async with aclosing(behaviour(request, self._context)) as answers:
                async for answer in answers:
                    yield answer
        except (asyncio.CancelledError, aio.AbortError):
            raise
        except Exception as error:
            await self._end(call_error(error))

    async def _requests(self, requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
        async for request in requests:
            self.received(request)
            if isinstance(request, _Unread):
                raise request.error
            yield request

    async def _end(self, error: CallError) -> NoReturn:
        self._code, self._reason = error.code, error.reason
        await self._context.abort(
            error.code, error.text, trailing_metadata=(*error.trailers(), (REQUEST_ID_KEY, self._request_id))
        )


def _request_id(metadata: Mapping[str, str | bytes]) -> str:
    given = metadata.get(REQUEST_ID_KEY)
    return given if isinstance(given, str) and _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _safe(deserialize: Callable[[bytes], Any] | None) -> Callable[[bytes], Any] | None:
    """A deserialiser that gives `_Unread` instead of raising: gRPC would answer INTERNAL and log the error."""
    if deserialize is None:
        return None

    def read(data: bytes) -> Any:
        try:
            return deserialize(data)
        except Exception:  # protobuf raises DecodeError, and others for deep nesting
            return _Unread(len(data), malformed())

    return read
