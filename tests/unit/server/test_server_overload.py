"""What is promised under overload, on a virtual clock: full goodput, admitted work in time, no class starves."""

import overload
import pytest
from amends_server.encoding.policy import SHARES, Priority
from overload import Outcome, Simulation


@pytest.fixture(scope="module", params=overload.LOADS, ids=lambda load: f"{load:g}x")
def run(request: pytest.FixtureRequest) -> tuple[float, dict[Priority, Outcome]]:
    outcomes = Simulation(request.param).run()
    print("\n".join(overload.rows(request.param, outcomes)))
    return request.param, outcomes


Run = tuple[float, dict[Priority, Outcome]]


def test_goodput_holds_whatever_is_offered(run: Run) -> None:
    load, outcomes = run
    assert overload.whole(outcomes).goodput >= 0.94 * min(1.0, load * 0.9)
    assert overload.whole(outcomes).wasted <= 0.01


def test_who_is_admitted_is_answered_in_time(run: Run) -> None:
    for outcome in run[1].values():
        assert outcome.late <= 0.05
    assert overload.whole(run[1]).late <= 0.015


def test_live_calls_stay_quick(run: Run) -> None:
    load, outcomes = run
    live = outcomes[Priority.LIVE]
    assert live.latency_s(0.5) <= (0.02 if load < 1 else 0.6)
    assert live.latency_s(0.99) <= (0.1 if load < 1 else 2.0)


def test_no_class_starves(run: Run) -> None:
    load, outcomes = run
    for priority, outcome in outcomes.items():
        offered = load * overload.KINDS[priority].part
        assert outcome.goodput >= 0.75 * min(SHARES[priority], offered)


def test_nobody_is_refused_while_there_is_room_for_all() -> None:
    assert all(len(outcome.admitted) == len(outcome.calls) for outcome in Simulation(0.5).run().values())


def test_a_machine_far_slower_than_believed_is_learned() -> None:
    outcomes = Simulation(5.0, slowness=5.0).run()
    assert overload.whole(outcomes).goodput >= 0.85
    assert overload.whole(outcomes).late <= 0.08, "only those that came before it was known"


def test_the_same_seed_gives_the_same_run() -> None:
    first, second = (Simulation(2.0, seconds=2.0).run() for _ in range(2))
    assert [o.goodput for o in first.values()] == [o.goodput for o in second.values()]
