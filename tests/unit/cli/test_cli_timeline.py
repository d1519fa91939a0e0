"""`amends score` and `amends conversation` show how a conversation went: who, when, what was promised."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from amends.v1 import arc_pb2, conversation_pb2, empathy_service_pb2, judgement_pb2, taxonomy_pb2
from amends_client.testing import FakeServer

Run = Callable[..., Any]

TURNS = [
    {"role": "customer", "text": "It is a week late!"},
    {"role": "agent", "text": "I will call you by five.", "speaker_id": "jo"},
    {"role": "customer", "text": "Nobody called."},
    {"role": "agent", "text": "I am sorry, it comes today.", "speaker_id": "kim"},
]


def plain(text: str) -> str:
    """The text with the columns of its tables one space apart."""
    return " ".join(text.split())


def agent_arc(speaker_id: str, **fields: Any) -> arc_pb2.AgentArc:
    return arc_pb2.AgentArc(speaker_id=speaker_id, turns=1, **fields)


@pytest.fixture
def judged(judgement: judgement_pb2.Judgement) -> empathy_service_pb2.ScoreConversationResponse:
    unsure = judgement_pb2.Judgement(score=12.5, verdict=taxonomy_pb2.VERDICT_UNSURE)
    calm = judgement_pb2.CustomerSignals(upset=0.2, act=taxonomy_pb2.CUSTOMER_ACT_REJECT, act_probability=0.9)
    cost = judgement.contributions[2]
    misstep = arc_pb2.PlacedMisstep(turn_index=1, speaker_id="jo", misstep=taxonomy_pb2.MISSTEP_BLAME_CUSTOMER)
    step = arc_pb2.StepCount(step=taxonomy_pb2.STEP_APOLOGIZE, turns=1)
    return empathy_service_pb2.ScoreConversationResponse(
        replies=[
            empathy_service_pb2.JudgedReply(first_turn_index=1, last_turn_index=1, judgement=judgement),
            empathy_service_pb2.JudgedReply(first_turn_index=3, last_turn_index=3, judgement=unsure),
        ],
        arc=empathy_service_pb2.Arc(
            points=[
                empathy_service_pb2.ArcPoint(turn_index=0, customer=judgement.customer, stage="hear"),
                empathy_service_pb2.ArcPoint(turn_index=2, customer=calm, stage="act"),
            ],
            upset_change=-0.63,
            upset_peak=0.83,
            furthest_stage="act",
            mean_score=31.25,
            first=arc_pb2.Milestones(
                apology=arc_pb2.Milestone(turn_index=3, customer_turns=2, seconds=5400),
                remedy=arc_pb2.Milestone(turn_index=3, customer_turns=2),
            ),
            missteps=[misstep],
            promises=[
                arc_pb2.Promise(
                    span=conversation_pb2.Span(turn_index=1, start=0, end=24),
                    speaker_id="jo",
                    due="by five",
                    status=arc_pb2.PROMISE_STATUS_BROKEN,
                    settled_turn_index=2,
                )
            ],
            best=arc_pb2.ReplyMoment(turn_index=1, score=31.25, top=judgement.contributions[1]),
            worst=arc_pb2.ReplyMoment(turn_index=1, score=31.25, top=cost),
            agents=[
                agent_arc("jo", mean_score=31.25, missteps=[misstep], promises_made=1),
                agent_arc("kim", steps=[step]),
            ],
        ),
    )


SHOWN = (
    "1 jo I will call you by five. by five broken at turn 2",
    "jo 1 31.25 blame customer at 1 0 of 1",
    "kim 1 apologize 1",
)


def test_score_of_a_later_reply_shows_the_conversation_in_a_few_lines(
    server: FakeServer,
    run: Run,
    scored: empathy_service_pb2.ScoreReplyResponse,
    judged: empathy_service_pb2.ScoreConversationResponse,
) -> None:
    server.answer("ScoreReply", scored)
    server.answer("ScoreConversation", judged)
    result = run("score", stdin=json.dumps({"turns": TURNS}))
    assert result.exit_code == 0, result.stderr
    for shown in (
        "0 customer 0.83 ████████ vent 0.71 hear",
        "1 jo 31.25 blame customer",
        "2 customer 0.20 ██ reject 0.90 act",
        "3 kim (12.5)",
        "upset changed by -0.63, peak 0.83 at turn 0, furthest stage act, mean score 31.25, no empathy, first apology",
        "after 90 min, first remedy at turn 3",
        "best reply at turn 1, 31.25; apologize: It says sorry.",
        "worst reply at turn 1, 31.25; blame customer: It says the customer was late.",
        *SHOWN,
    ):
        assert shown in plain(result.stdout)
    assert [turn.speaker_id for turn in server.calls[1].request.turns] == ["", "jo", "", "kim"]


@pytest.mark.parametrize("arguments", [("--json",), ()])
def test_score_asks_for_the_conversation_only_where_it_is_shown(
    server: FakeServer, run: Run, scored: empathy_service_pb2.ScoreReplyResponse, arguments: tuple[str, ...]
) -> None:
    server.answer("ScoreReply", scored)
    turns = TURNS if arguments else TURNS[:2]
    result = run("score", *arguments, stdin=json.dumps({"turns": turns}))
    assert (result.exit_code, len(server.calls)) == (0, 1), result.stderr


def test_conversation_shows_promises_and_agents(
    server: FakeServer, run: Run, judged: empathy_service_pb2.ScoreConversationResponse
) -> None:
    server.answer("ScoreConversation", judged)
    result = run("conversation", stdin=json.dumps({"turns": TURNS}))
    assert result.exit_code == 0, result.stderr
    for shown in SHOWN:
        assert shown in plain(result.stdout)
