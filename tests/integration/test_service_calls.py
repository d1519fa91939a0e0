"""Each RPC through the real client: what comes back is whole, exact and in order."""

import asyncio
import uuid
from datetime import UTC, datetime

import grpc
import pytest
from amends.v1 import empathy_service_pb2 as pb
from amends.v1 import empathy_service_pb2_grpc, judgement_pb2, taxonomy_pb2
from amends_client import AsyncClient, Client, NotFound, agent, customer, error_from_status, reply_request
from running_service import Running

COMPLAINT = customer("My parcel is three weeks late and nobody answers my mails! This is a disgrace.")
REPLY = (
    "I am so sorry, Mrs Howe: three weeks without your parcel is far too long. "
    "I will call the depot myself today and ring you by five. Does that work for you?"
)
CONVERSATION = [
    COMPLAINT,
    agent("I am sorry to hear that. What is the number of your order?", speaker_id="a-1"),
    customer("It is 4711. I told you that twice already!"),
    agent("You should have written to the depot.", speaker_id="a-2"),
    customer("Are you joking?"),
    agent(REPLY, speaker_id="a-2"),
    customer("Thank you, that is kind."),
]


def _all_spans(judgement: judgement_pb2.Judgement) -> list[tuple[int, int, int]]:
    evidence = (*judgement.steps, *judgement.missteps, *judgement.contributions)
    return [(span.turn_index, span.start, span.end) for each in evidence for span in each.spans]


def _added_up(judgement: judgement_pb2.Judgement) -> float:
    return sum(share.points for share in judgement.contributions)


def test_score_reply_judges_every_step_once_in_order(client: Client) -> None:
    response = client.score_reply([COMPLAINT], REPLY)
    judgement = response.judgement
    assert [found.step for found in judgement.steps] == taxonomy_pb2.Step.values()[1:]
    assert 0 <= judgement.score <= 100
    assert 0 <= judgement.confidence <= 1
    assert judgement.verdict != taxonomy_pb2.VERDICT_UNSPECIFIED
    assert judgement.customer.act != taxonomy_pb2.CUSTOMER_ACT_UNSPECIFIED
    assert judgement.playbook.name == "unified"
    assert judgement.stage
    assert len(judgement.suggestions) <= 3


def test_score_reply_tells_model_and_where_the_time_went(client: Client) -> None:
    response = client.score_reply([COMPLAINT], f"I am sorry about order {uuid.uuid4()}.")
    assert response.model == client.server_info().info.model
    timings = response.timings
    parts = (timings.plan_seconds, timings.queue_seconds, timings.judge_seconds)
    assert all(part >= 0 for part in parts)
    assert timings.encode_seconds > 0, "a text never seen is encoded"
    assert timings.total_seconds >= sum(parts)


def test_the_same_request_gets_the_same_judgement_to_the_bit(client: Client) -> None:
    first, second = (client.score_reply([COMPLAINT], REPLY).judgement for _ in range(2))
    assert first.SerializeToString(deterministic=True) == second.SerializeToString(deterministic=True)


@pytest.mark.parametrize("playbook", ["", "unified", "six_steps", "empathy_first"])
def test_contributions_add_up_exactly_to_the_score(client: Client, playbook: str) -> None:
    replies = [REPLY, "You should have called us. It is not our fault.", "ok", "Sorry. Sorry. So sorry. Sorry again."]
    for reply in replies:
        judgement = client.score_reply([COMPLAINT], reply, playbook=playbook).judgement
        assert _added_up(judgement) == judgement.score
        assert all((share.points * 4).is_integer() for share in judgement.contributions)


def test_spans_count_code_points_and_point_at_whole_sentences(client: Client) -> None:
    reply = [
        "\U0001f614\U0001f614 Oh dear! I am so sorry about the wait! \U0001f494",
        "Caf\u00e9 \u4f60\u597d. I will refund you today.",
    ]
    judgement = client.score_reply([COMPLAINT], reply).judgement
    spans = set(_all_spans(judgement))
    assert spans, "an apology and a remedy leave evidence"
    stretches = {reply[turn][start:end] for turn, start, end in spans}
    assert stretches <= {
        "\U0001f614\U0001f614 Oh dear!",
        "I am so sorry about the wait! \U0001f494",
        "Caf\u00e9 \u4f60\u597d.",
        "I will refund you today.",
    }


