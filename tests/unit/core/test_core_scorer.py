"""The facade: what it wants encoded, where it says things stand, and how it walks a whole conversation."""

from collections.abc import Sequence

import pytest
from amends_core.conversation import Turn
from amends_core.errors import RequestError
from amends_core.judgement import Verdict
from amends_core.scorer import MAX_HISTORY_TURNS, MAX_PIECES
from amends_core.taxonomy import CustomerAct, Misstep, Role, Step
from amends_core.text import passage_of
from core_builders import (
    ACT,
    ASKS,
    CHECK,
    EMPATHIZE,
    EXPLAINS,
    HOURS,
    IS_SATISFIED,
    MORE,
    OWN,
    REFLECT,
    SORRY,
    VENTS,
    Says,
    World,
    agent,
    said,
)


def texts_of(world: World, turns: Sequence[Turn], *reply: str) -> tuple[str, ...]:
    return world.scorer.plan_reply(turns, reply).texts


def test_customers_message_is_encoded_whole_and_the_agents_by_sentence(world: World) -> None:
    turns = [
        Turn(Role.CUSTOMER, " Late again. Why? "),
        Turn(Role.AGENT, "Hello Jo. One moment."),
        Turn(Role.CUSTOMER, "Ok."),
    ]
    before = passage_of("Ok.", "Hello Jo. One moment.")
    assert texts_of(world, turns, "I see. It is on its way.") == (
        "Late again. Why?",
        "Hello Jo.",
        "One moment.",
        before,
        "I see.",
        "It is on its way.",
    )


def test_text_that_comes_twice_is_encoded_once(world: World) -> None:
    assert texts_of(world, said(VENTS, SORRY), SORRY, f"{SORRY} {SORRY}") == (VENTS, SORRY)


def test_turn_without_words_is_not_encoded(world: World) -> None:
    turns = [Turn(Role.CUSTOMER, VENTS), Turn(Role.AGENT, "..."), Turn(Role.CUSTOMER, "👍")]
    assert texts_of(world, turns, "😊", SORRY) == (VENTS, SORRY)


def test_turns_before_the_window_are_not_encoded(world: World) -> None:
    old = [Turn(Role.AGENT, f"Old {index}.") for index in range(5)]
    recent = [Turn(Role.CUSTOMER, f"Recent {index}.") for index in range(MAX_HISTORY_TURNS)]
    texts = texts_of(world, [*old, *recent], SORRY)
    assert not any(text.startswith("Old") for text in texts)
    assert len(texts) == MAX_HISTORY_TURNS + 1


def test_last_message_of_the_customer_is_encoded_however_old(world: World) -> None:
    turns = [*said(VENTS), *(Turn(Role.AGENT, "Wait.") for _ in range(MAX_HISTORY_TURNS + 5))]
    assert texts_of(world, turns, SORRY) == (VENTS, "Wait.", SORRY)
    assert world.judge(turns, SORRY).customer.turn_index == 0


def test_whole_conversation_is_encoded_however_long(world: World) -> None:
    turns = [Turn(Role.CUSTOMER, f"Message {index}.") for index in range(MAX_HISTORY_TURNS + 5)]
    assert len(world.scorer.plan_conversation(turns).texts) == len(turns)


def test_spans_are_code_points_of_their_own_reply_turn(world: World) -> None:
    reply = ("👩‍🚀😊 Hello Jo.", f"🙏🏽  Hm…  {SORRY}")
    place = world.judge(said(VENTS, OWN, EXPLAINS), *reply).steps[Step.APOLOGIZE].places[0]
    assert place.turn_index == 1
    assert reply[1][place.span.start : place.span.end] == SORRY


def test_spans_of_a_conversation_count_its_turns(world: World) -> None:
    turns = said(VENTS, f"Hello! 😊 {SORRY}", ASKS, ACT)
    first, second = world.judge_conversation(turns).replies
    place = first.judgement.steps[Step.APOLOGIZE].places[0]
    assert (place.turn_index, place.span.of(turns[1].text)) == (1, SORRY)
    assert second.judgement.steps[Step.TAKE_ACTION].places[0].turn_index == 3


@pytest.mark.parametrize("reply", [(), ("",), ("😊", "?!")])
def test_reply_without_words_is_refused(world: World, reply: tuple[str, ...]) -> None:
    with pytest.raises(RequestError, match="reply must hold at least one letter or digit") as caught:
        world.scorer.plan_reply(said(VENTS), reply)
    assert (caught.value.field, caught.value.reason) == ("reply", "NO_WORDS")


@pytest.mark.parametrize("text", ["", "😊", "..."])
def test_conversation_without_a_readable_customer_is_refused(world: World, text: str) -> None:
    with pytest.raises(RequestError, match="customer turn with a letter or digit") as caught:
        world.scorer.plan_advice([Turn(Role.CUSTOMER, text), Turn(Role.AGENT, SORRY)])
    assert (caught.value.field, caught.value.reason) == ("turns", "NO_WORDS")


@pytest.mark.parametrize("turns", [[], said(SORRY)])
def test_conversation_without_the_customer_is_refused(world: World, turns: list[Turn]) -> None:
    with pytest.raises(RequestError) as caught:
        world.scorer.plan_conversation(turns)
    assert caught.value.reason == "NO_CUSTOMER_TURN"


