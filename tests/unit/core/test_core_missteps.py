"""Each misstep is found where it stands, and not where there was no occasion for it."""

import pytest
from amends_core.conversation import Turn
from amends_core.judgement import Judgement
from amends_core.taxonomy import SENTENCE_MISSTEPS, CustomerAct, Misstep, Role, Severity, Step
from core_builders import (
    ACCEPTS,
    ACT,
    AGAIN,
    ASKS,
    CONFIRMS,
    CORRECTS,
    EMPATHIZE,
    EXPLAINS,
    FORGIVE,
    HOURS,
    IS_SATISFIED,
    LIMITS,
    LISTEN,
    MORE,
    REFLECT,
    REJECTS,
    SORRY,
    VENTS,
    Says,
    World,
    agent,
    customer,
    said,
)


def kinds(judgement: Judgement) -> set[Misstep]:
    return {finding.misstep for finding in judgement.missteps}


def places(judgement: Judgement, misstep: Misstep, *reply: str) -> list[str]:
    """The sentences at which a misstep was found."""
    return [
        place.span.of(reply[place.turn_index])
        for finding in judgement.missteps
        if finding.misstep is misstep
        for place in finding.places
    ]


@pytest.mark.parametrize("misstep", SENTENCE_MISSTEPS)
def test_misstep_of_a_sentence_is_found_at_its_sentence_alone(world: World, misstep: Misstep) -> None:
    says = {"That is how it is.": agent(misstep)}
    judgement = world.judge(said(VENTS), f"{SORRY} That is how it is.", says=says)
    assert kinds(judgement) == {misstep}
    assert places(judgement, misstep, f"{SORRY} That is how it is.") == ["That is how it is."]
    assert judgement.missteps[0].nearest is not None


@pytest.mark.parametrize("misstep", SENTENCE_MISSTEPS)
def test_misstep_below_its_threshold_is_no_misstep(world: World, misstep: Misstep) -> None:
    says = {"That is how it is.": agent(misstep, p=0.49)}
    assert world.judge(said(VENTS), f"{SORRY} That is how it is.", says=says).missteps == ()


LOOKS = "We're looking at your video now."
TWO_WORDS = "Named it!"
TELLS = "You'll hear from me."
RESTATES = "He threw it over the gate, and the lid is chipped."
LONG = " ".join(f"Word {number} of a letter that has to say it all." for number in range(6))
CARES = "Nine hours on that floor, and nobody came."
AT_SIX = "He feels for you and comes at six."
BLAMES = "It is sad for you that the courier is so slow."
SAME_ELSEHOW = "What a rotten week that makes for you."
"""Lies where EMPATHIZE does, in other words."""
MORE_SAID = {
    SAME_ELSEHOW: agent(Step.EMPATHIZE, near=EMPATHIZE),
    CARES: Says({"care": 0.9}),
    AT_SIX: agent(Step.EMPATHIZE),
    BLAMES: agent(Step.EMPATHIZE, Misstep.BLAME_OTHERS),
    f"Dear Ana, {FORGIVE}": agent(Step.APOLOGIZE),
    LOOKS: agent(Step.TAKE_ACTION),
    TWO_WORDS: agent(Step.TAKE_ACTION),
    RESTATES: Says({"step:TAKE_ACTION": 0.6, "step:REFLECT": 0.9}),
}


