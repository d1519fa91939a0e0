"""Advice: the steps worth doing next, likeliest first; when to be silent; what not to do."""

from dataclasses import replace

import pytest
import yaml
from amends_core.advice import PHRASINGS, Advice
from amends_core.advice.features import STATE_FEATURES, STEP_FEATURES
from amends_core.advice.turn_taking import is_unfinished
from amends_core.advice.weights import PATH
from amends_core.playbooks import phrasings
from amends_core.stages import expectations
from amends_core.taxonomy import STEPS, CustomerAct, Expectation, Misstep, Step
from core_builders import (
    ACCEPTS,
    ACT,
    AGAIN,
    APPRECIATE,
    ASKS,
    CARED,
    CHECK,
    CLARIFY,
    CORRECTS,
    EMPATHIZE,
    EXPLAINS,
    FOLLOW,
    FORGIVE,
    HOURS,
    IS_SATISFIED,
    LISTEN,
    REFLECT,
    REJECTS,
    SAID,
    SORRY,
    VENTS,
    Says,
    World,
    agent,
    said,
    state_after,
)

PLAYBOOKS = ["unified", "connect_first", "defuse_and_retain", "empathy_first", "listen_apologize_reflect", "six_steps"]
SITUATIONS = [
    (VENTS,),
    (EXPLAINS,),
    (HOURS,),
    (VENTS, EMPATHIZE, ASKS),
    (VENTS, REFLECT, CORRECTS),
    (VENTS, ACT, REJECTS),
    (*CARED, ACT, ACCEPTS),
    (*CARED, ACT, CHECK, FOLLOW, IS_SATISFIED),
]


@pytest.mark.parametrize("playbook", PLAYBOOKS)
@pytest.mark.parametrize("texts", SITUATIONS, ids=range(len(SITUATIONS)))
def test_probabilities_of_the_steps_fall_and_one_step_at_least_is_likely(
    world: World, playbook: str, texts: tuple[str, ...]
) -> None:
    found = world.advise(said(*texts), playbook, most=len(STEPS)).steps
    odds = [advice.probability for advice in found]
    assert odds == sorted(odds, reverse=True)
    assert 0 <= odds[-1] <= odds[0] <= 1
    assert odds[0] > 1 / len(STEPS)


@pytest.mark.parametrize("playbook", PLAYBOOKS)
@pytest.mark.parametrize("texts", SITUATIONS, ids=range(len(SITUATIONS)))
def test_steps_that_are_not_for_now_are_never_advised(world: World, playbook: str, texts: tuple[str, ...]) -> None:
    found = world.advise(said(*texts), playbook, most=len(STEPS)).steps
    expected = expectations(world.scorer.library.get(playbook), state_after(*texts))
    assert {advice.step for advice in found} == {s for s in STEPS if expected[s] is not Expectation.NOT_NOW}


@pytest.mark.parametrize("most", [1, 3, 5])
def test_at_most_so_many_steps_are_given_as_were_asked_for(world: World, most: int) -> None:
    few, all_steps = world.advise(said(VENTS), most=most), world.advise(said(VENTS), most=13)
    assert few.steps == all_steps.steps[:most]
    probabilities = [advice.probability for advice in all_steps.steps]
    assert probabilities == sorted(probabilities, reverse=True)
    assert 0 <= probabilities[-1] <= probabilities[0] <= 1


@pytest.mark.parametrize("step", [Step.LISTEN, Step.EMPATHIZE, Step.APOLOGIZE, Step.TAKE_ACTION])
def test_step_that_the_message_calls_for_rises(world: World, step: Step) -> None:
    said_of = SAID[ASKS]
    called = {ASKS: Says({**said_of.outputs, f"next:{step}": 0.95})}
    before, after = world.advise(said(ASKS), most=13), world.advise(said(ASKS), most=13, says=called)
    place = [[advice.step for advice in answer.steps].index(step) for answer in (before, after)]
    assert place[1] <= place[0]
    assert odds_of(after, step) > odds_of(before, step)


def odds_of(answer: Advice, step: Step) -> float:
    return next(advice.probability for advice in answer.steps if advice.step is step)


FIRST = [
    ("unified", (VENTS,), {Step.LISTEN, Step.REFLECT, Step.EMPATHIZE}),
    ("unified", (HOURS,), {Step.TAKE_ACTION}),
    ("unified", (*CARED, ASKS), {Step.TAKE_ACTION}),
    ("unified", (*CARED, ACT, ACCEPTS), {Step.CHECK_SATISFACTION, Step.FOLLOW_UP, Step.APPRECIATE}),
    ("unified", (*CARED, ACT, CHECK, FOLLOW, IS_SATISFIED), {Step.APPRECIATE}),
    ("empathy_first", (VENTS,), {Step.EMPATHIZE}),
    ("empathy_first", (VENTS, EMPATHIZE, VENTS), {Step.EMPATHIZE}),
    ("empathy_first", (VENTS, EMPATHIZE, ASKS), {Step.TAKE_ACTION}),
    ("defuse_and_retain", (VENTS,), {Step.LISTEN}),
    ("defuse_and_retain", (VENTS, LISTEN, EXPLAINS), {Step.REFLECT}),
    ("defuse_and_retain", (VENTS, LISTEN, EXPLAINS, REFLECT, CORRECTS), {Step.REFLECT}),
    ("connect_first", (VENTS,), {Step.EMPATHIZE}),
    ("connect_first", (VENTS, EMPATHIZE, EXPLAINS), {Step.CLARIFY}),
    ("connect_first", (VENTS, EMPATHIZE, CLARIFY, EXPLAINS, ACT, REJECTS), {Step.GO_FURTHER}),
    ("listen_apologize_reflect", (VENTS,), {Step.LISTEN}),
    ("listen_apologize_reflect", (VENTS, LISTEN, EXPLAINS), {Step.APOLOGIZE}),
]


