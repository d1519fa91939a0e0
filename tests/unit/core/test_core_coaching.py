"""A live conversation: what each event is answered with, what becomes of advice, what is encoded."""

from datetime import UTC, datetime, timedelta

import pytest
from amends_core.bundle import output_name
from amends_core.coaching import Coach, Fate
from amends_core.conversation import Turn
from amends_core.errors import RequestError, UnknownPlaybook
from amends_core.playbooks import PlaybookLibrary
from amends_core.scorer import MAX_HISTORY_TURNS
from amends_core.taxonomy import Misstep, Role, Step
from coaching_builders import Live, replies, says, writing
from core_builders import (
    ACT,
    ASKS,
    CHECK,
    CLARIFY,
    EMPATHIZE,
    EXPLAINS,
    IS_SATISFIED,
    MORE,
    REJECTS,
    SAID,
    SORRY,
    VENTS,
    World,
    agent,
    said,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def live(world: World) -> Live:
    return Live(world)


@pytest.fixture
def vented(live: Live) -> Live:
    """After a customer has vented: the advice that holds is to listen or to show sympathy."""
    live.open()
    live.play(says(VENTS))
    return live


def first_step(live: Live) -> Step:
    assert live.session.standing
    return live.session.standing.steps[0]


def sentence_of(step: Step) -> str:
    """What makes a step in the small world."""
    return next(text for text, model in SAID.items() if output_name(step) in model.outputs)


def test_a_conversation_opens_empty_and_is_silent_until_the_customer_speaks(live: Live) -> None:
    for answer in (live.open(), live.play(replies(SORRY)), live.play(says("👍"))):
        assert (answer.judgement, answer.advice, answer.fate) == (None, None, None)
    assert live.encoded == []


def test_a_customer_turn_brings_advice_and_no_judgement(live: Live, world: World) -> None:
    live.open()
    answer = live.play(says(VENTS))
    assert answer.judgement is None
    assert answer.fate is None
    assert answer.advice == world.advise(said(VENTS))


def test_what_was_said_before_the_opening_brings_advice_at_once(live: Live, world: World) -> None:
    assert live.open(*said(VENTS, SORRY, ASKS)).advice == world.advise(said(VENTS, SORRY, ASKS))


def test_an_agent_turn_is_judged_as_score_reply_judges_it(vented: Live, world: World) -> None:
    assert vented.play(replies(f"{EMPATHIZE} {SORRY}")).judgement == world.judge(said(VENTS), f"{EMPATHIZE} {SORRY}")


def test_turns_of_one_agent_are_judged_as_the_reply_so_far(vented: Live, world: World) -> None:
    vented.play(replies(EMPATHIZE))
    assert vented.play(replies(SORRY)).judgement == world.judge(said(VENTS), EMPATHIZE, SORRY)
    assert vented.play(replies("...")).judgement == world.judge(said(VENTS), EMPATHIZE, SORRY, "...")


def test_the_turn_of_another_agent_begins_another_reply(vented: Live, world: World) -> None:
    vented.play(replies(EMPATHIZE, "ana"))
    assert vented.play(replies(SORRY, "bo")).judgement == world.judge(said(VENTS, EMPATHIZE), SORRY)


def test_the_last_judgement_of_each_reply_is_that_of_the_finished_conversation(live: Live, world: World) -> None:
    turns = said(VENTS, EMPATHIZE, SORRY, ASKS, ACT, CHECK, IS_SATISFIED)
    live.open()
    told = [live.play(replies(t.text) if t.role is Role.AGENT else says(t.text)).judgement for t in turns]
    whole = [reply.judgement for reply in world.judge_conversation(turns).replies]
    assert [(j.score, j.verdict, j.stage) for j in (told[2], told[5]) if j] == [
        (j.score, j.verdict, j.stage) for j in whole
    ]


def test_advice_is_followed_by_making_its_first_step(vented: Live) -> None:
    assert vented.play(replies(sentence_of(first_step(vented)))).fate is Fate.FOLLOWED


def test_advice_is_ignored_by_making_none_of_its_steps(vented: Live) -> None:
    assert vented.session.standing
    assert Step.GO_FURTHER not in vented.session.standing.steps
    assert vented.play(replies(MORE)).fate is Fate.IGNORED


def test_advice_is_overtaken_when_the_customer_goes_on_and_it_changes(vented: Live) -> None:
    answer = vented.play(says(IS_SATISFIED))
    assert answer.advice
    assert answer.fate is Fate.OVERTAKEN


def test_advice_that_is_the_same_is_not_said_again_and_stays_open(vented: Live) -> None:
    answer = vented.play(says(VENTS))
    assert (answer.advice, answer.fate) == (None, None)


def test_silence_is_followed_when_the_customer_speaks_next(vented: Live) -> None:
    asked = vented.play(replies(CLARIFY))
    assert asked.advice
    assert asked.advice.pause_reason
    assert vented.play(says(EXPLAINS)).fate is Fate.FOLLOWED


def test_silence_is_ignored_when_the_agent_speaks_next(vented: Live) -> None:
    vented.play(replies(CLARIFY))
    assert vented.play(replies(SORRY)).fate is Fate.IGNORED


def test_a_customers_partial_turn_may_change_the_advice_and_is_no_turn(vented: Live, world: World) -> None:
    answer = vented.play(writing(says(IS_SATISFIED)))
    assert answer.judgement is None
    assert answer.advice == world.advise(said(VENTS, IS_SATISFIED))
    assert answer.fate is Fate.OVERTAKEN
    assert [turn.text for turn in vented.session.turns] == [VENTS]
    same = vented.play(says(IS_SATISFIED))
    assert (same.advice, same.fate) == (None, None), "what was told while it was written is not told again"


def test_lower_ranks_do_not_flicker_while_the_customer_writes(vented: Live, world: World) -> None:
    shown, steps = vented.session.standing, [each.step for each in world.advise(said(VENTS)).steps]
    ranks = {text: [each.step for each in world.advise(said(VENTS, text)).steps] for text in (ASKS, EXPLAINS, REJECTS)}
    text = next(text for text, others in ranks.items() if others != steps and others[0] == steps[0])
    assert vented.play(writing(says(text))).advice is None
    assert vented.session.standing is shown
    assert vented.play(says(text)).advice, "once it is said, they count"


def test_advice_comes_back_when_the_partial_turn_is_taken_back(vented: Live, world: World) -> None:
    vented.play(writing(says(IS_SATISFIED)))
    assert vented.play(says(VENTS)).advice == world.advise(said(VENTS, VENTS))


def test_an_agents_partial_turn_is_judged_and_changes_nothing(vented: Live, world: World) -> None:
    before = vented.token
    answer = vented.play(writing(replies(SORRY)))
    assert answer.judgement == world.judge(said(VENTS), SORRY)
    assert (answer.advice, answer.fate) == (None, None)
    assert vented.token == before


def test_an_agents_partial_turn_goes_on_with_the_reply(vented: Live, world: World) -> None:
    vented.play(replies(EMPATHIZE))
    assert vented.play(writing(replies(SORRY))).judgement == world.judge(said(VENTS), EMPATHIZE, SORRY)


def test_only_what_is_new_is_encoded(live: Live) -> None:
    live.open(*said(VENTS))
    live.encoded.clear()
    live.play(writing(replies(f"{EMPATHIZE} I am")))
    live.play(writing(replies(f"{EMPATHIZE} {SORRY}")))
    live.play(replies(f"{EMPATHIZE} {SORRY}"))
    live.play(replies(SORRY))
    assert live.encoded == [EMPATHIZE, "I am", SORRY]
    live.play(says(VENTS))
    assert len(live.encoded) == 4, "the message after what the agent said is another passage, and one"


def test_encodings_are_let_go_with_the_turns_they_belong_to(live: Live) -> None:
    live.open()
    for number in range(MAX_HISTORY_TURNS + 20):
        live.play(says(f"It is late for {number} days."))
    assert len(live.session.encodings) == MAX_HISTORY_TURNS
    assert len(live.encoded) == MAX_HISTORY_TURNS + 20


def test_a_move_that_comes_to_nothing_leaves_the_session_as_it_was(vented: Live) -> None:
    before = vented.session
    vented.coach.said(vented.session, replies(SORRY).turn)
    assert vented.session is before


def test_a_turn_earlier_than_one_before_it_is_refused(live: Live) -> None:
    live.open(Turn(Role.CUSTOMER, VENTS, NOW))
    earlier = Turn(Role.AGENT, SORRY, NOW - timedelta(seconds=1))
    for take, field in ((live.coach.said, "turn.time"), (live.coach.written, "partial_turn.time")):
        with pytest.raises(RequestError, match="in order of time") as caught:
            take(live.session, earlier)
        assert (caught.value.field, caught.value.reason) == (field, "TURNS_OUT_OF_ORDER")
    with pytest.raises(RequestError) as opening:
        live.coach.opened([Turn(Role.CUSTOMER, VENTS, NOW), Turn(Role.AGENT, SORRY), earlier])
    assert opening.value.field == "start.turns[2].time"


def test_an_unknown_playbook_is_refused_at_the_opening(world: World) -> None:
    with pytest.raises(UnknownPlaybook):
        Coach(world.scorer, "m").opened([], "none_of_that_name")


def test_advice_says_how_to_repair_the_misstep_that_a_turn_just_made(library: PlaybookLibrary) -> None:
    blame = "You should have kept it shut."
    live = Live(World(library, {blame: agent(Misstep.BLAME_CUSTOMER)}))
    live.open(*said(VENTS))
    advice = live.play(replies(blame)).advice
    assert advice
    assert [repair.misstep for repair in advice.repairs] == [Misstep.BLAME_CUSTOMER]
    again = live.play(replies(blame)).advice
    assert again
    assert [place.turn_index for place in again.repairs[0].places] == [2]
    mended = live.play(replies(SORRY)).advice
    assert mended
    assert mended.repairs == ()