CONVERSATION: list[tuple[Misstep, str, tuple[str, ...], tuple[str, ...], str]] = [
    # misstep, playbook, conversation, reply, the sentence at which it is found; empty where it is silent
    (Misstep.OVER_APOLOGIZED, "unified", (VENTS, SORRY, VENTS), (f"{AGAIN} {FORGIVE}",), FORGIVE),
    (Misstep.OVER_APOLOGIZED, "unified", (VENTS, SORRY, AGAIN, VENTS), (FORGIVE,), FORGIVE),
    (Misstep.OVER_APOLOGIZED, "unified", (VENTS,), (f"{SORRY} {AGAIN} {FORGIVE}",), FORGIVE),
    (Misstep.OVER_APOLOGIZED, "unified", (VENTS,), (f"{SORRY} {AGAIN}",), ""),
    (Misstep.OVER_APOLOGIZED, "unified", (VENTS, SORRY, VENTS), (AGAIN,), ""),
    (Misstep.OVER_APOLOGIZED, "six_steps", (VENTS,), (f"{SORRY} {AGAIN} {FORGIVE}",), ""),
    (Misstep.SOLVE_TOO_SOON, "unified", (VENTS,), (ACT,), ACT),
    (Misstep.SOLVE_TOO_SOON, "unified", (VENTS,), (MORE,), MORE),
    (Misstep.SOLVE_TOO_SOON, "unified", (VENTS,), (f"{ACT} {EMPATHIZE}",), ""),
    (Misstep.SOLVE_TOO_SOON, "connect_first", (VENTS,), (f"{ACT} {EMPATHIZE}",), ACT),
    (Misstep.SOLVE_TOO_SOON, "unified", (VENTS,), (f"{ACT} {CARES}",), ""),
    (Misstep.SOLVE_TOO_SOON, "connect_first", (VENTS,), (f"{ACT} {CARES}",), ACT),
    (Misstep.SOLVE_TOO_SOON, "connect_first", (VENTS, SORRY, VENTS), (f"{AGAIN} {ACT}",), ACT),
    (Misstep.SOLVE_TOO_SOON, "defuse_and_retain", (VENTS,), (f"{SORRY} {ACT}",), ACT),
    (Misstep.SOLVE_TOO_SOON, "defuse_and_retain", (VENTS,), (f"{REFLECT} {SORRY} {ACT}",), ""),
    (Misstep.SOLVE_TOO_SOON, "defuse_and_retain", (VENTS, LISTEN, VENTS), (f"{SORRY} {ACT}",), ""),
    (Misstep.SOLVE_TOO_SOON, "unified", (VENTS,), (f"{EMPATHIZE} {ACT}",), ""),
    (Misstep.SOLVE_TOO_SOON, "unified", (VENTS, EMPATHIZE, VENTS), (ACT,), ""),
    (Misstep.SOLVE_TOO_SOON, "unified", (HOURS,), (ACT,), ""),
    (Misstep.SOLVE_TOO_SOON, "unified", (ASKS,), (ACT,), ""),
    (Misstep.SOLVE_TOO_SOON, "unified", (VENTS,), (SORRY,), ""),
    (Misstep.SOLVE_TOO_SOON, "six_steps", (VENTS,), (ACT,), ACT),
    (Misstep.SOLVE_TOO_SOON, "six_steps", (VENTS,), (f"{LISTEN} {ACT}",), ""),
    (Misstep.SOLVE_TOO_SOON, "connect_first", (VENTS, SORRY, ACCEPTS), (ACT,), ""),
    (Misstep.SOLVE_TOO_LATE, "unified", (VENTS, EMPATHIZE, ASKS), (SORRY,), SORRY),
    (Misstep.SOLVE_TOO_LATE, "unified", (VENTS, EMPATHIZE, ASKS), (f"{SORRY} {ACT}",), ""),
    (Misstep.SOLVE_TOO_LATE, "unified", (ASKS, EMPATHIZE, VENTS), (SORRY,), ""),
    (Misstep.SOLVE_TOO_LATE, "unified", (VENTS, EMPATHIZE, ASKS), (AT_SIX,), ""),
    (Misstep.SOLVE_TOO_LATE, "unified", (VENTS, EMPATHIZE, ASKS), (f"{BLAMES}",), ""),
    (Misstep.SOLVE_TOO_LATE, "unified", (VENTS, EMPATHIZE, VENTS), (SORRY,), ""),
    (Misstep.SOLVE_TOO_LATE, "unified", (ASKS,), (SORRY,), ""),
    (Misstep.SOLVE_TOO_LATE, "unified", (VENTS, EMPATHIZE, ASKS), (ACT,), ""),
    (Misstep.SOLVE_TOO_LATE, "unified", (VENTS, EMPATHIZE, REJECTS), (SORRY,), SORRY),
    (Misstep.SOLVE_TOO_LATE, "unified", (VENTS, ACT, REJECTS), (SORRY,), ""),
    (Misstep.SOLVE_TOO_LATE, "unified", (VENTS, "Please forgive us.", REJECTS), (SORRY,), ""),
    (Misstep.SOLVE_TOO_LATE, "unified", (VENTS, EMPATHIZE, ASKS, SORRY, VENTS), (AGAIN,), AGAIN),
    (Misstep.SOLVE_TOO_LATE, "unified", (VENTS, EMPATHIZE, ASKS, ACT, VENTS), (SORRY,), ""),
    (Misstep.SOLVE_TOO_LATE, "unified", (VENTS, EMPATHIZE, ASKS, LISTEN, EXPLAINS), (SORRY,), ""),
    (Misstep.SOLVE_TOO_SOON, "connect_first", (EXPLAINS,), (ACT,), ACT),
    (Misstep.SOLVE_TOO_SOON, "unified", (EXPLAINS,), (ACT,), ACT),
    (Misstep.SOLVE_TOO_SOON, "unified", (VENTS,), (LOOKS,), ""),
    (Misstep.SOLVE_TOO_SOON, "unified", (VENTS,), (TWO_WORDS,), ""),
    (Misstep.SOLVE_TOO_SOON, "unified", (VENTS,), (RESTATES,), ""),
    (Misstep.NO_PAUSE, "unified", (VENTS,), (f"{FORGIVE} {ACT}",), ACT),
    (Misstep.NO_PAUSE, "six_steps", (EXPLAINS,), (f"{FORGIVE} {EMPATHIZE} {MORE}",), MORE),
    (Misstep.NO_PAUSE, "unified", (VENTS,), (f"Will you forgive us? {ACT}",), ACT),
    (Misstep.NO_PAUSE, "unified", (VENTS,), (f"PLEASE Pardon me. {ACT}",), ACT),
    (Misstep.NO_PAUSE, "unified", (VENTS,), (f"We ask for forgiveness. {ACT}",), ACT),
    (Misstep.NO_PAUSE, "unified", (VENTS,), (f"{FORGIVE} {LONG} {ACT}",), ""),
    (Misstep.NO_PAUSE, "unified", (VENTS,), (f"Dear Ana, {FORGIVE} {ACT}",), ""),
    (Misstep.NO_PAUSE, "unified", (VENTS,), (f"{FORGIVE} {LOOKS}",), ""),
    (Misstep.NO_PAUSE, "unified", (HOURS,), (f"{FORGIVE} {ACT}",), ""),
    (Misstep.NO_PAUSE, "unified", (REJECTS,), (f"{FORGIVE} {ACT}",), ""),
    (Misstep.NO_PAUSE, "empathy_first", (VENTS,), (f"{EMPATHIZE} {LIMITS}",), LIMITS),
    (Misstep.NO_PAUSE, "empathy_first", (VENTS,), (f"{EMPATHIZE} {ACT}",), ACT),
    (Misstep.NO_PAUSE, "empathy_first", (VENTS, EMPATHIZE, CONFIRMS), (f"{EMPATHIZE} {LIMITS}",), ""),
    (Misstep.NO_PAUSE, "empathy_first", (VENTS,), (EMPATHIZE, ACT), ""),
    (Misstep.NO_PAUSE, "empathy_first", (VENTS,), (f"{EMPATHIZE} {SORRY}",), ""),
    (Misstep.NO_PAUSE, "unified", (VENTS,), (f"{EMPATHIZE} {ACT}",), ""),
    (Misstep.NO_PAUSE, "unified", (VENTS,), (FORGIVE, ACT), ""),
    (Misstep.NO_PAUSE, "unified", (VENTS,), (f"{ACT} {FORGIVE}",), ""),
    (Misstep.NO_PAUSE, "unified", (VENTS,), (f"{SORRY} {ACT}",), ""),
    (Misstep.NO_PAUSE, "unified", (VENTS,), (f"{FORGIVE} {EMPATHIZE}",), ""),
    (Misstep.NO_PAUSE, "defuse_and_retain", (VENTS,), (f"{FORGIVE} {ACT}",), ""),
    (Misstep.NO_PAUSE, "connect_first", (VENTS,), (f"{FORGIVE} {ACT}",), ""),
    (Misstep.REPEATED, "unified", (VENTS, EMPATHIZE, VENTS), (EMPATHIZE,), EMPATHIZE),
    (Misstep.REPEATED, "unified", (VENTS, EMPATHIZE, VENTS, SORRY, VENTS), (f"{ACT} {EMPATHIZE}",), EMPATHIZE),
    (Misstep.REPEATED, "unified", (VENTS, EMPATHIZE, VENTS), (SORRY,), ""),
    (Misstep.REPEATED, "unified", (VENTS, EMPATHIZE, VENTS), (SAME_ELSEHOW,), ""),
    (Misstep.REPEATED, "unified", (VENTS,), (f"{EMPATHIZE} {EMPATHIZE}",), ""),
    (Misstep.REPEATED, "unified", (VENTS, "One moment please.", VENTS), ("One moment please.",), ""),
    (Misstep.REPEATED, "unified", (VENTS, "We will write soon.", VENTS), ("We'll write soon.",), ""),
    (Misstep.REPEATED, "unified", (VENTS, "News will reach you.", VENTS), ("News'll reach you.",), ""),
    (Misstep.REPEATED, "unified", (VENTS, "You will hear from me.", VENTS), (TELLS,), TELLS),
    (Misstep.REPEATED, "unified", (VENTS, "You will get news.", VENTS), ("You will get news!",), "You will get news!"),
    (Misstep.REPEATED, "unified", (VENTS, "You will get news.", VENTS), (f"You will get news! {ACT}",), ""),
]


