"""The state of a conversation: how the customer is, and what was done for them."""

from datetime import UTC, datetime, timedelta

import pytest
from amends_core.conversation import CARRY, State, Turn, check_turns
from amends_core.errors import RequestError
from amends_core.facts import FactKind
from amends_core.figures import Figure
from amends_core.taxonomy import CustomerAct, Role, Step
from core_builders import (
    ACCEPTS,
    ACT,
    AGAIN,
    ASKS,
    CONFIRMS,
    CORRECTS,
    EMPATHIZE,
    EXPLAINS,
    HOURS,
    IS_SATISFIED,
    MORE,
    REJECTS,
    SAID,
    SORRY,
    VENTS,
    agent,
    customer,
    state_after,
)


def test_nothing_is_known_before_anybody_spoke() -> None:
    state = State()
    assert (state.upset, state.act, state.problem, state.remedied) == (0.0, None, False, False)
    assert [state.is_upset, state.is_content, state.unsatisfied] == [False] * 3


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (VENTS, True),
        (EXPLAINS, True),
        (CORRECTS, True),
        (REJECTS, True),
        (ASKS, True),
        (HOURS, False),
        (ACCEPTS, False),
    ],
)
def test_complaint_or_upset_tells_of_a_problem(text: str, problem: bool) -> None:
    assert state_after(text).problem is problem


@pytest.mark.parametrize(("upset", "problem"), [(0.1, False), (0.35, True)])
def test_facts_are_a_problem_once_there_is_some_upset(upset: float, problem: bool) -> None:
    says = {**SAID, HOURS: customer(CustomerAct.EXPLAIN, upset)}
    assert state_after(HOURS, says=says).problem is problem


def test_problem_stays_known_when_the_customer_calms_down() -> None:
    state = state_after(VENTS, SORRY, ACCEPTS)
    assert state.problem
    assert not state.is_upset


@pytest.mark.parametrize(
    ("act", "kept"), [(CustomerAct.CONFIRM, CARRY * 0.9), (CustomerAct.ASK, CARRY * 0.9), (CustomerAct.SATISFIED, 0.1)]
)
def test_message_of_few_words_carries_the_upset_over_unless_it_says_that_all_is_well(
    act: CustomerAct, kept: float
) -> None:
    says = {**SAID, CONFIRMS: customer(act, 0.1)}
    assert state_after(VENTS, SORRY, CONFIRMS, says=says).upset == pytest.approx(kept, abs=1e-6)


def test_message_of_many_words_speaks_for_itself() -> None:
    assert state_after(VENTS, SORRY, HOURS).upset == pytest.approx(0.05, abs=1e-6)


def test_step_is_done_at_its_best_and_dated_at_its_last() -> None:
    says = {**SAID, SORRY: agent(Step.APOLOGIZE, strong=False)}
    assert state_after(VENTS, SORRY, says=says).done == {Step.APOLOGIZE: 0.5}
    state = state_after(VENTS, AGAIN, VENTS, SORRY, says=says)
    assert (state.done[Step.APOLOGIZE], state.last_done[Step.APOLOGIZE], state.apologies) == (1.0, 3, 2)


def test_sentence_below_its_threshold_does_nothing() -> None:
    state = state_after(VENTS, SORRY, says={**SAID, SORRY: agent(Step.APOLOGIZE, p=0.49)})
    assert (state.done, state.apologies, len(state.sentences)) == ({}, 0, 1)


def test_state_is_not_changed_by_what_follows() -> None:
    before = state_after(VENTS, SORRY)
    done = dict(before.done)
    before.after_customer(2, Turn(Role.CUSTOMER, ASKS), before.moments[0].reading)
    assert (before.done, len(before.moments)) == (done, 1)


@pytest.mark.parametrize(
    ("texts", "unsatisfied"),
    [
        ((VENTS,), False),
        ((VENTS, ACT), False),
        ((VENTS, ACT, REJECTS), True),
        ((VENTS, ACT, VENTS), True),
        ((VENTS, ACT, ACCEPTS), False),
        ((REJECTS, EMPATHIZE), False),
        ((VENTS, ACT, REJECTS, ACT), False),
    ],
)
def test_customer_is_unsatisfied_when_still_upset_after_a_remedy(texts: tuple[str, ...], unsatisfied: bool) -> None:
    assert state_after(*texts).unsatisfied is unsatisfied


@pytest.mark.parametrize(("texts", "remedied"), [((VENTS, SORRY), False), ((VENTS, ACT), True), ((VENTS, MORE), True)])
def test_remedy_is_an_action_or_more(texts: tuple[str, ...], remedied: bool) -> None:
    assert state_after(*texts).remedied is remedied


@pytest.mark.parametrize(
    ("text", "content"), [(IS_SATISFIED, True), (ACCEPTS, True), (CONFIRMS, False), (HOURS, False), (VENTS, False)]
)
def test_customer_is_content_when_they_say_so_calmly(text: str, content: bool) -> None:
    assert state_after(text).is_content is content


def test_what_the_customer_gave_is_known_by_kind_and_first_turn_and_never_by_value() -> None:
    state, reading = State(), state_after(VENTS).moments[0].reading
    for index, text in enumerate(["Order 55120, £80, and nothing came.", "bo@mail.example, order 55120 as I said"]):
        state = state.after_customer(index, Turn(Role.CUSTOMER, text), reading)
    assert state.case.given == {FactKind.ORDER: 0, FactKind.EMAIL: 1}
    assert state.case.figures == {Figure("money", 80.0)}
    assert "mail.example" not in repr(state)


def test_acts_after_a_turn_are_those_of_later_turns() -> None:
    state = state_after(VENTS, SORRY, ASKS, ACT, ACCEPTS)
    assert list(state.acts_after(1)) == [CustomerAct.ASK, CustomerAct.ACCEPT]
    assert list(state.acts_after(4)) == []


NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("roles", [[], [Role.AGENT], [Role.AGENT, Role.AGENT]])
def test_conversation_without_the_customer_is_refused(roles: list[Role]) -> None:
    with pytest.raises(RequestError, match="at least one turn of the customer") as caught:
        check_turns([Turn(role, "Hello.") for role in roles])
    assert (caught.value.field, caught.value.reason) == ("turns", "NO_CUSTOMER_TURN")


@pytest.mark.parametrize("minutes", [[0], [0, 0], [0, None, 5], [None, None], [None, 3]])
def test_times_that_stand_still_or_are_left_out_are_in_order(minutes: list[int | None]) -> None:
    times = [None if m is None else NOON + timedelta(minutes=m) for m in minutes]
    check_turns([Turn(Role.CUSTOMER, "Hello.", time) for time in times])


@pytest.mark.parametrize(("minutes", "field"), [([5, 4], "turns[1].time"), ([5, None, 4], "turns[2].time")])
def test_time_that_goes_back_is_refused_with_its_place(minutes: list[int | None], field: str) -> None:
    times = [None if m is None else NOON + timedelta(minutes=m) for m in minutes]
    with pytest.raises(RequestError, match="sort them, oldest first") as caught:
        check_turns([Turn(Role.CUSTOMER, "Hello.", time) for time in times])
    assert (caught.value.field, caught.value.reason) == (field, "TURNS_OUT_OF_ORDER")
