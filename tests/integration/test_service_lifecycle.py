"""Start, deadlines, drain and failure: what becomes of those who call at the wrong moment."""

import asyncio
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import grpc
import pytest
from amends.v1.empathy_service_pb2 import NextStepRequest
from amends_client import (
    CallError,
    Cancelled,
    Client,
    ClientOptions,
    DeadlineExceeded,
    Internal,
    Overloaded,
    Unavailable,
    customer,
)
from amends_core.encoder import Encoding
from amends_server.editions import Model
from amends_server.server import PortInUse
from grpc_health.v1 import health_pb2
from raw_calls import MORE_THAN_A_HANDFUL, CallRecord, HeldEncoder
from running_service import PATIENCE_S, Running, Serve

TURNS = [customer("My parcel is three weeks late!")]


def _client(running: Running, timeout_s: float = PATIENCE_S) -> Client:
    return Client(ClientOptions(running.target, timeout_s=timeout_s, max_attempts=1))


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as threads:
        yield threads


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def test_a_port_in_use_fails_loudly_and_names_the_flag(serve: Serve, taken_port: int) -> None:
    with pytest.raises(PortInUse, match=rf"127\.0\.0\.1:{taken_port}.*--port"):
        serve(port=taken_port)


def test_two_services_never_share_a_port(serve: Serve) -> None:
    with pytest.raises(PortInUse):
        serve(port=serve().service.port)


def test_a_metrics_port_in_use_fails_loudly_and_names_the_flag(serve: Serve, taken_port: int) -> None:
    with pytest.raises(PortInUse, match=rf"{taken_port}.*--metrics-port"):
        serve(metrics_port=taken_port)


def test_stop_gives_both_ports_back(serve: Serve) -> None:
    first = serve(metrics_port=0)
    ports = {"port": first.service.port, "metrics_port": first.service.metrics_port}
    first.run(first.service.stop(0))
    second = serve(**ports)
    assert (second.service.port, second.service.metrics_port) == (ports["port"], ports["metrics_port"])


def test_without_a_metrics_port_nothing_listens(serve: Serve) -> None:
    assert serve(metrics_port=-1).service.metrics_port == -1


@pytest.mark.parametrize("timeout_s", [1e-9, 1e-4])
def test_an_expired_deadline_is_told_as_such(running: Running, timeout_s: float) -> None:
    with _client(running, timeout_s) as client, pytest.raises(DeadlineExceeded):
        client.score_conversation([customer(f"Where is parcel {n}?") for n in range(400)])