@pytest.mark.parametrize(("playbook", "texts", "steps"), FIRST)
def test_first_step_is_the_one_the_guide_calls_for(
    world: World, playbook: str, texts: tuple[str, ...], steps: set[Step]
) -> None:
    assert world.advise(said(*texts), playbook).steps[0].step in steps


@pytest.mark.parametrize(
    ("playbook", "texts"),
    [
        ("unified", (VENTS, FORGIVE)),
        ("six_steps", (VENTS, SORRY)),
        ("empathy_first", (VENTS, EMPATHIZE)),
        ("connect_first", (VENTS, EMPATHIZE, EXPLAINS, CLARIFY)),
        ("defuse_and_retain", (VENTS, LISTEN)),
        ("defuse_and_retain", (VENTS, LISTEN, EXPLAINS, REFLECT)),
        ("unified", (*CARED, ACT, HOURS, CHECK)),
    ],
)
def test_agent_who_made_a_step_that_ends_in_silence_should_be_silent(
    world: World, playbook: str, texts: tuple[str, ...]
) -> None:
    assert world.advise(said(*texts), playbook).pause_reason


@pytest.mark.parametrize(
    ("playbook", "texts"),
    [
        ("unified", (VENTS, FORGIVE, EXPLAINS)),
        ("unified", (VENTS, EMPATHIZE)),
        ("connect_first", (VENTS, EMPATHIZE)),
        ("defuse_and_retain", (VENTS,)),
        ("listen_apologize_reflect", (VENTS, LISTEN, EXPLAINS, SORRY)),
    ],
)
def test_agent_may_speak_where_nothing_was_left_to_the_customer(
    world: World, playbook: str, texts: tuple[str, ...]
) -> None:
    assert world.advise(said(*texts), playbook).pause_reason == ""


AVOID = [
    ("unified", (VENTS,), Misstep.SOLVE_TOO_SOON, True),
    ("unified", (VENTS, EMPATHIZE, VENTS), Misstep.SOLVE_TOO_SOON, False),
    ("six_steps", (VENTS,), Misstep.SOLVE_TOO_SOON, False),
    ("unified", (VENTS, SORRY, AGAIN, VENTS), Step.APOLOGIZE, True),
    ("unified", (VENTS, SORRY, VENTS), Step.APOLOGIZE, False),
    ("six_steps", (VENTS, SORRY, AGAIN, VENTS), Step.APOLOGIZE, False),
    ("unified", (VENTS,), Misstep.DISMISS_FEELING, True),
    ("unified", (VENTS,), Misstep.DEFEND, True),
    ("unified", (HOURS,), Misstep.DEFEND, False),
    ("unified", (VENTS, EMPATHIZE, ASKS), Misstep.SOLVE_TOO_LATE, True),
    ("unified", (ASKS,), Misstep.SOLVE_TOO_LATE, False),
    ("unified", (*CARED, ACT, CHECK, FOLLOW, IS_SATISFIED, APPRECIATE), Misstep.AUTOMATED_SURVEY, True),
    ("unified", (VENTS,), Misstep.AUTOMATED_SURVEY, False),
    ("unified", (EXPLAINS,), Misstep.SOLVE_TOO_SOON, True),
    ("six_steps", (EXPLAINS,), Misstep.SOLVE_TOO_SOON, False),
    ("unified", (EXPLAINS, EMPATHIZE), Misstep.SOLVE_TOO_SOON, False),
]


@pytest.mark.parametrize(("playbook", "texts", "subject", "avoided"), AVOID)
def test_what_would_harm_now_is_named(
    world: World, playbook: str, texts: tuple[str, ...], subject: Step | Misstep, avoided: bool
) -> None:
    found = {avoidance.subject: avoidance.reason for avoidance in world.advise(said(*texts), playbook).avoid}
    assert (subject in found) is avoided
    assert all(reason.endswith(".") for reason in found.values())


def test_calm_question_gives_nothing_to_avoid(world: World) -> None:
    assert world.advise(said(HOURS)).avoid == ()