def test_playbook_that_is_not_loaded_is_refused(world: World) -> None:
    with pytest.raises(RequestError, match="'none'") as caught:
        world.scorer.plan_reply(said(VENTS), [SORRY], "none")
    assert caught.value.reason == "UNKNOWN_PLAYBOOK"


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.AGENT])
def test_conversation_of_too_many_sentences_is_refused(world: World, role: Role) -> None:
    turns = [*said(VENTS), *(Turn(role, f"Message {index}.") for index in range(MAX_PIECES))]
    with pytest.raises(RequestError, match=f"more than {MAX_PIECES} sentences") as caught:
        world.scorer.plan_conversation(turns)
    assert caught.value.reason == "TOO_MANY_SENTENCES"
    assert len(world.scorer.plan_conversation(turns[:-1]).texts) > 0


def test_first_empathy_and_remedy_are_dated_by_turn_within_one_reply(world: World) -> None:
    arc = world.judge_conversation(said(VENTS, EMPATHIZE, EMPATHIZE, ACT, MORE, ACT)).arc
    assert (arc.first_empathy_turn_index, arc.first_remedy_turn_index) == (1, 3)


def test_errors_hold_no_word_of_the_conversation(world: World) -> None:
    with pytest.raises(RequestError) as caught:
        world.scorer.plan_advice([Turn(Role.AGENT, "my card is 4711")])
    assert "4711" not in str(caught.value)


def test_reply_of_several_turns_is_judged_as_one(world: World) -> None:
    parted = world.judge(said(VENTS), f"{EMPATHIZE} {SORRY}", ACT)
    whole = world.judge(said(VENTS), f"{EMPATHIZE} {SORRY} {ACT}")
    assert parted.score == whole.score


CALLS = (VENTS, f"{REFLECT} {EMPATHIZE}", ASKS, f"{SORRY} {OWN} {ACT}", EXPLAINS, CHECK, IS_SATISFIED)


def test_conversation_is_judged_reply_by_reply_like_the_replies_alone(world: World) -> None:
    turns = said(*CALLS)
    found = world.judge_conversation(turns).replies
    assert [(reply.first_turn_index, reply.last_turn_index) for reply in found] == [(1, 1), (3, 3), (5, 5)]
    for reply in found:
        alone = world.judge(turns[: reply.first_turn_index], turns[reply.first_turn_index].text)
        assert (reply.judgement.score, reply.judgement.verdict) == (alone.score, alone.verdict)


def test_arc_follows_the_customer(world: World) -> None:
    arc = world.judge_conversation(said(*CALLS)).arc
    assert [(point.turn_index, point.act) for point in arc.points] == [
        (0, CustomerAct.VENT),
        (2, CustomerAct.ASK),
        (4, CustomerAct.EXPLAIN),
        (6, CustomerAct.SATISFIED),
    ]
    assert arc.upset_change == pytest.approx(0.05 - 0.9, abs=1e-6)
    assert (arc.first_empathy_turn_index, arc.first_remedy_turn_index) == (1, 3)
    assert arc.points[0].stage == "understand"


def test_arc_names_the_best_and_the_worst_reply_and_their_mean(world: World) -> None:
    found = world.judge_conversation(said(*CALLS))
    scores = {reply.first_turn_index: reply.judgement.score for reply in found.replies}
    assert found.arc.mean_score == pytest.approx(sum(scores.values()) / len(scores))
    assert found.arc.best_turn_index == max(scores, key=lambda index: scores[index])
    assert found.arc.worst_turn_index == min(scores, key=lambda index: scores[index])


def test_arc_without_a_sure_reply_has_no_mean(world: World) -> None:
    arc = world.judge_conversation(said(VENTS)).arc
    assert (arc.mean_score, arc.best_turn_index, arc.worst_turn_index) == (None, None, None)
    assert (arc.first_empathy_turn_index, arc.first_remedy_turn_index) == (None, None)


def test_unsure_reply_is_kept_and_left_out_of_the_mean(world: World) -> None:
    unreadable = World(world.scorer.library, {"Nja nja nja.": Says(tokens=5, unknown_tokens=4)})
    found = unreadable.judge_conversation(said(VENTS, SORRY, VENTS, "Nja nja nja."))
    assert [reply.judgement.verdict is Verdict.UNSURE for reply in found.replies] == [False, True]
    assert found.arc.mean_score == found.replies[0].judgement.score


def test_greeting_before_the_customer_spoke_is_not_judged(world: World) -> None:
    found = world.judge_conversation(said("Hello, this is Jo.", VENTS, SORRY))
    assert [reply.first_turn_index for reply in found.replies] == [2]


def test_reply_without_words_is_not_judged(world: World) -> None:
    found = world.judge_conversation(said(VENTS, "😊", HOURS, "From nine to five."))
    assert [reply.first_turn_index for reply in found.replies] == [3]


def test_agent_turns_in_a_row_are_one_reply_of_their_speaker(world: World) -> None:
    turns = [*said(VENTS), Turn(Role.AGENT, SORRY, speaker_id="jo"), Turn(Role.AGENT, ACT, speaker_id="jo")]
    turns += [Turn(Role.AGENT, OWN, speaker_id="kim")]
    found = world.judge_conversation(turns).replies
    assert [(reply.first_turn_index, reply.last_turn_index, reply.speaker_id) for reply in found] == [
        (1, 2, "jo"),
        (3, 3, "kim"),
    ]


def test_what_was_said_earlier_counts_in_the_next_reply(world: World) -> None:
    found = world.judge_conversation(said(VENTS, EMPATHIZE, VENTS, EMPATHIZE))
    kinds = [{finding.misstep for finding in reply.judgement.missteps} for reply in found.replies]
    assert [Misstep.REPEATED in found for found in kinds] == [False, True]


def test_two_scorers_judge_alike(world: World) -> None:
    other = World(world.scorer.library)
    says = {"That is how it is.": agent(Misstep.DEFEND)}
    judged = [w.judge(said(VENTS), f"{SORRY} That is how it is.", says=says) for w in (world, other)]
    assert judged[0] == judged[1]
