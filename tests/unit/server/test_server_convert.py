"""Between the contract and the core: no word is lost on the way, and times are checked."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from amends.v1 import advice_pb2, conversation_pb2, empathy_service_pb2, judgement_pb2, playbook_pb2, taxonomy_pb2
from amends_core.advice import Advice, Avoidance, Repair, StepAdvice
from amends_core.conversation import CustomerMoment
from amends_core.detection import CustomerReading
from amends_core.errors import RequestError
from amends_core.issues import Issue, Topic
from amends_core.judgement import Place
from amends_core.playbooks import PlaybookLibrary, load_library
from amends_core.stages import Position
from amends_core.taxonomy import CustomerAct, Misstep, Role, Step
from amends_core.text import Span
from amends_server.convert import advice_to, playbook_to, reply_from, turns_from
from google.protobuf.timestamp_pb2 import Timestamp

NOON = 1_700_000_000


def _turn(seconds: int | None = None, nanos: int = 0, **fields: object) -> conversation_pb2.Turn:
    turn = conversation_pb2.Turn(role=taxonomy_pb2.ROLE_CUSTOMER, text="Where is my parcel?", **fields)  # type: ignore[arg-type]
    if seconds is not None:
        turn.time.CopyFrom(Timestamp(seconds=seconds, nanos=nanos))
    return turn


def _reply(*seconds: int | None) -> empathy_service_pb2.ScoreReplyRequest:
    parts = [
        conversation_pb2.ReplyTurn(text="Here.", time=None if s is None else Timestamp(seconds=s)) for s in seconds
    ]
    return empathy_service_pb2.ScoreReplyRequest(reply=parts)


@pytest.fixture(scope="module")
def library() -> PlaybookLibrary:
    return load_library(None)


def test_turns_keep_role_text_time_and_speaker() -> None:
    turns = turns_from([_turn(NOON, 250_000_000, speaker_id="c-1"), _turn()])
    assert turns[0].role is Role.CUSTOMER
    assert turns[0].text == "Where is my parcel?"
    assert turns[0].time == datetime.fromtimestamp(NOON, UTC).replace(microsecond=250_000)
    assert turns[0].speaker_id == "c-1"
    assert turns[1].time is None


@pytest.mark.parametrize(("seconds", "nanos"), [(10**15, 0), (-(10**15), 0), (0, -1), (0, 10**9), (253_402_300_800, 0)])
def test_a_time_outside_the_calendar_is_refused_by_its_place(seconds: int, nanos: int) -> None:
    with pytest.raises(RequestError, match="years 1 to 9999") as caught:
        turns_from([_turn(), _turn(seconds, nanos)])
    assert (caught.value.field, caught.value.reason) == ("turns[1].time", "TIME_OUT_OF_RANGE")


@pytest.mark.parametrize("seconds", [-62_135_596_800, 253_402_300_799])
def test_the_first_and_last_second_of_the_calendar_are_accepted(seconds: int) -> None:
    assert turns_from([_turn(seconds)])[0].time is not None


def test_a_reply_gives_its_texts_in_order() -> None:
    request = empathy_service_pb2.ScoreReplyRequest(reply=[{"text": "One."}, {"text": "Two."}])  # type: ignore[list-item]
    assert reply_from(request, []) == ["One.", "Two."]


@pytest.mark.parametrize(
    ("turn", "reply", "field"),
    [
        (NOON, (NOON - 1,), "reply[0].time"),
        (NOON, (NOON, NOON + 5, NOON + 4), "reply[2].time"),
        (NOON, (None, NOON - 1), "reply[1].time"),
        (None, (NOON, NOON - 1), "reply[1].time"),
    ],
)
def test_a_reply_that_goes_back_in_time_is_refused(turn: int | None, reply: tuple[int | None, ...], field: str) -> None:
    with pytest.raises(RequestError) as caught:
        reply_from(_reply(*reply), turns_from([_turn(turn)]))
    assert (caught.value.field, caught.value.reason) == (field, "TURNS_OUT_OF_ORDER")


def test_a_reply_may_come_at_the_second_of_the_last_turn() -> None:
    assert reply_from(_reply(NOON, None, NOON), turns_from([_turn(NOON)])) == ["Here."] * 3


def test_every_playbook_becomes_a_message_without_loss(library: PlaybookLibrary) -> None:
    for playbook in library:
        message = playbook_to(playbook, with_exemplars=True)
        assert message.ref == judgement_pb2.PlaybookRef(
            name=playbook.name, version=playbook.version, sha256=playbook.sha256
        )
        assert [stage.name for stage in message.stages] == [stage.name for stage in playbook.stages]
        assert all(stage.occasion != playbook_pb2.OCCASION_UNSPECIFIED for stage in message.stages)
        assert all(taxonomy_pb2.STEP_UNSPECIFIED not in stage.steps for stage in message.stages)
        assert message.order != playbook_pb2.Playbook.ORDER_UNSPECIFIED
        assert sum(len(each.phrases) for each in message.exemplars) == sum(map(len, playbook.exemplars.values()))


def test_exemplars_are_left_out_where_they_are_not_wanted(library: PlaybookLibrary) -> None:
    message = playbook_to(library.get("unified"), with_exemplars=False)
    assert not message.exemplars


@pytest.fixture
def advice(library: PlaybookLibrary) -> Advice:
    playbook = library.get("unified")
    reading = CustomerReading(CustomerAct.VENT, 0.9, 0.8, acts={}, calls_for={})
    return Advice(
        steps=(StepAdvice(Step.APOLOGIZE, 0.7, "It is due.", ()),),
        position=Position(0, playbook.stages[0], waiting=False, resolved=False),
        pause_reason="",
        avoid=(Avoidance(Misstep.DEFEND, "It argues."), Avoidance(Step.APOLOGIZE, "It was said.")),
        customer=CustomerMoment(2, reading, 0.8),
        playbook=playbook,
    )


def test_advice_without_anything_to_mend_says_so(advice: Advice) -> None:
    message = advice_to(advice)
    assert (len(message.repairs), len(message.issues)) == (0, 0)
    assert (message.only_asks, message.follow_up_due, message.follow_up_reason) == (False, False, "")
    assert [each.WhichOneof("subject") for each in message.avoid] == ["misstep", "step"]


def test_repairs_follow_up_and_issues_become_messages(advice: Advice) -> None:
    place, steps = Place(1, Span(4, 9)), frozenset({Step.TAKE_OWNERSHIP, Step.APOLOGIZE})
    message = advice_to(
        replace(
            advice,
            repairs=(Repair(Misstep.BLAME_CUSTOMER, (place,), "Take it back.", "I was wrong.", steps),),
            only_asks=True,
            follow_up_reason="A call was promised.",
            issues=(
                Issue(Topic.CHARGE, is_problem=True, span=Span(0, 3)),
                Issue(None, is_problem=False, span=Span(5, 8)),
            ),
        )
    )
    assert message.repairs[0] == advice_pb2.Repair(
        misstep=taxonomy_pb2.MISSTEP_BLAME_CUSTOMER,
        spans=[conversation_pb2.Span(turn_index=1, start=4, end=9)],
        text="Take it back.",
        example="I was wrong.",
        steps=[taxonomy_pb2.STEP_APOLOGIZE, taxonomy_pb2.STEP_TAKE_OWNERSHIP],
    )
    assert (message.only_asks, message.follow_up_due, message.follow_up_reason) == (True, True, "A call was promised.")
    assert [(issue.about, issue.problem, issue.span.turn_index) for issue in message.issues] == [
        ("the charge", True, 2),
        ("", False, 2),
    ]