def test_a_call_given_up_in_the_queue_is_never_encoded(
    serve: Serve, held_model: Model, held: HeldEncoder, threads: ThreadPoolExecutor, call_record: CallRecord
) -> None:
    running = serve(model=held_model, workers=1)
    with _client(running) as client:
        first = threads.submit(client.score_reply, TURNS, "I am sorry.")
        assert held.started.wait(PATIENCE_S)
        with pytest.raises(DeadlineExceeded):
            client.score_reply(TURNS, "Nobody waits for this any more.", timeout_s=0.05, request_id="given-up")
        assert call_record("given-up")["code"] in {"CANCELLED", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED"}
        held.let_go.set()
        assert first.result(PATIENCE_S).judgement.steps
    assert "Nobody waits for this any more." not in held.taken


def test_a_call_without_a_deadline_gets_the_default_one(serve: Serve) -> None:
    running = serve(default_deadline_s=1e-9)
    with grpc.insecure_channel(running.target) as channel:
        call: Any = channel.unary_unary("/amends.v1.EmpathyService/NextStep", response_deserializer=bytes)
        with pytest.raises(grpc.RpcError) as caught:
            call(NextStepRequest(turns=TURNS).SerializeToString())
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED  # type: ignore[attr-defined]
    assert "allow more time" in caught.value.details()  # type: ignore[attr-defined]


def test_a_full_queue_refuses_with_when_to_come_back(
    serve: Serve, held_model: Model, held: HeldEncoder, threads: ThreadPoolExecutor
) -> None:
    running = serve(model=held_model, workers=1, max_queue=1)
    with _client(running) as client:
        first = threads.submit(client.score_reply, TURNS, MORE_THAN_A_HANDFUL)
        assert held.started.wait(PATIENCE_S)
        with pytest.raises(Overloaded) as caught:
            client.score_reply(TURNS, "No room.")
        assert caught.value.reason == "OVERLOADED"
        assert caught.value.retry_after_s is not None
        assert caught.value.retry_after_s >= 0.05
        held.let_go.set()
        assert first.result(PATIENCE_S).judgement.steps


def test_calls_in_flight_finish_while_new_ones_are_turned_away(
    serve: Serve, held_model: Model, held: HeldEncoder, threads: ThreadPoolExecutor
) -> None:
    running = serve(model=held_model, workers=1)
    with _client(running) as client:
        calls = [threads.submit(client.score_reply, TURNS, f"I am sorry, {n}.") for n in range(3)]
        assert held.started.wait(PATIENCE_S)
        _wait_until_in_flight(running, 3)
        stopping = asyncio.run_coroutine_threadsafe(running.service.stop(PATIENCE_S), running.loop)
        assert _refusal_of_health(running)
        with _client(running) as late, pytest.raises(Unavailable):
            late.health()
        held.let_go.set()
        assert all(call.result(PATIENCE_S).judgement.steps for call in calls)
        stopping.result(PATIENCE_S)


def test_what_outlives_the_grace_is_cancelled(
    serve: Serve, held_model: Model, held: HeldEncoder, threads: ThreadPoolExecutor, call_record: CallRecord
) -> None:
    running = serve(model=held_model, workers=1)
    with _client(running) as client:
        call = threads.submit(client.score_reply, TURNS, "I am sorry.", request_id="outlives")
        assert held.started.wait(PATIENCE_S)
        stopping = asyncio.run_coroutine_threadsafe(running.service.stop(0), running.loop)
        assert isinstance(call.exception(PATIENCE_S), (Unavailable, Cancelled))
        assert call_record("outlives")["code"] == "CANCELLED"
        held.let_go.set()
        stopping.result(PATIENCE_S)


def test_a_broken_encoder_makes_the_service_unhealthy(serve: Serve, model: Model) -> None:
    class Broken:
        def encode(self, text: str) -> Encoding:
            raise RuntimeError(text)

    running = serve(model=replace(model, encoder=Broken()))  # type: ignore[arg-type]
    with _client(running) as client:
        with pytest.raises((Internal, Unavailable)):
            client.score_reply(TURNS, "I am sorry.")
        with pytest.raises(Unavailable) as caught:
            client.score_reply(TURNS, "I am sorry.")
        assert caught.value.reason == "INFERENCE_FAILED"
        assert client.health().status == health_pb2.HealthCheckResponse.NOT_SERVING
        assert client.health("amends.v1.EmpathyService").status == health_pb2.HealthCheckResponse.NOT_SERVING


def test_a_broken_scorer_is_an_internal_error_whose_id_is_in_the_log(
    serve: Serve, model: Model, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        library = model.edition.library

        def plan_reply(self, *_: object) -> None:
            raise KeyError("what the customer said")

    running = serve(model=replace(model, edition=replace(model.edition, scorer=Broken())))  # type: ignore[arg-type]
    with _client(running) as client:
        with pytest.raises(Internal) as caught:
            client.score_reply(TURNS, "I am sorry.")
        assert client.health().status == health_pb2.HealthCheckResponse.SERVING
    (record,) = [record for record in caplog.records if record.message == "internal error"]
    assert caught.value.message.endswith(f"its id is {record.__dict__['error_id']}")
    assert record.__dict__["type"] == "KeyError"


def test_background_work_that_dies_is_told(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        raise KeyError("Confidential Words")

    async def die() -> None:
        running.service._watch("work", work())
        while any(task.get_name() == "work" for task in running.service._tasks):
            await asyncio.sleep(0)

    running.run(asyncio.wait_for(die(), PATIENCE_S))
    (record,) = [record for record in caplog.records if record.message == "background work died"]
    assert (record.__dict__["work"], record.__dict__["type"]) == ("work", "KeyError")
    assert "onfidential" not in str(record.__dict__)


def _refusal_of_health(running: Running) -> CallError:
    """Calls on a connection made before until the service turns calls away."""
    with _client(running) as client:
        while True:
            try:
                client.health()
            except (Unavailable, Cancelled) as error:
                return error


def _wait_until_in_flight(running: Running, calls: int) -> None:
    """Waits on the loop's own turns, in which calls arrive."""

    async def arrived() -> None:
        while running.service.metrics.registry.get_sample_value("amends_calls_in_flight") != calls:
            await asyncio.sleep(0)

    running.run(asyncio.wait_for(arrived(), PATIENCE_S))
