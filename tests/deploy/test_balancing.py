"""Calls spread over replicas and survive the loss of one: with the shipped client, and through Envoy."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import grpc
import pytest
from amends.v1 import empathy_service_pb2
from amends_client import Client, ClientOptions
from amends_client.channel import service_config
from amends_client.testing import Failure, FakeServer
from amends_server.metadata import tries_before
from deploy_files import DEPLOY
from envoy_process import ENVOY, EXAMPLE, envoy

ANSWER = empathy_service_pb2.GetServerInfoResponse()
CALLS = 40
PATIENCE_S = 20.0

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


def test_the_shipped_client_goes_round_and_loses_no_call_with_a_replica(replicas: Replicas) -> None:
    target = "ipv4:" + ",".join(f"127.0.0.1:{_port(replica)}" for replica in replicas)
    with Client(ClientOptions(target, timeout_s=PATIENCE_S)) as client:
        _until(lambda: client.server_info() is not None and all(map(_answered, replicas)))
        before = [_answered(replica) for replica in replicas]
        for _ in range(CALLS):
            client.server_info()
        assert [_answered(replica) - was for replica, was in zip(replicas, before, strict=True)] == [CALLS / 2] * 2
        replicas[0].close()
        for _ in range(CALLS):
            client.server_info()


def test_envoy_spreads_the_calls_of_one_connection_and_loses_none_with_a_replica(
    replicas: Replicas, proxy: str
) -> None:
    # No retries of the client's: those of the proxy have to do.
    with Client(ClientOptions(proxy, timeout_s=PATIENCE_S, max_attempts=1)) as client:
        for _ in range(CALLS):
            client.server_info()
        assert min(map(_answered, replicas)) >= CALLS / 5
        replicas[0].close()
        for _ in range(CALLS):
            client.server_info()


def test_envoy_tells_the_replica_that_a_call_is_a_retry(replicas: Replicas, proxy: str) -> None:
    replicas[0].answer("GetServerInfo", Failure(grpc.StatusCode.UNAVAILABLE), ANSWER)

    def tries() -> set[int]:
        return {tries_before(call.metadata) for each in replicas for call in each.calls if call.method != "Check"}

    with Client(ClientOptions(proxy, timeout_s=PATIENCE_S, max_attempts=1)) as client:
        _until(lambda: client.server_info() is not None and tries() == {0, 1})


def test_envoy_accepts_the_example_as_it_is() -> None:
    command = [str(ENVOY), "--mode", "validate", "-c", str(EXAMPLE)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_other_clients_get_the_config_of_the_shipped_one() -> None:
    example = json.loads((DEPLOY / "clients" / "service-config.json").read_text())
    assert example == service_config(ClientOptions())
