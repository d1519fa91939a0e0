"""What advice says beside its steps: promises, repairs, what the customer only asks, matters, follow-ups."""

import pytest
from amends_core.advice.wording import ANSWERING
from amends_core.conversation import Turn
from amends_core.issues import Topic
from amends_core.playbooks import phrasings
from amends_core.taxonomy import SENTENCE_MISSTEPS, CustomerAct, Misstep, Role, Step
from amends_core.text import Span
from core_builders import (
    ACCEPTS,
    ACT,
    AGAIN,
    ASKS,
    CARED,
    EMPATHIZE,
    HOURS,
    IS_SATISFIED,
    REJECTS,
    SAID,
    SORRY,
    VENTS,
    Says,
    World,
    agent,
    customer,
    said,
)


def test_advice_names_a_promise_that_was_not_kept(world: World) -> None:
    call = "I'll ring you by noon."
    turns = [*said(VENTS, call), Turn(Role.CUSTOMER, "Nobody rang."), *said(VENTS)]
    says = {call: agent(Step.FOLLOW_UP)}
    reasons = {each.step: each.reason for each in world.advise(turns, most=13, says=says).steps}
    assert reasons[Step.TAKE_ACTION].endswith("What was promised in turn 1 was not kept.")
    assert "promised" not in reasons[Step.EMPATHIZE]
    assert not any("promised" in each.reason for each in world.advise(turns[:2], most=13, says=says).steps)


BLAME, CALM = "You should have kept it shut.", "Please calm down."
LOOKED_AFTER = "How has it been since last week?"
HARMS = {BLAME: agent(Misstep.BLAME_CUSTOMER), CALM: agent(Misstep.DISMISS_FEELING)}


def test_missteps_just_made_are_to_be_repaired_gravest_first(world: World) -> None:
    repairs = world.advise(said(VENTS, f"{CALM} {BLAME}"), "six_steps", says=HARMS).repairs
    assert [repair.misstep for repair in repairs] == [Misstep.BLAME_CUSTOMER, Misstep.DISMISS_FEELING]
    assert repairs[0].text == "Your last turn blamed the customer: take it back before anything else."
    assert [(place.turn_index, place.span) for place in repairs[1].places] == [(1, Span(0, len(CALM)))]


@pytest.mark.parametrize("misstep", SENTENCE_MISSTEPS)
def test_every_misstep_of_a_sentence_can_be_repaired(world: World, misstep: Misstep) -> None:
    (repair,) = world.advise(said(VENTS, BLAME), says={BLAME: agent(misstep)}).repairs
    assert (repair.misstep, repair.text[-1], repair.example[-1] in ".?") == (misstep, ".", True)
    assert repair.steps


def test_steps_that_mend_say_what_they_mend(world: World) -> None:
    found = {each.step: each.reason for each in world.advise(said(VENTS, BLAME), most=13, says=HARMS).steps}
    assert {step for step, reason in found.items() if "Your last turn blamed the customer" in reason} == {
        Step.APOLOGIZE,
        Step.TAKE_OWNERSHIP,
    }


def test_misstep_just_made_is_the_first_thing_to_avoid_and_named_once(world: World) -> None:
    subjects = [each.subject for each in world.advise(said(VENTS, CALM), says=HARMS).avoid]
    assert subjects[0] is Misstep.DISMISS_FEELING
    assert len(subjects) == len(set(subjects))


def test_apology_that_mends_is_not_to_be_avoided(world: World) -> None:
    avoided = [each.subject for each in world.advise(said(VENTS, SORRY, AGAIN, BLAME), says=HARMS).avoid]
    assert Step.APOLOGIZE not in avoided


@pytest.mark.parametrize(
    ("texts", "mended"),
    [
        ((VENTS, BLAME), False),
        ((VENTS, BLAME, VENTS), False),
        ((VENTS, BLAME, SORRY), True),
        ((VENTS, ACT, BLAME, IS_SATISFIED), True),
    ],
)
def test_repair_is_due_until_the_agent_spoke_better_or_the_customer_is_content(
    world: World, texts: tuple[str, ...], mended: bool
) -> None:
    assert (not world.advise(said(*texts), says=HARMS).repairs) is mended


@pytest.mark.parametrize(("texts", "only_asks"), [((HOURS,), True), ((ASKS,), False), ((VENTS, ACT, HOURS), False)])
def test_customer_who_only_wants_an_answer_is_told_apart(world: World, texts: tuple[str, ...], only_asks: bool) -> None:
    assert world.advise(said(*texts)).only_asks is only_asks


def test_calm_question_that_calls_for_sympathy_is_not_only_a_question(world: World) -> None:
    worried = {HOURS: Says({**SAID[HOURS].outputs, "next:EMPATHIZE": 0.3})}
    assert not world.advise(said(HOURS), says=worried).only_asks


