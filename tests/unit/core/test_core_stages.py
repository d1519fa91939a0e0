"""Where a conversation stands in each playbook, and which steps that calls for."""

import pytest
from amends_core.playbooks import PlaybookLibrary
from amends_core.stages import expectations, locate, remedy_is_early
from amends_core.taxonomy import STEPS, CustomerAct, Expectation, Step
from core_builders import (
    ACCEPTS,
    ACT,
    AGAIN,
    ASKS,
    CHECK,
    CLARIFY,
    CONFIRMS,
    CORRECTS,
    EMPATHIZE,
    EXPLAINS,
    FOLLOW,
    HOURS,
    IS_SATISFIED,
    LISTEN,
    OWN,
    REFLECT,
    REJECTS,
    SORRY,
    THANK,
    VENTS,
    customer,
    state_after,
)

HEARD = (VENTS, LISTEN, EXPLAINS)
REFLECTED = (*HEARD, REFLECT, CONFIRMS)
CARED = (*REFLECTED, EMPATHIZE, SORRY, THANK, OWN, CLARIFY, EXPLAINS)
MENDED = (*CARED, ACT, ACCEPTS)
ASIDE = (*CARED, ACT, HOURS)
"""The remedy is stated and the customer, calm now, asks something else."""
CLOSED = (*CARED, ACT, CHECK, FOLLOW, IS_SATISFIED)

TABLE: list[tuple[str, tuple[str, ...], str, str]] = [
    # playbook, conversation, stage, expected steps
    ("unified", (VENTS,), "understand", "REFLECT EMPATHIZE APOLOGIZE TAKE_OWNERSHIP TAKE_ACTION"),
    ("unified", HEARD, "understand", "REFLECT EMPATHIZE APOLOGIZE TAKE_OWNERSHIP TAKE_ACTION"),
    ("unified", (VENTS, REFLECT, CONFIRMS), "empathize", "EMPATHIZE APOLOGIZE TAKE_OWNERSHIP TAKE_ACTION"),
    ("unified", (*REFLECTED, EMPATHIZE, SORRY, ASKS), "own", "TAKE_OWNERSHIP TAKE_ACTION"),
    ("unified", CARED, "act", "TAKE_ACTION"),
    ("unified", ASIDE, "check", "CHECK_SATISFACTION TAKE_ACTION"),
    ("unified", MENDED, "check", "CHECK_SATISFACTION"),
    ("unified", CLOSED, "close", "APPRECIATE"),
    ("unified", (HOURS,), "act", "TAKE_ACTION"),
    ("empathy_first", (VENTS,), "empathize", "EMPATHIZE"),
    ("empathy_first", (VENTS, EMPATHIZE, VENTS), "empathize", "EMPATHIZE"),
    ("empathy_first", (VENTS, EMPATHIZE, ASKS), "act", "TAKE_ACTION"),
    ("empathy_first", ASIDE, "check", "CHECK_SATISFACTION TAKE_ACTION"),
    ("empathy_first", MENDED, "check", "CHECK_SATISFACTION"),
    ("empathy_first", CLOSED, "close", "APPRECIATE"),
    ("empathy_first", (HOURS,), "act", "TAKE_ACTION"),
    ("six_steps", (EXPLAINS,), "thank", "THANK CLARIFY EMPATHIZE APOLOGIZE TAKE_ACTION"),
    ("six_steps", (EXPLAINS, THANK, CLARIFY, EMPATHIZE, EXPLAINS), "apologize", "APOLOGIZE TAKE_ACTION"),
    ("six_steps", CARED, "act", "TAKE_ACTION"),
    ("six_steps", MENDED, "follow_up", "FOLLOW_UP"),
    ("six_steps", ASIDE, "follow_up", "FOLLOW_UP TAKE_ACTION"),
    ("six_steps", (HOURS,), "act", "TAKE_ACTION"),
    ("defuse_and_retain", (VENTS,), "vent", "LISTEN"),
    ("defuse_and_retain", HEARD, "reflect", "REFLECT"),
    ("defuse_and_retain", REFLECTED, "apologize", "APOLOGIZE EMPATHIZE TAKE_OWNERSHIP TAKE_ACTION"),
    ("defuse_and_retain", (*REFLECTED, EMPATHIZE, SORRY, EXPLAINS), "own", "TAKE_OWNERSHIP TAKE_ACTION"),
    ("defuse_and_retain", (*HEARD, REFLECT, CORRECTS), "reflect", "REFLECT"),
    ("defuse_and_retain", MENDED, "follow_up", "FOLLOW_UP"),
    ("defuse_and_retain", ASIDE, "follow_up", "FOLLOW_UP TAKE_ACTION"),
    ("defuse_and_retain", (HOURS,), "act", "TAKE_ACTION"),
    ("connect_first", (VENTS,), "empathize", "EMPATHIZE CLARIFY"),
    ("connect_first", (VENTS, EMPATHIZE, EXPLAINS), "ask", "CLARIFY"),
    ("connect_first", (VENTS, EMPATHIZE, CLARIFY, EXPLAINS), "act", "TAKE_ACTION"),
    ("connect_first", (VENTS, EMPATHIZE, CLARIFY, EXPLAINS, ACT, REJECTS), "go_further", "GO_FURTHER TAKE_ACTION"),
    ("connect_first", (HOURS,), "act", "TAKE_ACTION"),
    ("listen_apologize_reflect", (VENTS,), "listen", "LISTEN"),
    ("listen_apologize_reflect", HEARD, "apologize", "APOLOGIZE REFLECT EMPATHIZE THANK TAKE_ACTION"),
    ("listen_apologize_reflect", (*HEARD, SORRY, EXPLAINS), "reflect", "REFLECT EMPATHIZE THANK TAKE_ACTION"),
    ("listen_apologize_reflect", CARED, "restore", "TAKE_ACTION"),
    ("listen_apologize_reflect", (VENTS, EMPATHIZE, SORRY, ASKS), "reflect", "TAKE_ACTION"),
    ("listen_apologize_reflect", (HOURS,), "restore", "TAKE_ACTION"),
]