def test_next_step_gives_as_many_steps_as_asked_best_first(client: Client) -> None:
    for wanted, given in ((0, 3), (1, 1), (5, 5)):
        advice = client.next_step([COMPLAINT], max_steps=wanted).advice
        probabilities = [each.probability for each in advice.steps]
        assert 1 <= len(probabilities) <= given
        assert probabilities == sorted(probabilities, reverse=True)
        assert all(0 < probability < 1 for probability in probabilities)
        assert all(each.reason and len(each.phrasings) <= 3 for each in advice.steps)
        assert bool(advice.pause_reason) == advice.pause


def test_next_step_after_an_agent_turn_is_answered(client: Client) -> None:
    response = client.next_step(CONVERSATION[:2], playbook="connect_first")
    assert response.advice.playbook.name == "connect_first"
    assert response.advice.stage


def test_score_conversation_judges_each_reply_and_follows_the_customer(client: Client) -> None:
    response = client.score_conversation(CONVERSATION)
    found = [(r.first_turn_index, r.last_turn_index, r.speaker_id) for r in response.replies]
    assert found == [(1, 1, "a-1"), (3, 3, "a-2"), (5, 5, "a-2")]
    assert [point.turn_index for point in response.arc.points] == [0, 2, 4, 6]
    for reply in response.replies:
        assert _added_up(reply.judgement) == reply.judgement.score
        for turn, start, end in _all_spans(reply.judgement):
            assert reply.first_turn_index <= turn <= reply.last_turn_index
            assert 0 <= start < end <= len(CONVERSATION[turn].text)


def test_the_arc_tells_of_each_agent_and_agrees_with_the_replies(client: Client) -> None:
    response = client.score_conversation(CONVERSATION)
    arc = response.arc
    assert [agent.speaker_id for agent in arc.agents] == ["a-1", "a-2"]
    assert [agent.turns for agent in arc.agents] == [1, 2]
    found = {(span.turn_index, m.misstep) for r in response.replies for m in r.judgement.missteps for span in m.spans}
    assert {(each.turn_index, each.misstep) for each in arc.missteps} == found
    assert arc.upset_peak == max(point.customer.upset for point in arc.points)
    assert (arc.upset_start, arc.upset_end) == (arc.points[0].customer.upset, arc.points[-1].customer.upset)
    assert (arc.best.turn_index, arc.worst.turn_index) == (arc.best_turn_index, arc.worst_turn_index)
    assert arc.first.remedy.turn_index == arc.first_remedy_turn_index
    for promise in arc.promises:
        assert 0 <= promise.span.start < promise.span.end <= len(CONVERSATION[promise.span.turn_index].text)


def test_the_last_reply_of_a_conversation_is_judged_as_it_is_alone(client: Client) -> None:
    whole = client.score_conversation(CONVERSATION).replies[-1].judgement
    alone = client.score_reply(CONVERSATION[:5], REPLY).judgement
    assert (whole.score, whole.verdict, whole.stage) == (alone.score, alone.verdict, alone.stage)


def test_a_batch_keeps_the_order_and_equals_single_calls(client: Client) -> None:
    replies = [f"I am sorry about box {number}." for number in range(40)] + [REPLY, "No."]
    response = client.batch_score_replies(reply_request([COMPLAINT], reply) for reply in replies)
    assert len(response.results) == len(replies)
    for number in (0, 7, 40, 41):
        assert response.results[number].judgement == client.score_reply([COMPLAINT], replies[number]).judgement


