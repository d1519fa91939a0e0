"""Calls spread over replicas and survive the loss of one: with the shipped client, and through Envoy."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml
from amends.v1 import empathy_service_pb2
from amends_client import Client, ClientOptions
from amends_client.channel import service_config
from amends_client.testing import FakeServer
from deploy_files import DEPLOY

ENVOY = Path(sys.executable).with_name("envoy")
CALLS = 40
PATIENCE_S = 20.0

Replicas = list[FakeServer]


@pytest.fixture
def replicas() -> Iterator[Replicas]:
    with ExitStack() as stack:
        servers = [stack.enter_context(FakeServer()) for _ in range(2)]
        for server in servers:
            server.answer("GetServerInfo", empathy_service_pb2.GetServerInfoResponse())
        yield servers


def _port(server: FakeServer) -> int:
    return int(server.target.rpartition(":")[2])


def _answered(server: FakeServer) -> int:
    return sum(call.method == "GetServerInfo" for call in server.calls)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _config(replicas: Replicas, port: int) -> str:
    """The example, with addresses of this machine for those of the cluster, and no admin port."""
    config = yaml.safe_load((DEPLOY / "envoy" / "envoy.yaml").read_text())
    del config["admin"]
    resources = config["static_resources"]
    resources["listeners"][0]["address"]["socket_address"] = {"address": "127.0.0.1", "port_value": port}
    cluster = resources["clusters"][0]
    cluster["type"] = "STATIC"
    del cluster["dns_refresh_rate"]
    cluster["load_assignment"]["endpoints"][0]["lb_endpoints"] = [
        {"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": _port(replica)}}}}
        for replica in replicas
    ]
    return yaml.safe_dump(config)


@pytest.fixture
def envoy(replicas: Replicas, tmp_path: Path) -> Iterator[str]:
    """The target of an Envoy before the replicas, once it answers."""
    port = _free_port()
    file = tmp_path / "envoy.yaml"
    file.write_text(_config(replicas, port))
    command = [str(ENVOY), "-c", str(file), "--concurrency", "1", "--log-level", "error", "--use-dynamic-base-id"]
    with (tmp_path / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            with Client(ClientOptions(f"127.0.0.1:{port}", wait_for_ready=True)) as client:
                _until(lambda: client.server_info(timeout_s=PATIENCE_S) is not None)
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()


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
    replicas: Replicas, envoy: str
) -> None:
    # No retries of the client's: those of the proxy have to do.
    with Client(ClientOptions(envoy, timeout_s=PATIENCE_S, max_attempts=1)) as client:
        for _ in range(CALLS):
            client.server_info()
        assert min(map(_answered, replicas)) >= CALLS / 5
        replicas[0].close()
        for _ in range(CALLS):
            client.server_info()


def test_envoy_accepts_the_example_as_it_is() -> None:
    command = [str(ENVOY), "--mode", "validate", "-c", str(DEPLOY / "envoy" / "envoy.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_other_clients_get_the_config_of_the_shipped_one() -> None:
    example = json.loads((DEPLOY / "clients" / "service-config.json").read_text())
    assert example == service_config(ClientOptions())