@pytest.mark.parametrize(("name", "texts", "stage", "expected"), TABLE)
def test_conversation_stands_at_its_stage_and_calls_for_its_steps(
    library: PlaybookLibrary, name: str, texts: tuple[str, ...], stage: str, expected: str
) -> None:
    playbook, state = library.get(name), state_after(*texts)
    found = expectations(playbook, state)
    assert locate(playbook, state).stage.name == stage
    assert {step for step in STEPS if found[step] is Expectation.EXPECTED} == {Step[s] for s in expected.split()}


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("defuse_and_retain", (VENTS, LISTEN)),
        ("defuse_and_retain", (*HEARD, REFLECT)),
        ("listen_apologize_reflect", (VENTS, LISTEN)),
        ("unified", (*ASIDE, CHECK)),
        ("empathy_first", (*ASIDE, CHECK)),
    ],
)
def test_gated_stage_waits_for_the_customers_act(library: PlaybookLibrary, name: str, texts: tuple[str, ...]) -> None:
    assert locate(library.get(name), state_after(*texts)).waiting


@pytest.mark.parametrize(("answer", "stage"), [(CORRECTS, "reflect"), (EXPLAINS, "reflect"), (CONFIRMS, "apologize")])
def test_reflection_is_left_behind_once_confirmed(library: PlaybookLibrary, answer: str, stage: str) -> None:
    position = locate(library.get("defuse_and_retain"), state_after(*HEARD, REFLECT, answer))
    assert (position.stage.name, position.waiting) == (stage, False)


@pytest.mark.parametrize("texts", [CLOSED, (*CLOSED, "Your patience meant a lot to me.")])
def test_conversation_is_resolved_when_the_remedy_contents_the_customer(
    library: PlaybookLibrary, texts: tuple[str, ...]
) -> None:
    assert all(locate(playbook, state_after(*texts)).resolved for playbook in library)


