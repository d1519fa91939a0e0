"""Live conversations at their limits: deadlines, events that break a rule, bounds, callers who leave, the drain."""

import asyncio
import time
from typing import Any

import grpc
import pytest
from amends.v1 import conversation_pb2
from amends.v1 import empathy_service_pb2 as pb
from amends_client import Client, NotFound, agent, customer
from amends_server.editions import Model
from live_streams import (
    CALL,
    CONVERSATION,
    LATE,
    METHOD,
    SORRY,
    THANKS,
    OpenStream,
    partial,
    start,
    total,
    turn,
    wait_for,
)
from raw_calls import CallRecord, HeldEncoder, read_refusal
from running_service import PATIENCE_S, Serve


def test_an_event_has_a_deadline_and_the_stream_has_none(
    serve: Serve, held_model: Model, held: HeldEncoder, open_stream: OpenStream
) -> None:
    running = serve(model=held_model, workers=1, default_deadline_s=0.05)
    with grpc.insecure_channel(running.target) as channel:
        stream, blocking = open_stream(channel), open_stream(channel)
        for each in (stream, blocking):
            each.ask(start())
        blocking.send(turn(LATE, "a"))
        assert held.started.wait(PATIENCE_S)
        stream.send(turn(THANKS, "b"))
        time.sleep(0.1)
        held.let_go.set()
        refusal = stream.refusal()
    assert refusal.code in {grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.RESOURCE_EXHAUSTED}


UNREADABLE = {
    "no start": ([turn(LATE, "a")], "event", "START_FIRST"),
    "two starts": (
        [start(), pb.CoachConversationRequest(event_id="b", start=pb.CoachStart())],
        "event",
        "START_FIRST",
    ),
    "the same id": ([start(), turn(LATE, "a"), turn(SORRY, "a")], "event_id", "DUPLICATE_EVENT"),
    "no id": ([start(), turn(LATE, "")], "event_id", "INVALID_REQUEST"),
    "a long id": ([start(), turn(LATE, "x" * 65)], "event_id", "INVALID_REQUEST"),
    "no event": ([pb.CoachConversationRequest(event_id="a")], "event", "INVALID_REQUEST"),
    "no text": ([start(), turn(customer(""), "a")], "turn.text", "INVALID_REQUEST"),
    "no role": ([start(), partial(conversation_pb2.Turn(text="Hm."), "a")], "partial_turn.role", "INVALID_REQUEST"),
    "a broken turn before": ([start(LATE, customer(""))], "start.turns[1].text", "INVALID_REQUEST"),
    "a long token": ([start(token=bytes(16385))], "start.resume_token", "INVALID_REQUEST"),
    "a damaged token": ([start(token=b"damaged")], "start.resume_token", "BAD_TOKEN"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_an_event_that_breaks_a_rule_ends_the_stream_and_names_its_field(open_stream: OpenStream, name: str) -> None:
    events, field, reason = UNREADABLE[name]
    stream = open_stream()
    stream.send(*events)
    for event in events[:-1]:
        assert next(stream.call).event_id == event.event_id, "what came before it has its answer"
    refusal = stream.refusal()
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, reason)
    assert list(refusal.violations) == [field]
    assert refusal.trailers["x-request-id"]


def test_an_unknown_playbook_is_not_found(client: Client, open_stream: OpenStream) -> None:
    stream = open_stream()
    stream.send(start(playbook="no_such_playbook"))
    assert stream.refusal().code is grpc.StatusCode.NOT_FOUND
    with pytest.raises(NotFound), client.coach(playbook="no_such_playbook"):
        pass


def test_times_that_go_back_are_refused(open_stream: OpenStream) -> None:
    early, late = customer("Why?"), customer("Why?")
    early.time.seconds, late.time.seconds = 1, 2
    for wrong, field in ((turn(early, "a"), "turn.time"), (partial(early, "a"), "partial_turn.time")):
        stream = open_stream()
        stream.ask(start(late))
        stream.send(wrong)
        assert list(stream.refusal().violations) == [field]


def test_bytes_that_are_no_event_are_refused_behind_the_answers_before_them(channel: grpc.Channel) -> None:
    coach: Any = channel.stream_stream(
        "/amends.v1.EmpathyService/CoachConversation", request_serializer=bytes, response_deserializer=bytes
    )
    answers = coach(iter([start(LATE).SerializeToString(), b"\xff\xff"]), timeout=PATIENCE_S)
    assert pb.CoachConversationResponse.FromString(next(answers)).advice.steps
    with pytest.raises(grpc.RpcError) as caught:
        next(answers)
    assert read_refusal(caught.value).reason == "MALFORMED_MESSAGE"


def test_a_stream_without_events_ends_well(open_stream: OpenStream) -> None:
    stream = open_stream()
    assert stream.finish() == []
    assert stream.call.code() is grpc.StatusCode.OK


def test_a_conversation_holds_no_more_turns_than_can_open_it_again(open_stream: OpenStream) -> None:
    stream = open_stream()
    stream.ask(start(*[customer("Why?")] * 499))
    token = stream.ask(turn(customer("Why?"), "the 500th")).resume_token
    stream.send(turn(customer("Why?"), "the 501st"))
    refusal = stream.refusal()
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "TOO_MANY_TURNS")
    assert "open a new one" in refusal.violations["turn"]
    open_stream().ask(start(*[customer("Why?")] * 500, token=token))