@pytest.mark.parametrize(
    ("texts", "resolved"), [((VENTS,), False), ((*CARED, ACT), False), ((*CARED, ACT, IS_SATISFIED), True)]
)
def test_matter_is_resolved_once_the_remedy_contents_the_customer(
    world: World, texts: tuple[str, ...], resolved: bool
) -> None:
    assert world.advise(said(*texts)).position.resolved is resolved


def test_each_step_comes_with_its_reason_and_ready_phrasings(world: World) -> None:
    for advice in world.advise(said(VENTS), most=13).steps:
        assert advice.reason.endswith(".")
        assert len(set(advice.phrasings)) == PHRASINGS
        assert set(advice.phrasings) <= set(phrasings()[advice.step])


def test_phrasing_nearest_to_the_customers_message_comes_first(world: World) -> None:
    last = phrasings()[Step.EMPATHIZE][-1]
    customers_words = world.scorer.plan_advice(said(VENTS))
    encodings = {VENTS: replace(world.encoder.encode(VENTS), embedding=world.encoder.encode(last).embedding)}
    found = {advice.step: advice for advice in world.scorer.advise(customers_words, encodings, 13).steps}
    assert found[Step.EMPATHIZE].phrasings[0] == last


def test_advice_names_the_customer_and_the_playbook(world: World) -> None:
    advice = world.advise(said(HOURS, "Nine to five.", VENTS), "six_steps")
    assert (advice.customer.reading.act, advice.customer.turn_index) == (CustomerAct.VENT, 2)
    assert advice.playbook.name == "six_steps"


@pytest.mark.parametrize("texts", SITUATIONS, ids=range(len(SITUATIONS)))
def test_advice_is_deterministic(world: World, texts: tuple[str, ...]) -> None:
    assert world.advise(said(*texts)) == world.advise(said(*texts))


def test_every_weight_that_ships_is_of_a_feature_and_a_step() -> None:
    data = yaml.safe_load(PATH.read_text(encoding="utf-8"))
    assert set(data["of_step"]) == set(STEP_FEATURES)
    assert set(data["of_state"]) <= set(STATE_FEATURES)
    assert {step for row in data["of_state"].values() for step in row} <= {step.value for step in STEPS}


@pytest.mark.parametrize(
    ("last", "silent"), [("Which of the two came broken?", True), ("I wish I could undo it.", True), (ACT, False)]
)
def test_question_and_wish_leave_the_turn_to_the_customer(world: World, last: str, silent: bool) -> None:
    assert bool(world.advise(said(VENTS, EMPATHIZE, VENTS, last)).pause_reason) is silent


def test_harm_that_ends_in_a_question_is_mended_at_once(world: World) -> None:
    says = {"Did you not read it?": agent(Misstep.BLAME_CUSTOMER)}
    assert world.advise(said(VENTS, "Did you not read it?"), says=says).pause_reason == ""


def test_question_after_harm_waits_where_a_sentence_of_its_own_asks_it(world: World) -> None:
    harm = "You should have read it."
    says = {harm: agent(Misstep.BLAME_CUSTOMER)}
    assert world.advise(said(VENTS, f"{harm} Which of the two came broken?"), says=says).pause_reason
    assert world.advise(said(VENTS, harm), says=says).pause_reason == ""


@pytest.mark.parametrize(
    "last",
    [
        "One moment please.",
        "Bear with me, I'm opening the invoice.",
        "Give me two minutes to ring the driver.",
        "Let me pull up the booking.",
        "hang on",
        "I'm getting the trace number.",
        "So here's what",
        "Now,",
        "And tell me, how has",
    ],
)
def test_agent_who_announced_more_or_broke_off_goes_on(world: World, last: str) -> None:
    assert world.advise(said(VENTS, EMPATHIZE), "empathy_first").pause_reason
    assert world.advise(said(VENTS, f"{EMPATHIZE} {last}"), "empathy_first").pause_reason == ""


@pytest.mark.parametrize("last", ["Take a moment?", "I took a minute to read it all, every line.", "It is done."])
def test_agent_who_only_spoke_of_a_moment_had_ended(world: World, last: str) -> None:
    assert world.advise(said(VENTS, f"{EMPATHIZE} {last}"), "empathy_first").pause_reason


@pytest.mark.parametrize(
    ("message", "unfinished"),
    [
        ("and then she", True),
        ("Wait, there's more.", True),
        ("the driver said...", True),
        ("not even the worst of it", True),
        ("It came on Monday with a crack.", False),
        ("That is all.", False),
        ("", False),
    ],
)
def test_story_that_goes_on_is_told_from_one_that_is_told(message: str, unfinished: bool) -> None:
    assert is_unfinished(message) is unfinished


@pytest.mark.parametrize("playbook", PLAYBOOKS)
@pytest.mark.parametrize("texts", SITUATIONS, ids=range(len(SITUATIONS)))
def test_what_is_to_be_avoided_is_not_what_is_advised_first(
    world: World, playbook: str, texts: tuple[str, ...]
) -> None:
    advice = world.advise(said(*texts), playbook)
    assert advice.steps[0].step not in {each.subject for each in advice.avoid}
