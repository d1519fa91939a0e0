"""Which waiting event is read, and when; time is handed in."""

from collections.abc import Mapping

import pytest
from amends_core.coaching import PARTIAL_INTERVAL_S, Arrival, patience_s
from amends_core.taxonomy import Role
from hypothesis import given
from hypothesis import strategies as st

OPENING = Arrival(None)
SAID, WRITES = Arrival(Role.CUSTOMER), Arrival(Role.CUSTOMER, partial=True)
REPLIED, TYPES = Arrival(Role.AGENT), Arrival(Role.AGENT, partial=True)
LONG_AGO, JUST_NOW = 0.0, 100.0
NOW = JUST_NOW + 0.1
LEFT = PARTIAL_INTERVAL_S - 0.1

arrivals = st.sampled_from([OPENING, SAID, WRITES, REPLIED, TYPES])


@pytest.mark.parametrize(
    ("waiting", "read_at", "patience"),
    [
        ([OPENING], {}, 0.0),
        ([SAID], {Role.CUSTOMER: JUST_NOW}, 0.0),
        ([SAID, SAID], {}, 0.0),
        ([WRITES], {}, 0.0),
        ([WRITES], {Role.CUSTOMER: LONG_AGO}, 0.0),
        ([WRITES], {Role.AGENT: JUST_NOW}, 0.0),
        ([WRITES], {Role.CUSTOMER: JUST_NOW}, LEFT),
        ([WRITES, WRITES], {}, None),
        ([WRITES, SAID], {}, None),
        ([WRITES, TYPES], {}, 0.0),
        ([WRITES, REPLIED], {}, 0.0),
        ([WRITES, TYPES, WRITES], {}, None),
        ([WRITES, TYPES], {Role.CUSTOMER: JUST_NOW}, None),
        ([WRITES, REPLIED], {Role.CUSTOMER: JUST_NOW}, None),
    ],
)
def test_what_is_read_passed_over_and_held_back(
    waiting: list[Arrival], read_at: Mapping[Role, float], patience: float | None
) -> None:
    assert patience_s(waiting, read_at, NOW, more=True) == (patience if not patience else pytest.approx(patience))


def test_nothing_is_held_back_once_no_more_can_come() -> None:
    assert patience_s([WRITES], {Role.CUSTOMER: JUST_NOW}, NOW, more=False) == 0.0


@given(
    waiting=st.lists(arrivals, min_size=1, max_size=8),
    read_at=st.dictionaries(st.sampled_from(Role), st.floats(0, 1000)),
    now=st.floats(1000, 2000),
    more=st.booleans(),
)
def test_whole_turns_are_always_read_and_patience_ends(
    waiting: list[Arrival], read_at: dict[Role, float], now: float, more: bool
) -> None:
    patience = patience_s(waiting, read_at, now, more=more)
    if not waiting[0].partial:
        assert patience == 0.0
    if patience:
        assert 0 < patience <= PARTIAL_INTERVAL_S
        assert len(waiting) == 1
        assert patience_s(waiting, read_at, now + patience + 1e-6, more=more) == 0.0


@given(st.lists(arrivals, min_size=1, max_size=8))
def test_the_newest_partial_turn_of_a_side_is_read_where_it_was_long_ago(waiting: list[Arrival]) -> None:
    read = [a for i, a in enumerate(waiting) if patience_s(waiting[i:], {}, NOW, more=True) == 0.0]
    for side in Role:
        last = next((arrival for arrival in reversed(waiting) if arrival.speaker is side), None)
        assert last is None or last in read
