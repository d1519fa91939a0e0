"""The server as a process: certificates change again and again under load, and no call fails."""

import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from amends_client import Client, ClientOptions, customer
from amends_server.identity.token_file import with_entry
from amends_server.identity.tokens import make_token
from certificates import Authority, Pair
from processes import PATIENCE_S, ServingServer, Started

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

ROTATIONS = 6
TURNS = [customer("My parcel is three weeks late! I am furious.")]


def _rotate(server: ServingServer, mounted: Pair, authority: Authority) -> None:
    for number in range(ROTATIONS):
        authority.issue(f"server-{number}").put_over(mounted)
        server.wait_for("certificates loaded")
        mounted.cert.write_text("broken")
        server.wait_for("certificates refused")
        server.process.send_signal(signal.SIGHUP)


def test_certificates_rotate_under_load_and_no_call_fails(start: Started, tmp_path: Path) -> None:
    (tmp_path / "pki").mkdir()
    authority = Authority(tmp_path / "pki", "authority")
    mounted, tokens = Pair(tmp_path / "tls.crt", tmp_path / "tls.key"), tmp_path / "tokens.yaml"
    authority.issue("first").put_over(mounted)
    token, entry = make_token("default", "desk")
    tokens.write_bytes(with_entry(tokens, b"", entry))
    files = {"tls-cert": mounted.cert, "tls-key": mounted.key, "tokens": tokens, "audit-log": tmp_path / "audit.jsonl"}
    flags = [part for name, path in files.items() for part in (f"--{name}", str(path))]
    server: Any = start(*flags, "--identity-poll-s", "0.1", "--log-level", "INFO")
    options = ClientOptions(
        server.target, timeout_s=PATIENCE_S, max_attempts=1, tls_root_path=authority.cert, token=token
    )
    stop = threading.Event()

    def on_one_connection() -> int:
        calls = 0
        with Client(options) as client:
            while not stop.is_set():
                client.score_reply(TURNS, "I am so sorry about the wait.")
                calls += 1
        return calls

    def on_new_connections() -> int:
        calls = 0
        while not stop.is_set():
            with Client(options) as client:
                client.score_reply(TURNS, "I am so sorry about the wait.")
            calls += 1
        return calls

    with ThreadPoolExecutor(4) as threads:
        callers = [threads.submit(work) for work in (on_one_connection, on_new_connections) * 2]
        try:
            _rotate(server, mounted, authority)
        finally:
            stop.set()
        calls = [caller.result(PATIENCE_S) for caller in callers]  # a failed call is raised here
    assert min(calls) > 0
    server.terminate()
    assert server.wait() == 0
    audited = (tmp_path / "audit.jsonl").read_text().splitlines()
    assert len(audited) == sum(calls), "each call once, none twice"
    assert all('"code": "OK"' in line for line in audited)
    print(f"{sum(calls)} calls over {ROTATIONS} rotations and {ROTATIONS} broken files, 0 failed")
