"""A server in this process that gives prepared answers, for the tests of those who call Amends.

    with FakeServer() as server:
        server.answer("ScoreReply", ScoreReplyResponse(judgement=Judgement(score=72.25)))
        with Client(server.target) as client:
            ...

It speaks the whole contract, and of grpc.health.v1 all but its stream; it holds no model.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import grpc
from amends.v1 import empathy_service_pb2, playbook_service_pb2
from google.protobuf import descriptor_pool
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import status_pb2
from grpc_health.v1 import health_pb2

_SERVICES: tuple[ServiceDescriptor, ...] = (
    empathy_service_pb2.DESCRIPTOR.services_by_name["EmpathyService"],
    playbook_service_pb2.DESCRIPTOR.services_by_name["PlaybookService"],
    descriptor_pool.Default().FindServiceByName("grpc.health.v1.Health"),
)
_NOT_SPOKEN = {"Watch"}


@dataclass(frozen=True, slots=True)
class Failure:
    """An answer that is an error."""

    code: grpc.StatusCode
    message: str = "refused by the fake server"
    details: tuple[Message, ...] = ()
    """Messages of `google.rpc`, such as `ErrorInfo`, sent as the server sends them."""
    pushback_ms: int | None = None
    """Sent as `grpc-retry-pushback-ms`; negative: do not retry; None: not sent."""


@dataclass(frozen=True, slots=True)
class Silence:
    """No answer until the call is given up by its caller."""

    reached: threading.Event = field(default_factory=threading.Event)
    """Set once a call waits for the answer."""


@dataclass(frozen=True, slots=True)
class ReceivedCall:
    """A call, or an event of a stream, as the server saw it."""

    method: str
    request: Any
    """The request message of the method; of a stream, the event."""
    metadata: Mapping[str, str | bytes]


Answer = Message | Failure | Silence


class FakeServer:
    """Listens on a free port of the loopback interface until it is closed. Thread-safe.

    A method for which no answer is prepared fails with UNIMPLEMENTED; health is SERVING until told
    otherwise.

    Args:
        credentials: for TLS; None: plain.
    """

    def __init__(self, credentials: grpc.ServerCredentials | None = None) -> None:
        self.calls: list[ReceivedCall] = []
        """Every call and every event of a stream received, attempts that are retries included."""
        self._answers: dict[str, deque[Answer]] = {}
        self._lock = threading.Lock()
        self._server = grpc.server(ThreadPoolExecutor(max_workers=4), options=[("grpc.so_reuseport", 0)])
        for service in _SERVICES:
            self._server.add_generic_rpc_handlers((self._handler(service),))
        host = "127.0.0.1" if credentials is None else "localhost"
        self.target = f"{host}:{self._listen(credentials)}"
        """Where it listens."""
        self.answer("Check", health_pb2.HealthCheckResponse(status=health_pb2.HealthCheckResponse.SERVING))
        self._server.start()

    def __enter__(self) -> Self:
        """Gives the server itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes the server."""
        self.close()

    def close(self) -> None:
        """Stops at once and waits for it; calls under way are cancelled."""
        self._server.stop(None).wait()

    def answer(self, method: str, *answers: Answer) -> None:
        """Prepares the answers of a method: one a call in their order, and the last for every later call.

        In `CoachConversation` it is one an event, over all streams; an answer that names no event answers the
        one that came.
        """
        with self._lock:
            self._answers[method] = deque(answers)

    def _listen(self, credentials: grpc.ServerCredentials | None) -> int:
        if credentials is None:
            # One address: by name, a port that is free on one of two addresses may be another server's on the other.
            return self._server.add_insecure_port("127.0.0.1:0")
        return self._server.add_secure_port("localhost:0", credentials)

    def _handler(self, service: ServiceDescriptor) -> grpc.GenericRpcHandler:
        methods = [method for method in service.methods if method.name not in _NOT_SPOKEN]
        handlers = {method.name: self._method_handler(method) for method in methods}
        return grpc.method_handlers_generic_handler(service.full_name, handlers)

    def _method_handler(self, method: MethodDescriptor) -> "grpc.RpcMethodHandler[Any, Any]":
        deserialize = GetMessageClass(method.input_type).FromString
        if method.client_streaming:
            return grpc.stream_stream_rpc_method_handler(self._stream(method.name), deserialize, _serialize)
        return grpc.unary_unary_rpc_method_handler(self._behaviour(method.name), deserialize, _serialize)

    def _behaviour(self, method: str) -> Callable[[Message, grpc.ServicerContext], Message]:
        def play(request: Message, context: grpc.ServicerContext) -> Message:
            metadata = dict(context.invocation_metadata())
            with self._lock:
                self.calls.append(ReceivedCall(method, request, metadata))
                answer = self._next_answer(method)
            return _give(answer, context)

        return play

    def _stream(self, method: str) -> Callable[[Iterator[Message], grpc.ServicerContext], Iterator[Message]]:
        play = self._behaviour(method)

        def play_each(requests: Iterator[Message], context: grpc.ServicerContext) -> Iterator[Message]:
            for request in requests:
                yield _addressed(play(request, context), request)

        return play_each

    def _next_answer(self, method: str) -> Answer:
        answers = self._answers.get(method)
        if not answers:
            return Failure(grpc.StatusCode.UNIMPLEMENTED, f"no answer is prepared for {method}")
        return answers.popleft() if len(answers) > 1 else answers[0]


def _give(answer: Answer, context: grpc.ServicerContext) -> Message:
    if isinstance(answer, Failure):
        context.set_trailing_metadata(_trailing(answer))
        context.abort(answer.code, answer.message)
    if isinstance(answer, Silence):
        answer.reached.set()
        given_up = threading.Event()
        if context.add_callback(given_up.set):
            given_up.wait()
        context.abort(grpc.StatusCode.CANCELLED, "given up by its caller")
    return answer


def _addressed(answer: Message, request: Message) -> Message:
    """The answer to an event of a stream, by its id."""
    addressed = type(answer)()
    addressed.CopyFrom(answer)
    addressed.event_id = addressed.event_id or request.event_id  # type: ignore[attr-defined]
    return addressed


def _serialize(response: Message) -> bytes:
    return response.SerializeToString()


def _trailing(failure: Failure) -> tuple[tuple[str, str | bytes], ...]:
    status = status_pb2.Status(code=failure.code.value[0], message=failure.message)
    for detail in failure.details:
        packed = AnyMessage()
        packed.Pack(detail)
        status.details.append(packed)
    pushback = () if failure.pushback_ms is None else (("grpc-retry-pushback-ms", str(failure.pushback_ms)),)
    return (("grpc-status-details-bin", status.SerializeToString()), *pushback)