def test_question_beside_a_problem_is_not_only_a_question(world: World) -> None:
    both = "What time do you close, and my order arrived broken"
    advice = world.advise([Turn(Role.CUSTOMER, both)], says={both: customer(CustomerAct.ASK, 0.1)})
    assert not advice.only_asks
    assert [issue.topic for issue in advice.issues] == [Topic.HOURS, Topic.DAMAGE]


def test_customer_who_only_asks_is_offered_no_phrasings_about_repairs(world: World) -> None:
    answer, *others = world.advise(said(HOURS), most=13).steps
    assert (answer.step, answer.phrasings) == (Step.TAKE_ACTION, ANSWERING[Step.TAKE_ACTION])
    assert answer.reason.startswith("The customer only wants an answer")
    shipped = {text for texts in phrasings().values() for text in texts}
    assert all(shipped.isdisjoint(each.phrasings) for each in others)


def test_reasons_to_clarify_and_to_act_remind_of_every_matter_until_it_is_answered(world: World) -> None:
    both = "My parcel is late and I was charged twice."
    says = {both: customer(CustomerAct.EXPLAIN, 0.6)}
    turns = [Turn(Role.CUSTOMER, both)]
    reasons = {each.step: each.reason for each in world.advise(turns, most=13, says=says).steps}
    assert reasons[Step.TAKE_ACTION].endswith("Answer both: the delivery and the charge.")
    assert reasons[Step.CLARIFY].endswith("Ask about both: the delivery and the charge.")
    assert "both" not in reasons[Step.EMPATHIZE]
    answered = world.advise([*turns, *said(EMPATHIZE)], most=13, says=says)
    assert not any("both" in each.reason for each in answered.steps)
    assert len(answered.issues) == 2


def test_matters_without_a_name_are_only_called_several(world: World) -> None:
    asked = "Do you offer group rates, and is the shuttle accessible? Also, do you have the lamp in stock?"
    (first,) = world.advise([Turn(Role.CUSTOMER, asked)], most=1, says={asked: customer(CustomerAct.ASK, 0.1)}).steps
    assert first.reason.endswith("The message raises several things; answer each.")


def test_three_matters_are_all_named(world: World) -> None:
    told = "My parcel is late, I was charged twice and what time do you close?"
    (first,) = world.advise([Turn(Role.CUSTOMER, told)], most=1, says={told: customer(CustomerAct.ASK, 0.1)}).steps
    assert first.reason.endswith("Answer all of these: the delivery, the charge and the opening hours.")


def test_message_of_one_matter_has_no_issues(world: World) -> None:
    asked = "Where is my parcel?"
    assert world.advise([Turn(Role.CUSTOMER, asked)], says={asked: customer(CustomerAct.ASK, 0.3)}).issues == ()


@pytest.mark.parametrize(
    ("playbook", "texts", "due"),
    [
        ("unified", (*CARED, ACT, IS_SATISFIED), True),
        ("unified", (*CARED, ACT, ACCEPTS), True),
        ("unified", (*CARED, ACT, LOOKED_AFTER, IS_SATISFIED), False),
        ("unified", (*CARED, ACT), False),
        ("unified", (*CARED, ACT, REJECTS), False),
        ("unified", (HOURS, ACT, IS_SATISFIED), False),
        ("empathy_first", (*CARED, ACT, IS_SATISFIED), False),
    ],
)
def test_follow_up_is_due_once_a_mended_problem_contents_the_customer(
    world: World, playbook: str, texts: tuple[str, ...], due: bool
) -> None:
    says = {LOOKED_AFTER: agent(Step.FOLLOW_UP)}
    assert bool(world.advise(said(*texts), playbook, says=says).follow_up_reason) is due


def test_follow_up_that_was_promised_is_due_by_any_playbook(world: World) -> None:
    call = "I'll ring you by noon."
    turns = [*said(VENTS, ACT), Turn(Role.AGENT, call), *said(IS_SATISFIED)]
    reason = world.advise(turns, "empathy_first", says={call: agent(Step.FOLLOW_UP)}).follow_up_reason
    assert reason == "What was promised in turn 2 is still to come; see that it does, and tell the customer."


@pytest.mark.parametrize(
    ("outputs", "avoided"),
    [({"next:EMPATHIZE": 0.6}, True), ({"next:EMPATHIZE": 0.3}, False), ({"act:VENT": 0.9}, True)],
)
def test_feeling_that_is_not_read_as_upset_is_not_to_be_dismissed(
    world: World, outputs: dict[str, float], avoided: bool
) -> None:
    sarcasm = "Oh great, another bot. Fantastic."
    says = {sarcasm: Says({"act:SATISFIED": 0.5, "upset": 0.2, **outputs})}
    subjects = {each.subject for each in world.advise([Turn(Role.CUSTOMER, sarcasm)], says=says).avoid}
    assert ({Misstep.DISMISS_FEELING, Misstep.DEFEND} <= subjects) is avoided
