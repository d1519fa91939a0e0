"""What the tests of a running service share: raw calls, held encoders, and the records of calls."""

import logging
import queue
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import grpc
import pytest
from amends_server.editions import Model
from live_streams import OpenStream, Stream
from raw_calls import CallRecord, HeldEncoder, Refusal, read_refusal
from running_service import PATIENCE_S, Running


@pytest.fixture
def held(model: Model) -> Iterator[HeldEncoder]:
    encoder = HeldEncoder(model.encoder)
    yield encoder
    encoder.let_go.set()


@pytest.fixture
def held_model(model: Model, held: HeldEncoder) -> Model:
    return replace(model, encoder=held)  # type: ignore[arg-type]


class _Queue(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: queue.Queue[logging.LogRecord] = queue.Queue()

    def emit(self, record: logging.LogRecord) -> None:
        self.records.put(record)


@pytest.fixture
def call_record() -> Iterator[CallRecord]:
    """Waits for the record that a call of this request id ended, and gives its fields."""
    handler, logger = _Queue(), logging.getLogger("amends.call")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)

    def wait_for(request_id: str) -> dict[str, Any]:
        while True:
            fields = handler.records.get(timeout=PATIENCE_S).__dict__
            if (fields["msg"], fields["request_id"]) == ("call ended", request_id):
                return fields

    yield wait_for
    logger.removeHandler(handler)
    logger.setLevel(level)


@pytest.fixture
def refused() -> Callable[..., Refusal]:
    """Sends bytes to a method, wants the call to fail, and gives how: `refused(channel, "ScoreReply", b"...")`."""

    def send(channel: grpc.Channel, method: str, request: bytes, **terms: Any) -> Refusal:
        path = method if method.startswith("/") else f"/amends.v1.EmpathyService/{method}"
        call = channel.unary_unary(path, request_serializer=bytes, response_deserializer=bytes)
        with pytest.raises(grpc.RpcError) as caught:
            call(request, timeout=terms.pop("timeout", PATIENCE_S), **terms)
        return read_refusal(caught.value)

    return send


@pytest.fixture(scope="session")
def channel(running: Running) -> Iterator[grpc.Channel]:
    """A plain channel to the shared service, without what our client adds."""
    options = [("grpc.max_send_message_length", 64 << 20), ("grpc.enable_retries", 0)]
    with grpc.insecure_channel(running.target, options=options) as channel:
        yield channel


@pytest.fixture
def open_stream(channel: grpc.Channel) -> Iterator[OpenStream]:
    streams: list[Stream] = []

    def opened(on: grpc.Channel = channel, **terms: Any) -> Stream:
        streams.append(Stream(on, **terms))
        return streams[-1]

    yield opened
    for stream in streams:
        stream.cancel()
