"""The life of the server process: signals, drain and a port that is taken."""

import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import grpc
import psutil
import pytest
from amends_client import Client, ClientOptions, customer
from amends_client.testing import ServerProcess
from amends_core.playbooks.library import DATA_DIR
from certificates import Authority, Pair
from grpc_health.v1 import health_pb2, health_pb2_grpc
from installed import PATIENCE_S, Started, children_of

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

GRACE_S = 60
SENTENCES = 400


def _client(server: ServerProcess) -> Client:
    return Client(ClientOptions(server.target, timeout_s=PATIENCE_S, max_attempts=1))


def _wait_until_in_flight(server: ServerProcess, calls: int) -> None:
    page = ""
    while f"amends_calls_in_flight {calls}.0" not in page:
        with urlopen(f"http://127.0.0.1:{server.metrics_port}/metrics", timeout=PATIENCE_S) as answer:
            page = answer.read().decode()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_signal_lets_calls_in_flight_finish_and_ends_with_0(start: Started, number: signal.Signals) -> None:
    server = start("--workers", "1", "--grace-s", str(GRACE_S))
    turns = [customer(f"Where is parcel {n}? It is {n} days late, and nobody tells me why.") for n in range(SENTENCES)]
    with _client(server) as client, ThreadPoolExecutor(2) as threads:
        calls = [threads.submit(client.score_conversation, turns, playbook=name) for name in ("unified", "six_steps")]
        _wait_until_in_flight(server, 2)
        server.process.send_signal(number)
        server.wait_for("draining")
        assert [len(call.result(PATIENCE_S).arc.points) for call in calls] == [SENTENCES] * 2
    assert server.wait() == 0
    log = server.told
    assert log.index('"draining"') < log.index('"call ended"') < log.index('"stopped"')
    assert "Traceback" not in log


@pytest.mark.parametrize("is_service", [True, False], ids=["service", "worker"])
def test_nothing_outlives_a_service_that_is_killed_and_none_serves_without_workers(
    start: Started, is_service: bool
) -> None:
    server = start()
    family = children_of(server)
    assert len(family) > 1
    if is_service:
        server.process.kill()
    else:
        family[-1].kill()
        assert server.wait_for("inference failed")["type"] == "ProcessEnded"
        with _client(server) as client:
            assert client.health().status == health_pb2.HealthCheckResponse.NOT_SERVING
        server.process.terminate()
    server.wait()
    _, alive = psutil.wait_procs(family, PATIENCE_S)
    assert not alive


def test_a_signal_to_the_whole_group_lets_calls_finish(start: Started) -> None:
    server = start("--grace-s", str(GRACE_S))
    turns = [customer(f"Where is parcel {n}? It is {n} days late, and nobody tells me why.") for n in range(SENTENCES)]
    with _client(server) as client, ThreadPoolExecutor(1) as threads:
        call = threads.submit(client.score_conversation, turns)
        _wait_until_in_flight(server, 1)
        for process in children_of(server):
            process.terminate()
        server.process.terminate()
        assert len(call.result(PATIENCE_S).arc.points) == SENTENCES
    assert server.wait() == 0


def test_a_hangup_has_the_playbooks_read_anew(start: Started, tmp_path: Path) -> None:
    text = (DATA_DIR / "playbooks/six_steps.yaml").read_text().replace("name: six_steps", "name: own")
    (tmp_path / "own.yaml").write_text(text)
    server = start("--playbook-dir", str(tmp_path), "--playbook-poll-s", "0")
    (tmp_path / "own.yaml").write_text(text.replace("version: 1.0.0", "version: 1.1.0"))
    server.process.send_signal(signal.SIGHUP)
    assert server.wait_for("playbooks loaded")["playbooks"]["own"].startswith("1.1.0 ")
    with _client(server) as client:
        assert client.next_step([customer("It never came.")], playbook="own").advice.playbook.version == "1.1.0"


def test_a_hangup_has_certificates_read_anew(start: Started, tmp_path: Path) -> None:
    (tmp_path / "pki").mkdir()
    authority, mounted = Authority(tmp_path / "pki", "authority"), Pair(tmp_path / "tls.crt", tmp_path / "tls.key")
    authority.issue("first").put_over(mounted)
    files = ("--tls-cert", str(mounted.cert), "--tls-key", str(mounted.key))
    server = start(*files, "--identity-poll-s", "0")
    authority.issue("second").put_over(mounted)
    server.process.send_signal(signal.SIGHUP)
    server.wait_for("certificates loaded", PATIENCE_S)
    with Client(ClientOptions(server.target, timeout_s=PATIENCE_S, tls_root_path=authority.cert)) as client:
        assert client.health().status == health_pb2.HealthCheckResponse.SERVING


def test_an_open_health_watch_does_not_hold_up_the_end(start: Started) -> None:
    server = start("--grace-s", "600")
    serving, statuses = threading.Event(), []

    def watch() -> None:
        with grpc.insecure_channel(server.target) as channel:
            answers: Any = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
            for answer in answers:
                statuses.append(answer.status)
                serving.set()

    watcher = threading.Thread(target=watch)
    watcher.start()
    assert serving.wait(PATIENCE_S)
    assert server.end(within_s=30) == 0, "well within the grace of 600 s"
    watcher.join(PATIENCE_S)
    assert statuses == [health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING]


def test_a_second_server_on_the_same_port_fails_loudly(start: Started) -> None:
    first = start()
    second = start("--port", str(first.port), "--metrics-port", "-1", serving=False)
    assert second.wait() == 1
    assert f"cannot listen on 127.0.0.1:{first.port}" in second.told
    assert "Traceback" not in second.told
    with _client(first) as client:
        assert client.health().status == health_pb2.HealthCheckResponse.SERVING


def test_a_taken_metrics_port_fails_loudly(start: Started) -> None:
    first = start()
    second = start("--port", "0", "--metrics-port", str(first.metrics_port), serving=False)
    assert second.wait() == 1
    assert "--metrics-port" in second.told
    assert "Traceback" not in second.told


def test_an_idle_server_ends_at_once(start: Started) -> None:
    server = start("--grace-s", "600")
    assert server.end(within_s=30) == 0
    assert '"stopped"' in server.told


def test_a_damaged_bundle_ends_with_1_and_names_the_remedy(start: Started) -> None:
    server = start("--model-dir", "/no/such/bundle", "--port", "0", "--metrics-port", "-1", serving=False)
    assert server.wait() == 1
    assert "/no/such/bundle" in server.told
    assert "Traceback" not in server.told
