"""What every call carries: id, token, deadline; and how it is retried."""

import asyncio
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from amends.v1 import empathy_service_pb2, judgement_pb2
from amends_client import (
    AsyncClient,
    CallError,
    Cancelled,
    Client,
    ClientOptions,
    DeadlineExceeded,
    InvalidRequest,
    Overloaded,
    Unavailable,
    Unimplemented,
    customer,
)
from amends_client.testing import Failure, FakeServer, Silence

Ask = Callable[..., Any]

SCORED = empathy_service_pb2.ScoreReplyResponse(judgement=judgement_pb2.Judgement(score=72.25))
TURNS = [customer("It is a week late!")]


def test_every_call_has_an_id_of_its_own(server: FakeServer, ask: Ask) -> None:
    server.answer("ScoreReply", SCORED)
    ask("score_reply", TURNS, "I am sorry.")
    ask("score_reply", TURNS, "I am sorry.")
    first, second = (str(call.metadata["x-request-id"]) for call in server.calls)
    assert first != second
    assert uuid.UUID(first).version == 4


def test_id_of_the_caller_is_sent_as_it_is(server: FakeServer, ask: Ask) -> None:
    server.answer("ScoreReply", SCORED)
    ask("score_reply", TURNS, "I am sorry.", request_id="case/7#a")
    assert server.calls[0].metadata["x-request-id"] == "case/7#a"


@pytest.mark.parametrize("request_id", ["", "two words", "line\n", "é", "x" * 129])
def test_id_that_cannot_be_sent_is_refused_before_the_call(server: FakeServer, ask: Ask, request_id: str) -> None:
    with pytest.raises(InvalidRequest, match="request_id: must be 1 to 128 characters") as caught:
        ask("health", request_id=request_id, options=ClientOptions(target=server.target, token="s3cret"))
    assert "s3cret" not in str(caught.value)
    assert server.calls == []


def test_token_is_sent_as_bearer(server: FakeServer, ask: Ask) -> None:
    ask("health", options=ClientOptions(target=server.target, token="s3cret"))
    assert server.calls[0].metadata["authorization"] == "Bearer s3cret"


def test_token_of_a_function_is_asked_for_before_each_call(server: FakeServer, ask: Ask) -> None:
    tokens = iter(["first", "second"])
    options = ClientOptions(target=server.target, token=lambda: next(tokens))
    ask("health", options=options)
    ask("health", options=options)
    assert [call.metadata["authorization"] for call in server.calls] == ["Bearer first", "Bearer second"]


def test_without_token_nothing_is_sent(server: FakeServer, ask: Ask) -> None:
    ask("health")
    assert "authorization" not in server.calls[0].metadata


def test_class_is_sent_where_one_is_chosen(server: FakeServer, ask: Ask) -> None:
    ask("health")
    ask("health", options=ClientOptions(target=server.target, priority="bulk"))
    assert [call.metadata.get("x-amends-priority") for call in server.calls] == [None, "bulk"]


@pytest.mark.parametrize("timeout_s", [0, -1, float("nan"), float("inf")])
def test_timeout_that_is_no_time_is_refused(server: FakeServer, ask: Ask, timeout_s: float) -> None:
    with pytest.raises(InvalidRequest, match="timeout_s"):
        ask("health", timeout_s=timeout_s)
    assert server.calls == []


def test_silent_server_ends_in_deadline_exceeded(server: FakeServer, ask: Ask) -> None:
    server.answer("ScoreReply", Silence())
    with pytest.raises(DeadlineExceeded):
        ask("score_reply", TURNS, "I am sorry.", timeout_s=0.05)


def test_timeout_of_the_options_holds_where_the_call_has_none(server: FakeServer, ask: Ask) -> None:
    server.answer("ScoreReply", Silence())
    with pytest.raises(DeadlineExceeded):
        ask("score_reply", TURNS, "I am sorry.", options=ClientOptions(target=server.target, timeout_s=0.05))


def test_waiting_for_a_server_ends_at_the_timeout(server: FakeServer, ask: Ask) -> None:
    server.close()
    with pytest.raises(DeadlineExceeded):
        ask("health", timeout_s=0.05, options=ClientOptions(target=server.target, wait_for_ready=True))


@pytest.mark.parametrize(
    "failure",
    [
        Failure(grpc.StatusCode.UNAVAILABLE),
        Failure(grpc.StatusCode.UNAVAILABLE, pushback_ms=1),
        Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, pushback_ms=1),
    ],
)
def test_refused_read_is_tried_again_under_the_same_id(server: FakeServer, ask: Ask, failure: Failure) -> None:
    server.answer("ScoreReply", failure, SCORED)
    assert ask("score_reply", TURNS, "I am sorry.") == SCORED
    assert len(server.calls) == 2
    assert len({call.metadata["x-request-id"] for call in server.calls}) == 1


