"""Who goes first, who is turned away and how they are told: the same for a call, an item of a batch and a stream."""

import logging
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import grpc
import pytest
from amends.v1 import empathy_service_pb2 as pb
from amends.v1 import empathy_service_pb2_grpc
from amends_client import Client, ClientOptions, Internal, InvalidOptions, customer, reply_request
from amends_core.encoder import Encoder, Encoding
from amends_server.editions import Model
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2
from live_streams import OpenStream, start, total, wait_for
from raw_calls import MORE_THAN_A_HANDFUL, HeldEncoder
from running_service import PATIENCE_S, Running, Serve

TURNS = [customer("My parcel is three weeks late!")]


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as threads:
        yield threads


def _client(running: Running, priority: Any = None) -> Client:
    return Client(ClientOptions(running.target, timeout_s=PATIENCE_S, max_attempts=1, priority=priority))


def _details(status: status_pb2.Status) -> tuple[error_details_pb2.ErrorInfo, error_details_pb2.RetryInfo]:
    info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
    assert any(packed.Unpack(info) for packed in status.details)
    assert any(packed.Unpack(retry) for packed in status.details)
    return info, retry


def _status(call: Any) -> status_pb2.Status:
    trailers = dict(call.trailing_metadata())
    status = status_pb2.Status.FromString(trailers["grpc-status-details-bin"])
    assert trailers["grpc-retry-pushback-ms"] == str(_details(status)[1].retry_delay.ToMilliseconds())
    return status


def test_a_call_an_item_and_a_stream_are_refused_alike(
    serve: Serve, held_model: Model, held: HeldEncoder, open_stream: OpenStream, threads: ThreadPoolExecutor
) -> None:
    running = serve(model=held_model, workers=1, max_queue=1)
    with _client(running) as client, grpc.insecure_channel(running.target) as channel:
        first = threads.submit(client.score_reply, TURNS, MORE_THAN_A_HANDFUL)
        assert held.started.wait(PATIENCE_S)
        stub = empathy_service_pb2_grpc.EmpathyServiceStub(channel)
        with pytest.raises(grpc.RpcError) as refused:
            stub.ScoreReply(reply_request(TURNS, "No room."), timeout=PATIENCE_S)
        batch = pb.BatchScoreRepliesRequest(requests=[reply_request(TURNS, f"No room, {n}.") for n in range(3)])
        items = stub.BatchScoreReplies(batch, timeout=PATIENCE_S).results
        stream = open_stream(channel)
        stream.send(start(*TURNS, customer("No room.")))
        with pytest.raises(grpc.RpcError) as ended:
            next(stream.call)
        statuses = [_status(refused.value), *(item.error for item in items), _status(ended.value)]
        held.let_go.set()
        assert first.result(PATIENCE_S).judgement.steps
    for status in statuses:
        info, retry = _details(status)
        assert status.code == grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]
        assert (info.reason, info.metadata["limit"]) == ("OVERLOADED", "queue_full")
        assert retry.retry_delay.ToMilliseconds() >= 50
        assert "--max-queue" in status.message
    refused_by = {"live": 2, "bulk": 3}
    for priority, count in refused_by.items():
        assert total(running, "amends_admission_refused_total", priority=priority, reason="queue_full") == count
    score = {"grpc_type": "unary", "grpc_service": "amends.v1.EmpathyService", "grpc_method": "ScoreReply"}
    wait_for(running, lambda: total(running, "amends_call_faults_total", **score, grpc_code="RESOURCE_EXHAUSTED") == 1)


def test_live_calls_go_before_conversations_and_batches_and_those_that_step_back(
    serve: Serve, held_model: Model, held: HeldEncoder, threads: ThreadPoolExecutor
) -> None:
    running = serve(model=held_model, workers=1)
    calls: list[Future[Any]] = []

    def queue(ask: Callable[..., Any], *args: Any) -> None:
        before = total(running, "amends_queue_sentences")
        calls.append(threads.submit(ask, *args))
        wait_for(running, lambda: total(running, "amends_queue_sentences") > before)

    with _client(running) as client, _client(running, "bulk") as modest:
        calls.append(threads.submit(client.next_step, [customer("First?")]))
        assert held.started.wait(PATIENCE_S)
        queue(client.batch_score_replies, [reply_request([customer("Batch?")], "Batched.")])
        queue(modest.next_step, [customer("Modest?")])
        queue(client.score_conversation, [customer("Course?")])
        queue(client.next_step, [customer("Live?")])
        held.let_go.set()
        for call in calls:
            call.result(PATIENCE_S)
    order = list(dict.fromkeys(word for text in held.taken for word in re.findall(r"Live|Course|Batch|Modest", text)))
    assert order == ["Live", "Course", "Batch", "Modest"]
    assert total(running, "amends_queue_wait_seconds_count", priority="bulk") > 0


def test_an_unknown_class_is_refused(running: Running) -> None:
    with grpc.insecure_channel(running.target) as channel:
        stub = empathy_service_pb2_grpc.EmpathyServiceStub(channel)
        with pytest.raises(grpc.RpcError) as caught:
            stub.NextStep(pb.NextStepRequest(turns=TURNS), metadata=[("x-amends-priority", "urgent")])
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "x-amends-priority" in caught.value.details()
    with pytest.raises(InvalidOptions, match="priority"):
        ClientOptions(priority="urgent")  # type: ignore[arg-type]


class Poisoned:
    """The real encoder, which one sentence kills."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    def encode(self, text: str) -> Encoding:
        if "poison" in text:
            raise MemoryError(text)
        return self._encoder.encode(text)


def test_a_poisoned_sentence_fails_its_own_call_with_an_id_and_nobody_else(
    serve: Serve, model: Model, caplog: pytest.LogCaptureFixture
) -> None:
    running = serve(model=replace(model, encoder=Poisoned(model.encoder)))  # type: ignore[arg-type]
    with _client(running) as client:
        for n in range(12):
            with pytest.raises(Internal) as caught:
                client.score_reply(TURNS, f"This is poison, {n}.")
        assert client.score_reply(TURNS, "I am sorry.").judgement.steps
        items = client.batch_score_replies([reply_request(TURNS, "Fine."), reply_request(TURNS, "More poison.")])
        assert [item.WhichOneof("outcome") for item in items.results] == ["judgement", "error"]
        assert client.health().status == health_pb2.HealthCheckResponse.SERVING
    records = [record for record in caplog.records if record.message == "internal error"]
    assert caught.value.message.endswith(f"its id is {records[11].__dict__['error_id']}")
    assert {record.__dict__["type"] for record in records} == {"MemoryError"}
    assert not any("poison" in logging.Formatter().format(record) for record in caplog.records)
    assert total(running, "amends_inference_errors_total", fault="sentence") == 13