def test_the_failure_of_one_item_lies_in_its_own_result(client: Client) -> None:
    good = reply_request([COMPLAINT], REPLY)
    items = [
        good,
        reply_request([], REPLY),
        reply_request([COMPLAINT], "\U0001f642"),
        reply_request([COMPLAINT], REPLY, playbook="no_such_playbook"),
        reply_request([COMPLAINT], ""),
        good,
    ]
    results = client.batch_score_replies(items).results
    assert [result.WhichOneof("outcome") for result in results] == ["judgement", *["error"] * 4, "judgement"]
    errors = [error_from_status(result.error) for result in results[1:5]]
    assert [error.reason for error in errors] == ["INVALID_REQUEST", "NO_WORDS", "UNKNOWN_PLAYBOOK", "INVALID_REQUEST"]
    assert isinstance(errors[2], NotFound)
    assert results[0] == results[5]


def test_times_in_order_change_nothing_but_are_accepted(client: Client) -> None:
    timed = [customer(COMPLAINT.text, time=datetime(2026, 5, 1, tzinfo=UTC))]
    assert client.score_reply(timed, REPLY).judgement == client.score_reply([COMPLAINT], REPLY).judgement


def test_server_info_tells_model_limits_playbooks_and_calibration(client: Client) -> None:
    info = client.server_info().info
    assert len(info.model.sha256) == 64
    assert info.playbooks[0].name == "unified"
    assert info.limits.max_sentence_tokens > 0
    assert info.limits.max_history_turns > 0
    assert info.calibration_time.seconds > 0
    assert info.server_version


def test_playbooks_are_listed_default_first_and_got_whole(client: Client) -> None:
    listed = client.list_playbooks().playbooks
    names = [playbook.ref.name for playbook in listed]
    assert names == ["unified", *sorted(names[1:])]
    assert [ref.name for ref in client.server_info().info.playbooks] == names
    assert not any(playbook.exemplars for playbook in listed)
    whole = client.get_playbook("unified").playbook
    assert whole.exemplars
    whole.ClearField("exemplars")
    assert whole == listed[0]


def test_an_unknown_playbook_is_not_found_and_the_known_are_named(client: Client) -> None:
    with pytest.raises(NotFound, match="six_steps") as caught:
        client.get_playbook("no_such_playbook")
    assert caught.value.reason == "UNKNOWN_PLAYBOOK"


def test_the_asyncio_client_gets_the_same_answers_side_by_side(running: Running, client: Client) -> None:
    replies = [REPLY, "No.", "I am sorry."]

    async def ask() -> list[judgement_pb2.Judgement]:
        async with AsyncClient(running.target) as asking:
            answers = await asyncio.gather(*(asking.score_reply([COMPLAINT], r, timeout_s=60) for r in replies))
            return [answer.judgement for answer in answers]

    assert running.run(ask()) == [client.score_reply([COMPLAINT], reply).judgement for reply in replies]


@pytest.mark.parametrize("given", ["7f3c", "team-a/42?x=y", "a" * 128])
def test_the_request_id_comes_back(channel: grpc.Channel, given: str) -> None:
    stub = empathy_service_pb2_grpc.EmpathyServiceStub(channel)
    _, call = stub.GetServerInfo.with_call(pb.GetServerInfoRequest(), metadata=(("x-request-id", given),))
    assert dict(call.trailing_metadata())["x-request-id"] == given


@pytest.mark.parametrize("given", [None, "two words", "a" * 129, ""])
def test_a_request_id_is_made_where_none_fit_was_given(channel: grpc.Channel, given: str | None) -> None:
    stub = empathy_service_pb2_grpc.EmpathyServiceStub(channel)
    metadata = () if given is None else (("x-request-id", given),)
    _, call = stub.GetServerInfo.with_call(pb.GetServerInfoRequest(), metadata=metadata)
    made = dict(call.trailing_metadata())["x-request-id"]
    assert made != given
    assert uuid.UUID(hex=made)


def test_the_request_id_comes_back_with_an_error(client: Client) -> None:
    with pytest.raises(NotFound) as caught:
        client.get_playbook("no_such_playbook", request_id="case-9")
    assert caught.value.request_id == "case-9"