def test_a_conversation_holds_no_more_bytes_than_can_open_it_again(serve: Serve, open_stream: OpenStream) -> None:
    running = serve(max_message_bytes=64 << 10)
    long = customer("Why? " * 1900)
    with grpc.insecure_channel(running.target) as channel:
        stream = open_stream(channel)
        stream.ask(start())
        tokens = [stream.ask(turn(long, str(number))).resume_token for number in range(6)]
        stream.send(turn(long, "one too many"))
        assert stream.refusal().reason == "CONVERSATION_TOO_LARGE"
        open_stream(channel).ask(start(*[long] * 6, token=tokens[-1]))
        stream.cancel()


def test_a_server_follows_a_bounded_number_of_conversations(serve: Serve, open_stream: OpenStream) -> None:
    running = serve(max_live_conversations=2)
    with grpc.insecure_channel(running.target) as channel:
        first, second = open_stream(channel), open_stream(channel)
        first.ask(start())
        second.ask(start())
        refusal = open_stream(channel).refusal()
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_STREAMS")
        assert "--max-live-conversations" in refusal.message
        first.finish()
        open_stream(channel).ask(start())


def test_a_caller_who_sends_faster_than_is_answered_is_held_back(
    serve: Serve, held_model: Model, held: HeldEncoder, open_stream: OpenStream
) -> None:
    running = serve(model=held_model)
    with grpc.insecure_channel(running.target) as channel:
        stream = open_stream(channel)
        stream.send(start(LATE), *(turn(customer(f"Why {n}?"), str(n)) for n in range(200)))
        assert held.started.wait(PATIENCE_S)
        wait_for(running, lambda: total(running, "grpc_server_msg_received_total", **METHOD) >= 60)
        assert total(running, "grpc_server_msg_received_total", **METHOD) <= 66, "64 wait, one is in hand, one read"
        held.let_go.set()
        assert len(stream.finish()) == 201


def test_a_stream_takes_a_bounded_number_of_events_and_the_client_goes_on_in_another(
    client: Client, open_stream: OpenStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("amends_server.services.coaching._MAX_EVENTS", 3)
    stream = open_stream()
    stream.send(start(), turn(LATE, "a"), turn(SORRY, "b"), turn(CALL, "c"))
    assert [next(stream.call).event_id for _ in range(3)] == ["start", "a", "b"]
    assert stream.refusal().reason == "TOO_MANY_EVENTS"
    with client.coach() as coaching:
        assert coaching.ask(LATE).HasField("advice")
        assert [coaching.ask(message).HasField("judgement") for message in CONVERSATION[1:]] == [True, True, False]


@pytest.mark.parametrize("unanswered", [0, 10, 20])
def test_a_caller_who_leaves_leaves_nothing_behind(serve: Serve, open_stream: OpenStream, unanswered: int) -> None:
    running = serve()
    with grpc.insecure_channel(running.target) as channel:
        stream = open_stream(channel)
        stream.ask(start(LATE))
        stream.send(*(partial(agent(f"I am {'so ' * n}"), str(n)) for n in range(unanswered)))
        stream.cancel()
        wait_for(running, lambda: total(running, "amends_calls_in_flight") == 0)
    assert total(running, "amends_live_conversations") == 0


def test_a_caller_who_leaves_before_the_answer_has_cancelled(
    serve: Serve, held_model: Model, held: HeldEncoder, open_stream: OpenStream, call_record: CallRecord
) -> None:
    running = serve(model=held_model)
    with grpc.insecure_channel(running.target) as channel:
        stream = open_stream(channel, metadata=(("x-request-id", "leaves"),))
        stream.send(start(LATE))
        assert held.started.wait(PATIENCE_S)
        stream.cancel()
        assert call_record("leaves")["code"] == "CANCELLED"
    held.let_go.set()
    wait_for(running, lambda: total(running, "amends_live_conversations") == 0)


def test_a_drain_ends_streams_at_once_and_the_token_opens_them_elsewhere(serve: Serve, open_stream: OpenStream) -> None:
    running = serve()
    with grpc.insecure_channel(running.target) as channel:
        stream = open_stream(channel)
        token = stream.ask(start(LATE)).resume_token
        running.run(running.service.stop(PATIENCE_S))
        refusal = stream.refusal()
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAVAILABLE, "DRAINING")
    assert "resume_token" in refusal.message
    assert open_stream().ask(start(LATE, token=token)).resume_token == token


def test_a_drain_lets_the_event_in_hand_be_answered(
    serve: Serve, held_model: Model, held: HeldEncoder, open_stream: OpenStream
) -> None:
    running = serve(model=held_model)
    with grpc.insecure_channel(running.target) as channel:
        stream = open_stream(channel)
        stream.send(start(LATE))
        assert held.started.wait(PATIENCE_S)
        stopping = asyncio.run_coroutine_threadsafe(running.service.stop(PATIENCE_S), running.loop)
        held.let_go.set()
        assert next(stream.call).advice.steps
        assert stream.refusal().reason == "DRAINING"
        stopping.result(PATIENCE_S)
