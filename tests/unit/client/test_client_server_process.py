"""The server as a process, as tests of callers start it; here a few lines of Python stand for `amends`."""

import signal
import socket
import sys
from pathlib import Path

import pytest
from amends_client.testing import ServerFailed, ServerProcess, free_port, server_environment

SERVES = 'say("half a line, ", end=""); say("the rest"); say(\'{"message": "serving", "port": 1, "metrics_port": 2}\')'
WAITS = "signal.pause()"
PATIENCE_S = 60.0


def server_that(folder: Path, *does: str, flags: tuple[str, ...] = (), **variables: str) -> ServerProcess:
    script = folder / "amends.py"
    lines = ["import functools, os, signal, sys, time", "say = functools.partial(print, flush=True)", *does]
    script.write_text("\n".join(lines))
    return ServerProcess(*flags, command=(sys.executable, str(script)), environment=server_environment(**variables))


def test_a_server_serves_as_long_as_its_block(tmp_path: Path) -> None:
    with server_that(tmp_path, SERVES, WAITS) as server:
        assert (server.target, server.metrics_port) == ("localhost:1", 2)
        assert server.seconds_to_serve > 0
        assert server.process.poll() is None
    assert server.process.poll() == -signal.SIGKILL
    assert server.told.startswith("half a line, the rest\n"), "told outlives the process"


def test_ports_are_free_ones_unless_the_flags_name_them(tmp_path: Path) -> None:
    server = server_that(tmp_path, "say(sys.argv[1:])", flags=("--port", "50051"))
    assert server.wait(PATIENCE_S) == 0
    assert server.told == "['serve', '--port', '0', '--metrics-port', '0', '--port', '50051']\n"


def test_a_server_that_ends_fails_with_what_it_said(tmp_path: Path) -> None:
    server = server_that(tmp_path, 'sys.exit("the port is taken")')
    with pytest.raises(ServerFailed, match="ended with 1: the port is taken"), server:
        pass


def test_a_server_that_takes_too_long_fails_and_goes_on(tmp_path: Path) -> None:
    server = server_that(tmp_path, WAITS)
    with pytest.raises(ServerFailed, match="took too long"):
        server.wait_until_serving(within_s=0.01)
    assert server.process.poll() is None
    server.close()


def test_a_wait_begins_behind_what_the_last_one_found(tmp_path: Path) -> None:
    logged = [f'say(\'{{"message": "loaded", "number": {number}}}\')' for number in (1, 2)]
    server = server_that(tmp_path, *logged, WAITS)
    assert [server.wait_for("loaded", PATIENCE_S)["number"] for _ in range(2)] == [1, 2]
    with pytest.raises(ServerFailed):
        server.wait_for("loaded", within_s=0.01)
    server.close()


def test_a_line_counts_once_it_is_whole(tmp_path: Path) -> None:
    door = tmp_path / "door"
    waits = f'while not os.path.exists("{door}"): time.sleep(0.01)'
    server = server_that(tmp_path, 'say(\'{"message": "lo\', end="")', waits, "say('aded\"}')", WAITS)
    with pytest.raises(ServerFailed):
        server.wait_for("loaded", within_s=0.2)
    door.touch()
    assert server.wait_for("loaded", PATIENCE_S) == {"message": "loaded"}
    server.close()


def test_a_signal_ends_it_and_gives_the_status(tmp_path: Path) -> None:
    ends = "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))"
    with server_that(tmp_path, ends, SERVES, WAITS) as server:
        assert server.end(within_s=PATIENCE_S) == 7


def test_no_setting_of_this_process_reaches_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AMENDS_PORT", "GRPC_VERBOSITY", "HARMLESS"):
        monkeypatch.setenv(name, "1")
    environment = server_environment(GRPC_TRACE="http")
    assert "AMENDS_PORT" not in environment
    assert "GRPC_VERBOSITY" not in environment
    assert (environment["HARMLESS"], environment["GRPC_TRACE"]) == ("1", "http")


def test_a_free_port_can_be_listened_on() -> None:
    with socket.create_server(("127.0.0.1", free_port())) as listener:
        assert listener.getsockname()[1] > 0