@pytest.mark.parametrize(
    ("misstep", "playbook", "texts", "reply", "where"),
    CONVERSATION,
    ids=[f"{row[0]}-{'fires' if row[4] else 'silent'}-{number}" for number, row in enumerate(CONVERSATION)],
)
def test_misstep_of_the_conversation_fires_with_its_occasion_only(
    world: World, misstep: Misstep, playbook: str, texts: tuple[str, ...], reply: tuple[str, ...], where: str
) -> None:
    judgement = world.judge(said(*texts), *reply, playbook=playbook, says=MORE_SAID)
    assert places(judgement, misstep, *reply) == ([where] if where else [])


GIVEN = "My order #AB-12345 never came, write to jo@shop.example or ring 0171 234 5678."


@pytest.mark.parametrize(
    ("said_before", "reply", "misheard"),
    [
        (GIVEN, "Could you send me your order number?", True),
        (GIVEN, "Please give me the booking reference.", True),
        (GIVEN, "What is your e-mail address?", True),
        (GIVEN, "Please share your phone number.", True),
        (GIVEN, "I'll send the order number to the courier.", False),
        (GIVEN, "Your order number is in good hands.", False),
        (GIVEN, "What was in the box?", False),
        ("My order never came.", "Could you send me your order number?", False),
        ("My order #AB-12345 never came.", "What is your e-mail address?", False),
    ],
)
def test_asking_again_for_what_was_given_is_not_having_listened(
    world: World, said_before: str, reply: str, misheard: bool
) -> None:
    judgement = world.judge([Turn(Role.CUSTOMER, said_before)], f"{SORRY} {reply}")
    assert places(judgement, Misstep.MISHEARD, f"{SORRY} {reply}") == ([reply] if misheard else [])