@pytest.mark.parametrize("texts", [(VENTS,), HEARD, CARED, (VENTS, ACT, REJECTS)])
def test_conversation_is_not_resolved_while_the_customer_is_not_content(
    library: PlaybookLibrary, texts: tuple[str, ...]
) -> None:
    assert not any(locate(playbook, state_after(*texts)).resolved for playbook in library)


def test_calm_question_calls_for_an_answer_and_for_no_sympathy(library: PlaybookLibrary) -> None:
    for playbook in library:
        found = expectations(playbook, state_after(HOURS))
        assert found[Step.TAKE_ACTION] is Expectation.EXPECTED
        assert {found[step] for step in (Step.APOLOGIZE, Step.EMPATHIZE, Step.REFLECT)} == {Expectation.NOT_NOW}


@pytest.mark.parametrize("name", ["empathy_first", "connect_first", "defuse_and_retain", "listen_apologize_reflect"])
def test_remedy_is_not_for_now_where_the_order_is_a_rule_and_nobody_listened(
    library: PlaybookLibrary, name: str
) -> None:
    found = expectations(library.get(name), state_after(VENTS))
    assert found[Step.TAKE_ACTION] is found[Step.GO_FURTHER] is Expectation.NOT_NOW


@pytest.mark.parametrize(
    ("name", "texts", "early"),
    [
        ("unified", (VENTS,), True),
        ("unified", (VENTS, SORRY, VENTS), False),
        ("unified", (ASKS,), False),
        ("unified", (HOURS,), False),
        ("connect_first", (VENTS, SORRY, VENTS), True),
        ("connect_first", (VENTS, EMPATHIZE, VENTS), False),
        ("six_steps", (VENTS,), False),
    ],
)
def test_remedy_is_early_while_a_heated_customer_has_not_been_heard(
    library: PlaybookLibrary, name: str, texts: tuple[str, ...], early: bool
) -> None:
    assert remedy_is_early(library.get(name), state_after(*texts)) is early


@pytest.mark.parametrize(("name", "apologies"), [("unified", 2), ("six_steps", 3)])
def test_apology_is_not_for_now_once_the_playbooks_most_were_made(
    library: PlaybookLibrary, name: str, apologies: int
) -> None:
    fewer = state_after(VENTS, *[SORRY, AGAIN, SORRY][: apologies - 1], VENTS)
    enough = state_after(VENTS, *[SORRY, AGAIN, SORRY][:apologies], VENTS)
    assert expectations(library.get(name), fewer)[Step.APOLOGIZE] is not Expectation.NOT_NOW
    assert expectations(library.get(name), enough)[Step.APOLOGIZE] is Expectation.NOT_NOW


def test_optional_step_is_never_expected(library: PlaybookLibrary) -> None:
    for playbook in library:
        optional = {step for stage in playbook.stages for step in stage.optional_steps}
        named = {step for stage in playbook.stages for step in stage.required_steps}
        for texts in ((VENTS,), HEARD, REFLECTED, CARED, MENDED, (HOURS,)):
            found = expectations(playbook, state_after(*texts))
            assert Expectation.EXPECTED not in {found[step] for step in optional - named}


@pytest.mark.parametrize(("upset", "how"), [(0.2, Expectation.WELCOME), (0.45, Expectation.EXPECTED)])
def test_sympathy_is_expected_only_from_some_upset_on(library: PlaybookLibrary, upset: float, how: Expectation) -> None:
    state = state_after(EXPLAINS, says={EXPLAINS: customer(CustomerAct.EXPLAIN, upset)})
    found = expectations(library.get("unified"), state)
    assert {found[Step.EMPATHIZE], found[Step.APOLOGIZE], found[Step.REFLECT]} == {how}
    assert found[Step.TAKE_ACTION] is Expectation.EXPECTED


def test_remedy_asked_for_again_is_expected_again(library: PlaybookLibrary) -> None:
    found = expectations(library.get("defuse_and_retain"), state_after(VENTS, EMPATHIZE, SORRY, REFLECT, ASKS))
    assert found[Step.TAKE_ACTION] is Expectation.EXPECTED
