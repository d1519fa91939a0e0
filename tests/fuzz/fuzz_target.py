"""The service without its sockets: bytes go into the outermost interceptor, and a status or bytes come out."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any
from unittest.mock import patch

import grpc
import numpy as np
from amends.v1 import empathy_service_pb2 as pb
from amends.v1 import judgement_pb2
from amends_core.bundle import OUTPUTS, load_bundle
from amends_core.encoder import Encoding
from amends_core.playbooks import load_library
from amends_core.scorer import Scorer, phrases_of
from amends_server.editions import Model, model_info
from amends_server.playbooks import Edition
from amends_server.server import Service
from amends_server.settings import Settings
from google.rpc import status_pb2
from grpc import aio

PATIENCE_S = 60.0
NEVER = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.DATA_LOSS}
"""Codes that only an error of our own ends in."""
_DIMENSION = 16


class Finding(AssertionError):
    """An input that the service did not bear."""


class QuickEncoder:
    """Gives numbers made of the text's checksum: every judgement is reachable, and none costs milliseconds."""

    def encode(self, text: str) -> Encoding:
        """See `Encoder.encode`."""
        seed = int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
        random = np.random.Generator(np.random.PCG64(seed))
        embedding = random.standard_normal(_DIMENSION).astype(np.float32)
        embedding /= np.linalg.norm(embedding)
        logits = (6 * random.standard_normal(len(OUTPUTS))).astype(np.float32)
        return Encoding(embedding, logits, tokens=5, unknown_tokens=seed % 5, truncated=False)


def quick_model() -> Model:
    """The service's model, but for the encoder."""
    encoder, bundle, library = QuickEncoder(), load_bundle(), load_library()
    bundle = replace(bundle, manifest=replace(bundle.manifest, dimension=_DIMENSION))
    encodings = {text: encoder.encode(text) for text in phrases_of(library)}
    scorer = Scorer(bundle.manifest, library, encodings)
    edition = Edition(bundle.manifest, library, scorer, encodings, model_info(bundle))
    return Model(bundle, encoder, edition)  # type: ignore[arg-type]


@aio.Server.register
class _Recorder:
    """Stands for gRPC's server, and keeps what is registered on it."""

    def __init__(self, interceptors: Sequence[aio.ServerInterceptor] = (), **_: object) -> None:
        self.interceptors = interceptors
        self.handlers: dict[str, Any] = {}

    def add_generic_rpc_handlers(self, handlers: Sequence[Any]) -> None:
        """Left out: every method is registered by name as well."""

    def add_registered_method_handlers(self, service: str, handlers: dict[str, Any]) -> None:
        self.handlers |= {f"/{service}/{name}": handler for name, handler in handlers.items()}


@dataclass(slots=True)
class _Context:
    """What a handler sees of its call."""

    metadata: tuple[tuple[str, str], ...] = ()
    ended: grpc.StatusCode | None = None
    trailers: tuple[Any, ...] = ()
    request: Any = aio.EOF

    async def read(self) -> Any:
        return self.request

    def invocation_metadata(self) -> tuple[tuple[str, str], ...]:
        return self.metadata

    def auth_context(self) -> dict[str, list[bytes]]:
        return {}

    def set_trailing_metadata(self, metadata: tuple[Any, ...]) -> None:
        self.trailers = metadata

    def code(self) -> grpc.StatusCode | None:
        return self.ended

    def time_remaining(self) -> float:
        return PATIENCE_S

    async def abort(self, code: grpc.StatusCode, details: str = "", trailing_metadata: tuple[Any, ...] = ()) -> None:
        self.ended, self.trailers = code, trailing_metadata
        raise aio.AbortError


@dataclass(frozen=True, slots=True)
class _Details:
    """What gRPC tells an interceptor."""

    method: str
    invocation_metadata: tuple[tuple[str, str], ...] = ()


class Target:
    """Takes inputs and holds the answers to what must always hold. Counts them."""

    def __init__(self, model: Model) -> None:
        self.inputs = 0
        self._loop = asyncio.new_event_loop()
        self._handlers = self._loop.run_until_complete(self._registered(model))

    async def _registered(self, model: Model) -> dict[str, Any]:
        settings = Settings(metrics_port=-1, workers=1, worker_kind="thread", cache_mb=8, reflection=True)
        with patch("amends_server.server.aio.server", _Recorder):
            service: Any = Service(settings, model)
        (edge,) = service._server.interceptors
        found = {}
        for path, handler in service._server.handlers.items():
            found[path] = await edge.intercept_service(_giving(handler), _Details(path))
        return found

    def try_input(self, path: str, messages: Sequence[bytes]) -> grpc.StatusCode:
        """Gives the code with which a call ends.

        Raises:
            Finding: it ends as none may, or an answer is none that may be given.
        """
        self.inputs += 1
        context = _Context()
        try:
            answers = self._loop.run_until_complete(
                asyncio.wait_for(_call(self._handlers[path], list(messages), context), PATIENCE_S)
            )
        except aio.AbortError:
            assert context.ended is not None
            if context.ended in NEVER:
                raise Finding(f"{path} ended in {context.ended.name}") from None
            _check_refusal(context)
            return context.ended
        except TimeoutError:
            raise Finding(f"{path} took longer than {PATIENCE_S:.0f} s") from None
        if path.endswith("/ScoreReply"):
            _check_judgement(pb.ScoreReplyRequest.FromString(messages[0]), pb.ScoreReplyResponse.FromString(answers[0]))
        if path.endswith("/BatchScoreReplies"):
            _check_batch(pb.BatchScoreRepliesResponse.FromString(answers[0]))
        return grpc.StatusCode.OK


def _giving(handler: Any) -> Callable[[Any], Awaitable[Any]]:
    async def give(_: Any) -> Any:
        return handler

    return give


async def _call(handler: Any, messages: list[bytes], context: _Context) -> list[bytes]:
    if not handler.response_streaming:
        context.request = handler.request_deserializer(messages[0])
        return [handler.response_serializer(await handler.stream_unary(None, context))]
    if handler.request_streaming:
        given = _each(messages, handler)
        return [handler.response_serializer(answer) async for answer in handler.stream_stream(given, context)]
    given = handler.request_deserializer(messages[0])
    async with aclosing(handler.unary_stream(given, context)) as answers:  # a watch ends when its caller leaves
        return [handler.response_serializer(await anext(answers))]


async def _each(messages: list[bytes], handler: Any) -> AsyncIterator[Any]:
    for message in messages:
        yield handler.request_deserializer(message)


def _check_refusal(context: _Context) -> None:
    size = sum(len(name) + len(value) for name, value in context.trailers)
    if size > 6000:
        raise Finding(f"trailers of {size} bytes: gRPC's clients drop 8 KB, in base64")


def _check_judgement(request: pb.ScoreReplyRequest, response: pb.ScoreReplyResponse) -> None:
    judgement: judgement_pb2.Judgement = response.judgement
    if sum(share.points for share in judgement.contributions) != judgement.score or not 0 <= judgement.score <= 100:
        raise Finding("the contributions do not make the score")
    for span in (span for step in judgement.steps for span in step.spans):
        if not 0 <= span.start < span.end <= len(request.reply[span.turn_index].text):
            raise Finding("a span lies outside its text")


def _check_batch(response: pb.BatchScoreRepliesResponse) -> None:
    never = {code.value[0] for code in NEVER}
    errors: list[status_pb2.Status] = [result.error for result in response.results if result.HasField("error")]
    if any(error.code in never for error in errors):
        raise Finding("an item of a batch ended as none may")
