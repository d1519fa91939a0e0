"""Certificates change while the service runs: no call fails, and a broken one changes nothing."""

import shutil
import socket
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from amends_client import Client, ClientOptions, Unavailable, customer
from certificates import Authority, Pair
from cryptography import x509
from running_service import PATIENCE_S, Running, Serve

TURNS = [customer("My parcel is three weeks late! I am furious.")]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    folder = tmp_path / "authority"
    folder.mkdir()
    return Authority(folder, "authority")


@pytest.fixture
def mounted(tmp_path: Path, authority: Authority) -> Pair:
    """Where the service looks for its pair."""
    pair = Pair(tmp_path / "tls.crt", tmp_path / "tls.key")
    put(pair, authority.issue("first"))
    return pair


def put(mounted: Pair, pair: Pair) -> None:
    shutil.copy(pair.cert, mounted.cert)
    shutil.copy(pair.key, mounted.key)


def served_name(running: Running) -> str:
    """The name on the certificate that a new connection is shown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    with (
        socket.create_connection(("127.0.0.1", running.service.port), PATIENCE_S) as plain,
        context.wrap_socket(plain) as wrapped,
    ):
        shown = wrapped.getpeercert(binary_form=True)
    assert shown is not None
    return x509.load_der_x509_certificate(shown).subject.rfc4514_string()


def until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < ends, "it never came"
        time.sleep(0.02)


def reloads(running: Running, outcome: str) -> float:
    value = running.service.metrics.registry.get_sample_value(
        "amends_identity_reload_total", {"what": "certificates", "outcome": outcome}
    )
    assert value is not None
    return value


def options(running: Running, authority: Authority, pair: Pair | None = None) -> ClientOptions:
    return ClientOptions(
        running.target,
        timeout_s=PATIENCE_S,
        max_attempts=1,
        tls_root_path=authority.cert,
        tls_cert_path=pair and pair.cert,
        tls_key_path=pair and pair.key,
    )


def test_new_certificates_serve_under_load_and_no_call_fails(serve: Serve, authority: Authority, mounted: Pair) -> None:
    running = serve(tls_cert=mounted.cert, tls_key=mounted.key, identity_poll_s=0.05)
    stop = threading.Event()

    def on_one_connection() -> int:
        calls = 0
        with Client(options(running, authority)) as client:
            while not stop.is_set():
                client.score_reply(TURNS, "I am so sorry about the wait.")
                calls += 1
        return calls

    def on_new_connections() -> int:
        calls = 0
        while not stop.is_set():
            with Client(options(running, authority)) as client:
                client.health()
            calls += 1
        return calls

    with ThreadPoolExecutor(4) as threads:
        callers = [threads.submit(work) for work in (on_one_connection, on_new_connections) * 2]
        try:
            for name in ("second", "third"):
                put(mounted, authority.issue(name))
                until(lambda name=name: served_name(running) == f"CN={name}")  # type: ignore[misc]
            mounted.key.write_text("broken")
            until(lambda: reloads(running, "refused") == 1)
            put(mounted, authority.issue("fourth"))
            until(lambda: served_name(running) == "CN=fourth")
        finally:
            stop.set()
        assert all(caller.result(PATIENCE_S) > 0 for caller in callers)
    assert reloads(running, "loaded") == 3
    assert reloads(running, "refused") == 1


def test_a_broken_file_leaves_the_last_good_certificate(serve: Serve, authority: Authority, mounted: Pair) -> None:
    running = serve(tls_cert=mounted.cert, tls_key=mounted.key, identity_poll_s=0)
    for number, broken in enumerate((b"", b"no certificate", authority.issue("other").cert.read_bytes()), start=1):
        mounted.cert.write_bytes(broken)
        running.loop.call_soon_threadsafe(running.service.reload)
        until(lambda number=number: reloads(running, "refused") == number)  # type: ignore[misc]
        assert served_name(running) == "CN=first"
    with Client(options(running, authority)) as client:
        client.health()


def test_an_authority_that_is_taken_out_is_no_longer_trusted(
    serve: Serve, authority: Authority, mounted: Pair, tmp_path: Path
) -> None:
    (tmp_path / "stranger").mkdir()
    stranger = Authority(tmp_path / "stranger", "stranger")
    authorities = tmp_path / "ca.crt"
    authorities.write_bytes(authority.cert.read_bytes() + stranger.cert.read_bytes())
    running = serve(tls_cert=mounted.cert, tls_key=mounted.key, tls_client_ca=authorities, identity_poll_s=0.05)
    guest, friend = stranger.issue("guest"), authority.issue("friend")
    with Client(options(running, authority, guest)) as client:
        client.score_reply(TURNS, "I am sorry.")
    authorities.write_bytes(authority.cert.read_bytes())
    until(lambda: reloads(running, "loaded") == 1)
    with Client(options(running, authority, guest)) as client, pytest.raises(Unavailable):
        client.health()
    with Client(options(running, authority, friend)) as client:
        client.score_reply(TURNS, "I am sorry.")
