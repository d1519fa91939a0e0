"""The short form of the attacks: each for a second or two; the server lives on, stays small and answers others."""

from collections.abc import Iterator

import pytest
from amends_client.testing import ServerProcess
from http2_attacks import ATTACKS
from neighbour import attacked

SECONDS = 1.5
MOST_GROWTH_MB = 300.0
"""What seven gzip bombs would take: they come by the dozen, and break this bound where they unpack and stay."""
TROUBLED = {"connections", "half_handshakes"}
"""Attacks on what a neighbour shares with everybody, where some calls may be turned away, but not all."""


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