def test_asking_again_tells_what_and_when_and_not_the_value(world: World) -> None:
    turns = [*said(VENTS, SORRY), Turn(Role.CUSTOMER, GIVEN), Turn(Role.AGENT, "I see."), *said(VENTS)]
    (finding,) = world.judge(turns, f"{AGAIN} Could you send me your order number?").missteps
    assert finding.reason == "It asks again for the order number, which the customer gave in turn 2."


def test_asking_again_is_fair_where_the_given_number_is_not_found(world: World) -> None:
    reply = "I can't find that one, I'm afraid. Could you send me your order number?"
    assert world.judge([Turn(Role.CUSTOMER, GIVEN)], reply).missteps == ()


def test_bare_answer_to_a_question_counts_as_given(world: World) -> None:
    asks = "Could you send me your account number?"
    answer = Turn(Role.CUSTOMER, "88-4410-2")
    turns = [*said(HOURS, asks), answer, Turn(Role.AGENT, "Thank you."), *said(HOURS)]
    assert kinds(world.judge(turns, asks)) >= {Misstep.MISHEARD}
    assert Misstep.MISHEARD not in kinds(world.judge([*said(HOURS, "Hello there."), answer], asks))


PAID = "I paid £80 for five chairs, got 3, and have waited three weeks."