def test_attempts_end_at_their_bound(server: FakeServer, ask: Ask) -> None:
    server.answer("ScoreReply", Failure(grpc.StatusCode.UNAVAILABLE, pushback_ms=1))
    with pytest.raises(Unavailable):
        ask("score_reply", TURNS, "I am sorry.", options=ClientOptions(target=server.target, max_attempts=4))
    assert len(server.calls) == 4


@pytest.mark.parametrize("max_attempts", [1, 3])
def test_pushback_below_zero_or_one_attempt_forbids_a_retry(server: FakeServer, ask: Ask, max_attempts: int) -> None:
    server.answer("ScoreReply", Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, pushback_ms=-1))
    options = ClientOptions(target=server.target, max_attempts=max_attempts)
    with pytest.raises(Overloaded):
        ask("score_reply", TURNS, "I am sorry.", options=options)
    assert len(server.calls) == 1


@pytest.mark.parametrize("code", [grpc.StatusCode.INTERNAL, grpc.StatusCode.INVALID_ARGUMENT])
def test_other_failures_are_not_tried_again(server: FakeServer, ask: Ask, code: grpc.StatusCode) -> None:
    server.answer("ScoreReply", Failure(code, pushback_ms=1))
    with pytest.raises(CallError):
        ask("score_reply", TURNS, "I am sorry.")
    assert len(server.calls) == 1


def test_health_is_told_at_once(server: FakeServer, ask: Ask) -> None:
    server.answer("Check", Failure(grpc.StatusCode.UNAVAILABLE, pushback_ms=1))
    with pytest.raises(Unavailable):
        ask("health")
    assert len(server.calls) == 1


def test_unprepared_method_of_the_fake_server_is_unimplemented(ask: Ask) -> None:
    with pytest.raises(Unimplemented, match="no answer is prepared for ListPlaybooks"):
        ask("list_playbooks")


def test_cancelled_task_stays_cancelled(server: FakeServer) -> None:
    silence = Silence()
    server.answer("ScoreReply", silence)

    async def cancel_under_way() -> None:
        async with AsyncClient(server.target) as client:
            call = asyncio.create_task(client.score_reply(TURNS, "I am sorry.", timeout_s=30))
            await asyncio.to_thread(silence.reached.wait)
            call.cancel()
            await call

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancel_under_way())


def test_closing_the_async_client_ends_calls_under_way(server: FakeServer) -> None:
    silence = Silence()
    server.answer("ScoreReply", silence)

    async def close_under_way() -> None:
        client = AsyncClient(server.target)
        call = asyncio.create_task(client.score_reply(TURNS, "I am sorry.", timeout_s=30, request_id="case-7"))
        await asyncio.to_thread(silence.reached.wait)
        await client.close()
        await call

    with pytest.raises(Cancelled, match=r"the client was closed .*case-7"):
        asyncio.run(close_under_way())


def test_closing_the_client_ends_calls_under_way(server: FakeServer) -> None:
    silence = Silence()
    server.answer("ScoreReply", silence)
    client = Client(server.target)
    with ThreadPoolExecutor() as pool:
        call = pool.submit(client.score_reply, TURNS, "I am sorry.", timeout_s=30)
        silence.reached.wait()
        client.close()
    assert isinstance(call.exception(), Cancelled)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subject = "/CN=localhost -addext subjectAltName=DNS:localhost -newkey ec -pkeyopt ec_paramgen_curve:prime256v1"
    command = f"openssl req -x509 -nodes -days 2 -subj {subject} -keyout {key} -out {cert}"
    subprocess.run(command.split(), check=True, capture_output=True)
    return cert, key


@pytest.fixture
def tls_server(certificate: tuple[Path, Path]) -> Iterator[FakeServer]:
    cert, key = certificate
    pair = (key.read_bytes(), cert.read_bytes())
    credentials = grpc.ssl_server_credentials([pair], root_certificates=cert.read_bytes(), require_client_auth=True)
    with FakeServer(credentials) as server:
        yield server


def test_mutual_tls(tls_server: FakeServer, certificate: tuple[Path, Path], ask: Ask) -> None:
    cert, key = certificate
    options = ClientOptions(target=tls_server.target, tls_root_path=cert, tls_cert_path=cert, tls_key_path=str(key))
    assert ask("health", options=options).status == 1


def test_server_that_is_not_trusted_is_unavailable(tls_server: FakeServer, ask: Ask) -> None:
    with pytest.raises(Unavailable):
        ask("health", options=ClientOptions(target=tls_server.target, tls=True))
