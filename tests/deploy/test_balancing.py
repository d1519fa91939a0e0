"""Calls spread over replicas and survive the loss of one: with the shipped client, with gRPC alone, through Envoy."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import grpc
import pytest
from amends.v1 import empathy_service_pb2, empathy_service_pb2_grpc
from amends_client import Client, ClientOptions, agent, customer
from amends_client.channel import service_config
from amends_client.testing import Failure, FakeServer
from amends_server.metadata import tries_before
from deploy_files import DEPLOY
from envoy_process import ENVOY, EXAMPLE, envoy
from running_service import Running, Serve

ANSWER = empathy_service_pb2.GetServerInfoResponse()
CALLS = 40
SERVICE = "/amends.v1.EmpathyService"
PATIENCE_S = 20.0

SERVICE_CONFIG = DEPLOY / "clients" / "service-config.json"
SAID = [
    customer("My parcel is three weeks late and nobody answers my mails! This is a disgrace."),
    agent("I am so sorry, Mrs Howe: three weeks without your parcel is far too long."),
    agent("I will call the depot myself today and ring you by five. Does that work for you?"),
    customer("Thank you, that is kind."),
]

Ask = Callable[[], object]
Replicas = list[FakeServer]


@pytest.fixture
def replicas() -> Iterator[Replicas]:
    with ExitStack() as stack:
        servers = [stack.enter_context(FakeServer()) for _ in range(2)]
        for server in servers:
            server.answer("GetServerInfo", ANSWER)
        yield servers


def _port(server: FakeServer) -> int:
    return int(server.target.rpartition(":")[2])


def _answered(server: FakeServer) -> int:
    return sum(call.method == "GetServerInfo" for call in server.calls)


def _sample(running: Running, name: str) -> float:
    return running.service.metrics.registry.get_sample_value(name) or 0.0


@pytest.fixture
def proxy(replicas: Replicas, tmp_path: Path) -> Iterator[str]:
    """The target of an Envoy before the replicas."""
    with envoy([_port(replica) for replica in replicas], tmp_path) as target:
        yield target


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def _shares(ask: Ask, replicas: Replicas) -> list[int]:
    """How many of CALLS each replica answers, once who asks knows both to be well."""
    _until(lambda: ask() is not None and all(map(_answered, replicas)))
    before = [_answered(replica) for replica in replicas]
    for _ in range(CALLS):
        ask()
    return [_answered(replica) - was for replica, was in zip(replicas, before, strict=True)]


@pytest.fixture(params=["the shipped client", "gRPC alone with the service config"])
def ask(request: pytest.FixtureRequest, replicas: Replicas) -> Iterator[Ask]:
    """Asks one of the replicas, as a client does that knows the address of each."""
    target = "ipv4:" + ",".join(f"127.0.0.1:{_port(replica)}" for replica in replicas)
    if request.param == "the shipped client":
        with Client(ClientOptions(target, timeout_s=PATIENCE_S)) as client:
            yield client.server_info
    else:
        with grpc.insecure_channel(target, [("grpc.service_config", SERVICE_CONFIG.read_text())]) as channel:
            stub = empathy_service_pb2_grpc.EmpathyServiceStub(channel)
            yield lambda: stub.GetServerInfo(empathy_service_pb2.GetServerInfoRequest(), timeout=PATIENCE_S)


def test_a_client_goes_round_and_loses_no_call_with_a_replica(ask: Ask, replicas: Replicas) -> None:
    assert _shares(ask, replicas) == [CALLS / 2] * 2
    replicas[0].close()
    for _ in range(CALLS):
        ask()


def test_envoy_spreads_the_calls_of_one_connection_and_loses_none_with_a_replica(
    replicas: Replicas, proxy: str
) -> None:
    # No retries of the client's: those of the proxy have to do.
    with Client(ClientOptions(proxy, timeout_s=PATIENCE_S, max_attempts=1)) as client:
        assert min(_shares(client.server_info, replicas)) >= CALLS / 5
        replicas[0].close()
        for _ in range(CALLS):
            client.server_info()


def test_envoy_tells_the_replica_that_a_call_is_a_retry(replicas: Replicas, proxy: str) -> None:
    replicas[0].answer("GetServerInfo", Failure(grpc.StatusCode.UNAVAILABLE), ANSWER)

    def tries() -> set[int]:
        return {tries_before(call.metadata) for each in replicas for call in each.calls if call.method != "Check"}

    with Client(ClientOptions(proxy, timeout_s=PATIENCE_S, max_attempts=1)) as client:
        _until(lambda: client.server_info() is not None and tries() == {0, 1})


@pytest.mark.parametrize("method", ["GetServerInfo", "CoachConversation"])
def test_envoy_turns_a_compressed_call_away_before_a_replica_hears_of_it(
    replicas: Replicas, proxy: str, method: str
) -> None:
    with grpc.insecure_channel(proxy) as channel:
        channel.unary_unary(f"{SERVICE}/GetServerInfo")(b"", timeout=PATIENCE_S)
        before = sum(map(_answered, replicas))
        with pytest.raises(grpc.RpcError, match="send messages uncompressed") as caught:
            channel.unary_unary(f"{SERVICE}/{method}")(b"", timeout=PATIENCE_S, compression=grpc.Compression.Gzip)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert sum(map(_answered, replicas)) == before


def test_a_live_conversation_goes_on_through_envoy_when_its_replica_is_lost(serve: Serve, tmp_path: Path) -> None:
    services = [serve(), serve()]
    with (
        envoy([each.service.port for each in services], tmp_path) as target,
        Client(ClientOptions(target, timeout_s=PATIENCE_S)) as client,
        client.coach() as coaching,
    ):
        answers = [coaching.ask(turn) for turn in SAID[:2]]
        (held,) = [each for each in services if _sample(each, "amends_live_conversations")]
        held.run(held.service.stop(0))
        answers += [coaching.ask(turn) for turn in SAID[2:]]
    (left,) = [each for each in services if each is not held]
    with Client(ClientOptions(left.target, timeout_s=PATIENCE_S)) as client, client.coach() as coaching:
        unbroken = [coaching.ask(turn) for turn in SAID]
    assert [each.judgement for each in answers] == [each.judgement for each in unbroken]
    assert [each.advice for each in answers] == [each.advice for each in unbroken]


def test_envoy_accepts_the_example_as_it_is() -> None:
    command = [str(ENVOY), "--mode", "validate", "-c", str(EXAMPLE)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_other_clients_get_the_config_of_the_shipped_one() -> None:
    example = json.loads(SERVICE_CONFIG.read_text())
    assert example == service_config(ClientOptions())
