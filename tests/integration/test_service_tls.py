"""TLS and mutual TLS: who holds the right certificates is served, and nobody else."""

import math
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from amends_client import CallError, Client, ClientOptions, Unavailable
from amends_server.identity.caller import IdentityError
from certificates import Authority, Pair
from grpc_health.v1 import health_pb2
from running_service import PATIENCE_S, Running, Serve

Asked = Callable[..., int]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("trusted"), "trusted")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("stranger"), "stranger")


@pytest.fixture(scope="module")
def server_pair(authority: Authority) -> Pair:
    return authority.issue("server")


@pytest.fixture
def tls(serve: Serve, server_pair: Pair) -> Running:
    return serve(tls_cert=server_pair.cert, tls_key=server_pair.key)


@pytest.fixture
def mutual(serve: Serve, server_pair: Pair, authority: Authority) -> Running:
    return serve(tls_cert=server_pair.cert, tls_key=server_pair.key, tls_client_ca=authority.cert)


def _health(running: Running, root: Path | None = None, pair: Pair | None = None) -> int:
    options = ClientOptions(
        running.target,
        timeout_s=PATIENCE_S,
        tls_root_path=root,
        tls_cert_path=pair and pair.cert,
        tls_key_path=pair and pair.key,
        max_attempts=1,
    )
    with Client(options) as client:
        status: int = client.health().status
        return status


def test_a_client_that_trusts_the_authority_is_served(tls: Running, authority: Authority) -> None:
    assert _health(tls, authority.cert) == health_pb2.HealthCheckResponse.SERVING


def test_a_client_that_trusts_another_authority_refuses_the_server(tls: Running, stranger: Authority) -> None:
    with pytest.raises(Unavailable):
        _health(tls, stranger.cert)


def test_a_plain_client_gets_nothing_from_a_tls_port(tls: Running) -> None:
    with pytest.raises(CallError):
        _health(tls)


def test_a_tls_client_gets_nothing_from_a_plain_port(serve: Serve, authority: Authority) -> None:
    with pytest.raises(Unavailable):
        _health(serve(), authority.cert)


def test_mutual_tls_serves_who_has_a_certificate_of_the_authority(mutual: Running, authority: Authority) -> None:
    assert _health(mutual, authority.cert, authority.issue("agent")) == health_pb2.HealthCheckResponse.SERVING


def test_mutual_tls_refuses_who_has_no_certificate(mutual: Running, authority: Authority) -> None:
    with pytest.raises(Unavailable):
        _health(mutual, authority.cert)


def test_mutual_tls_refuses_a_certificate_of_another_authority(
    mutual: Running, authority: Authority, stranger: Authority
) -> None:
    with pytest.raises(Unavailable):
        _health(mutual, authority.cert, stranger.issue("impostor"))
    assert _health(mutual, authority.cert, authority.issue("agent")) == health_pb2.HealthCheckResponse.SERVING


def test_files_that_are_no_certificates_fail_loudly(serve: Serve, tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.pem"
    garbage.write_text("no certificate")
    with pytest.raises(IdentityError, match="--tls-cert"):
        serve(tls_cert=garbage, tls_key=garbage)


EXPIRY = "amends_tls_certificate_expiry_timestamp_seconds"


def _expiry(running: Running) -> float:
    return running.service.metrics.registry.get_sample_value(EXPIRY) or 0.0


def test_the_end_of_the_served_certificate_is_told(tls: Running) -> None:
    assert _expiry(tls) == pytest.approx(time.time() + 3600, abs=300)


def test_without_tls_no_certificate_ends(serve: Serve) -> None:
    assert math.isnan(_expiry(serve()))
