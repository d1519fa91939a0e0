"""The short form of the drills: each thing happens once to each replica, and callers notice nothing."""

import pytest
from drills import DRILLS, killed, rolling_restart, rotation

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

MOMENT_S = 0.1


@pytest.mark.parametrize("proxied", [False, True], ids=["by client", "through Envoy"])
def test_replicas_are_replaced_and_no_call_is_lost(proxied: bool) -> None:
    outcome = rolling_restart(MOMENT_S, proxied=proxied, max_attempts=1 if proxied else 3)
    assert outcome.happened == 2
    assert outcome.is_borne, outcome


def test_a_replica_is_killed_and_every_call_is_answered_and_counted_once() -> None:
    outcome = killed(MOMENT_S)
    assert outcome.happened == 2
    assert outcome.is_borne, outcome


def test_certificates_change_and_no_call_is_lost() -> None:
    outcome = rotation(2.0)
    assert outcome.happened >= 1
    assert outcome.is_borne, outcome


def test_every_drill_has_a_name() -> None:
    assert len(DRILLS) == 7
