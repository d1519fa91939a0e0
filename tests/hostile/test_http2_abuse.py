"""The short form of the attacks: each for a second or two; the server lives on, stays small and answers others."""

import socket
from collections.abc import Iterator
from itertools import islice, takewhile
from pathlib import Path

import pytest
from amends_client.testing import ServerProcess
from envoy_process import envoy
from http2_attacks import ACKNOWLEDGED, ATTACKS, asked_reset, opening
from hyperframe.frame import Frame, RstStreamFrame, SettingsFrame
from neighbour import PATIENCE_S, attacked

SECONDS = 1.5
MOST_GROWTH_MB = 300.0
"""What seven gzip bombs would take: they come by the dozen, and break this bound where they unpack and stay."""
TROUBLED = {"connections", "half_handshakes"}
"""Attacks on what a neighbour shares with everybody, where some calls may be turned away, but not all."""
AT_THE_PROXY = ("rapid_reset", "half_open_streams", "slow_writer", "slow_reader", "gzip_bomb")
PLACES = 10
REFUSED_STREAM = 7
"""Source: RFC 9113, 7."""


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    with ServerProcess("--max-connections", "1500") as server:
        yield server


@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", ATTACKS)
def test_attack_is_borne(server: ServerProcess, name: str) -> None:
    outcome = attacked(server, name, SECONDS)
    assert outcome.pieces, "the attack was carried out"
    assert outcome.attacked.peak_mb - outcome.before_mb < MOST_GROWTH_MB, outcome
    assert outcome.attacked.seconds, outcome
    assert name in TROUBLED or not outcome.attacked.failed, outcome
    assert "Traceback" not in server.told


@pytest.mark.timeout(100)
@pytest.mark.parametrize("name", AT_THE_PROXY)
def test_attack_is_borne_behind_envoy(server: ServerProcess, tmp_path: Path, name: str) -> None:
    with envoy([server.port], tmp_path) as target:
        outcome = attacked(server, name, SECONDS, target)
    assert outcome.pieces, "the attack was carried out"
    assert outcome.attacked.peak_mb - outcome.before_mb < MOST_GROWTH_MB, outcome
    assert outcome.attacked.seconds, outcome
    assert not outcome.attacked.failed, outcome
    assert "Traceback" not in server.told


def _frames(connection: socket.socket) -> Iterator[Frame]:
    with connection.makefile("rb") as stream:
        while head := stream.read(9):
            frame, length = Frame.parse_frame_header(memoryview(head))
            frame.parse_body(memoryview(stream.read(length)))
            yield frame


def _refusals(port: int) -> Iterator[bool]:
    """Takes handfuls of calls back at once, over and over; gives for each handful whether any was refused for room."""
    calls, asked = asked_reset(), SettingsFrame(0).serialize()  # settings are acknowledged after what came before them
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as connection:
        connection.sendall(opening() + ACKNOWLEDGED)
        frames = _frames(connection)
        while True:
            connection.sendall(b"".join(islice(calls, PLACES)) + asked)
            handful = takewhile(lambda frame: not (isinstance(frame, SettingsFrame) and "ACK" in frame.flags), frames)
            yield any(isinstance(each, RstStreamFrame) and each.error_code == REFUSED_STREAM for each in handful)


@pytest.mark.timeout(PATIENCE_S)
def test_who_takes_calls_back_is_refused_before_the_event_loop_hears_of_it() -> None:
    with ServerProcess("--max-streams-per-connection", str(PLACES)) as server:
        assert any(_refusals(server.port))
        assert "call ended" not in server.told, "none of them was handled"