@pytest.mark.parametrize(
    ("reply", "misheard"),
    [
        ("So you paid £60 for them.", True),
        ("So you were sent nine chairs.", True),
        ("You have waited two weeks.", False),  # 5 - 3, by the customer's own numbers
        ("So you paid £80 for them.", False),
        ("You are missing two chairs.", False),
        ("You paid £80, and £20 of it was postage.", False),
        ("You have waited four weeks by now.", False),
        ("They paid £60 for them.", False),
        ("Your case has 60 pages.", False),
        ("So a hundred and four chairs is what you meant.", False),  # and not four
    ],
)
def test_figure_said_back_wrong_is_misheard(world: World, reply: str, misheard: bool) -> None:
    judgement = world.judge([Turn(Role.CUSTOMER, PAID)], reply, says={reply: agent(Step.REFLECT)})
    assert places(judgement, Misstep.MISHEARD, reply) == ([reply] if misheard else [])


def test_figure_of_a_sentence_that_restates_nothing_is_the_agents_own(world: World) -> None:
    reply = "You get £60 back today."
    assert world.judge([Turn(Role.CUSTOMER, PAID)], reply, says={reply: agent(Step.TAKE_ACTION)}).missteps == ()


def test_figure_that_the_customer_has_just_corrected_is_misheard(world: World) -> None:
    turns = said(VENTS, "Up to 2% may break.", CORRECTS)
    reply = "So you lost 2% of them."
    judgement = world.judge(turns, reply, says={reply: agent(Step.REFLECT)})
    assert places(judgement, Misstep.MISHEARD, reply) == [reply]
    assert (
        world.judge(said(VENTS, "Up to 2% may break.", VENTS), reply, says={reply: agent(Step.REFLECT)}).missteps == ()
    )


def test_sentence_nearly_the_same_as_an_earlier_one_is_repeated(world: World) -> None:
    nearly = f"Believe me: {EMPATHIZE}"
    says = {nearly: agent(Step.EMPATHIZE, near=EMPATHIZE)}
    judgement = world.judge(said(VENTS, EMPATHIZE, VENTS), nearly, says=says)
    assert Misstep.REPEATED in kinds(judgement)


def test_short_sentence_may_come_near_an_earlier_one(world: World) -> None:
    says = {"Of course you are.": agent(Step.EMPATHIZE, near=EMPATHIZE)}
    assert world.judge(said(VENTS, EMPATHIZE, VENTS), "Of course you are.", says=says).missteps == ()


def test_reply_to_a_content_customer_has_no_conversation_misstep(world: World) -> None:
    turns = said(VENTS, EMPATHIZE, EXPLAINS, ACT, IS_SATISFIED)
    assert world.judge(turns, "Your patience meant a lot to me.").missteps == ()


def test_upset_that_is_mild_is_ready_for_a_remedy(world: World) -> None:
    mild = "It is a bit annoying to be honest."
    turns = [Turn(Role.CUSTOMER, mild)]
    assert kinds(world.judge(turns, ACT, says={mild: customer(CustomerAct.VENT, 0.55)})) == set()


@pytest.mark.parametrize(("playbook", "severity"), [("unified", Severity.MAJOR), ("connect_first", Severity.GRAVE)])
def test_playbook_calls_its_own_missteps_grave(world: World, playbook: str, severity: Severity) -> None:
    judgement = world.judge(
        said(HOURS), "Rules are rules.", playbook=playbook, says={"Rules are rules.": agent(Misstep.DEFEND)}
    )
    assert [finding.severity for finding in judgement.missteps] == [severity]


def test_gravest_misstep_comes_first_then_the_likeliest(world: World) -> None:
    says = {
        "One thing is this.": Says({"misstep:SCRIPTED": 0.99}),
        "Another thing is that.": Says({"misstep:DEFEND": 0.8}),
        "A third thing is there.": Says({"misstep:PASS_THE_BUCK": 0.9}),
        "A fourth thing is here.": Says({"misstep:HOSTILITY": 0.6}),
    }
    judgement = world.judge(said(EXPLAINS), " ".join(says), says=says)
    assert [finding.misstep for finding in judgement.missteps] == [
        Misstep.HOSTILITY,
        Misstep.PASS_THE_BUCK,
        Misstep.DEFEND,
        Misstep.SCRIPTED,
    ]
