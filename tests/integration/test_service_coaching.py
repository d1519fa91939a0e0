"""Live conversations against a running service: answers, order, refusals, limits, breaks and the drain."""

import asyncio
import queue
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import grpc
import pytest
from amends.v1 import conversation_pb2, empathy_service_pb2_grpc
from amends.v1 import empathy_service_pb2 as pb
from amends_client import AsyncClient, Client, ClientOptions, NotFound, agent, customer
from amends_client.testing import FakeServer
from amends_core.coaching import PARTIAL_INTERVAL_S, Fate
from amends_server.server import Model
from raw_calls import CallRecord, HeldEncoder, Refusal, read_refusal
from running_service import PATIENCE_S, Running, Serve

LATE = customer("My parcel is three weeks late and nobody answers my mails! This is a disgrace.")
SORRY = agent("I am so sorry, Mrs Howe: three weeks without your parcel is far too long.")
CALL = agent("I will call the depot myself today and ring you by five. Does that work for you?")
THANKS = customer("Thank you, that is kind.")
CONVERSATION = [LATE, SORRY, CALL, THANKS]

_METHOD = {
    "grpc_type": "bidi_stream",
    "grpc_service": "amends.v1.EmpathyService",
    "grpc_method": "CoachConversation",
}


def start(*turns: conversation_pb2.Turn, token: bytes = b"", playbook: str = "") -> pb.CoachConversationRequest:
    opening = pb.CoachStart(turns=turns, resume_token=token, playbook=playbook)
    return pb.CoachConversationRequest(event_id="start", start=opening)


def turn(message: conversation_pb2.Turn, event_id: str) -> pb.CoachConversationRequest:
    return pb.CoachConversationRequest(event_id=event_id, turn=message)


def partial(message: conversation_pb2.Turn, event_id: str) -> pb.CoachConversationRequest:
    return pb.CoachConversationRequest(event_id=event_id, partial_turn=message)


class Stream:
    """One stream, held by the test."""

    def __init__(self, channel: grpc.Channel, **terms: Any) -> None:
        self._events: queue.SimpleQueue[pb.CoachConversationRequest | None] = queue.SimpleQueue()
        stub = empathy_service_pb2_grpc.EmpathyServiceStub(channel)
        self.call: Any = stub.CoachConversation(iter(self._events.get, None), timeout=PATIENCE_S, **terms)

    def send(self, *events: pb.CoachConversationRequest) -> None:
        for event in events:
            self._events.put(event)

    def ask(self, event: pb.CoachConversationRequest) -> pb.CoachConversationResponse:
        self.send(event)
        answer: pb.CoachConversationResponse = next(self.call)
        assert answer.event_id == event.event_id
        return answer

    def finish(self) -> list[pb.CoachConversationResponse]:
        self._events.put(None)
        return list(self.call)

    def refusal(self) -> Refusal:
        with pytest.raises(grpc.RpcError) as caught:
            list(self.call)
        self._events.put(None)
        return read_refusal(caught.value)

    def cancel(self) -> None:
        self.call.cancel()
        self._events.put(None)


@pytest.fixture
def open_stream(channel: grpc.Channel) -> Iterator[Callable[..., Stream]]:
    streams: list[Stream] = []

    def opened(on: grpc.Channel = channel, **terms: Any) -> Stream:
        streams.append(Stream(on, **terms))
        return streams[-1]

    yield opened
    for stream in streams:
        stream.cancel()


def _total(running: Running, name: str, **labels: str) -> float:
    return running.service.metrics.registry.get_sample_value(name, labels) or 0.0


def _wait_for(running: Running, holds: Callable[[], bool]) -> None:
    """Waits on the loop's own turns."""

    async def wait() -> None:
        while not holds():
            await asyncio.sleep(0)

    running.run(asyncio.wait_for(wait(), PATIENCE_S))


def test_each_event_is_answered_in_order_with_what_the_single_calls_say(
    client: Client, open_stream: Callable[..., Stream]
) -> None:
    stream = open_stream()
    stream.send(start(), *(turn(message, f"e{n}") for n, message in enumerate(CONVERSATION)))
    answers = stream.finish()
    assert [answer.event_id for answer in answers] == ["start", "e0", "e1", "e2", "e3"]
    _, late, sorry, call, thanks = answers
    assert late.advice == client.next_step([LATE]).advice
    assert sorry.judgement == client.score_reply([LATE], SORRY.text).judgement
    assert call.judgement == client.score_reply([LATE], [SORRY.text, CALL.text]).judgement
    assert call.advice == client.next_step([LATE, SORRY, CALL]).advice
    assert call.advice.pause
    assert thanks.previous_advice_fate == pb.ADVICE_FATE_FOLLOWED, "silence was advised and kept"
    assert not any(answer.HasField("judgement") for answer in (late, thanks))
    assert stream.call.code() is grpc.StatusCode.OK


def test_the_opening_brings_advice_on_what_was_said(client: Client, open_stream: Callable[..., Stream]) -> None:
    assert open_stream().ask(start(LATE)).advice == client.next_step([LATE]).advice


def test_a_broken_conversation_goes_on_on_another_server_as_if_it_had_not_broken(
    serve: Serve, open_stream: Callable[..., Stream]
) -> None:
    whole = open_stream()
    unbroken = [whole.ask(start()), *(whole.ask(turn(m, f"e{n}")) for n, m in enumerate(CONVERSATION))]
    for cut in range(1, len(CONVERSATION)):
        with grpc.insecure_channel(serve().target) as elsewhere:
            stream = open_stream(elsewhere)
            opened = stream.ask(start(*CONVERSATION[:cut], token=unbroken[cut].resume_token))
            assert opened == pb.CoachConversationResponse(event_id="start", resume_token=unbroken[cut].resume_token)
            for number in range(cut, len(CONVERSATION)):
                assert stream.ask(turn(CONVERSATION[number], f"e{number}")) == unbroken[number + 1]
            stream.cancel()


def test_only_what_is_new_is_encoded_even_without_a_cache(serve: Serve, open_stream: Callable[..., Stream]) -> None:
    running = serve(cache_mb=0)
    with grpc.insecure_channel(running.target) as channel:
        stream = open_stream(channel)
        stream.ask(start(LATE, SORRY))
        before = _total(running, "amends_inference_seconds_count")
        stream.ask(partial(agent("I see. I will"), "a"))
        assert _total(running, "amends_inference_seconds_count") == before + 2
        stream.ask(turn(agent("I see. I will call you."), "b"))
        assert _total(running, "amends_inference_seconds_count") == before + 3
        stream.ask(turn(THANKS, "c"))
        assert _total(running, "amends_inference_seconds_count") == before + 4
        stream.cancel()


def test_an_agents_partial_turn_is_judged_provisionally(client: Client, open_stream: Callable[..., Stream]) -> None:
    stream = open_stream()
    before = stream.ask(start(LATE)).resume_token
    answer = stream.ask(partial(SORRY, "a"))
    assert answer.judgement == client.score_reply([LATE], SORRY.text).judgement
    assert not answer.HasField("advice")
    assert answer.resume_token == before


def test_a_customers_partial_turn_may_change_the_advice(client: Client, open_stream: Callable[..., Stream]) -> None:
    stream = open_stream()
    stream.ask(start(LATE, SORRY, CALL))
    answer = stream.ask(partial(THANKS, "a"))
    assert answer.advice == client.next_step(CONVERSATION).advice
    assert answer.previous_advice_fate == pb.ADVICE_FATE_FOLLOWED
    assert not stream.ask(turn(THANKS, "b")).HasField("advice")


def test_growing_partial_turns_are_read_now_and_then_and_the_newest_is_not_lost(
    open_stream: Callable[..., Stream],
) -> None:
    stream = open_stream()
    stream.ask(start(LATE))
    words = SORRY.text.split()
    began = time.monotonic()
    stream.send(*(partial(agent(" ".join(words[: n + 1])), f"p{n}") for n in range(len(words))))
    answers = [next(stream.call) for _ in words]
    assert time.monotonic() - began < 3 * PARTIAL_INTERVAL_S + 1
    assert [answer.event_id for answer in answers] == [f"p{n}" for n in range(len(words))]
    assert answers[-1].HasField("judgement"), "the newest waited for its time"
    assert sum(answer.HasField("judgement") for answer in answers) < len(words) / 2
    assert all(answer.resume_token for answer in answers)


def test_a_partial_turn_that_was_overtaken_by_its_whole_is_passed_over(
    serve: Serve, held_model: Model, held: HeldEncoder, open_stream: Callable[..., Stream]
) -> None:
    running = serve(model=held_model, inference_threads=1)
    with grpc.insecure_channel(running.target) as channel:
        stream = open_stream(channel)
        stream.send(start(LATE))
        assert held.started.wait(PATIENCE_S)
        stream.send(partial(agent("I never meant to say this."), "p"), turn(SORRY, "t"))
        _wait_for(running, lambda: _total(running, "grpc_server_msg_received_total", **_METHOD) == 3)
        held.let_go.set()
        opened, passed_over, told = (next(stream.call) for _ in range(3))
        stream.cancel()
    assert passed_over == pb.CoachConversationResponse(event_id="p", resume_token=opened.resume_token)
    assert told.HasField("judgement")
    assert "I never meant to say this." not in held.taken


def test_a_partial_turn_at_a_busy_time_is_passed_over_and_a_whole_one_is_refused(
    serve: Serve, held_model: Model, held: HeldEncoder, open_stream: Callable[..., Stream]
) -> None:
    running = serve(model=held_model, inference_threads=1, max_queue=1)
    with grpc.insecure_channel(running.target) as channel:
        stream = open_stream(channel)
        opened = stream.ask(start())
        blocking = open_stream(channel)
        blocking.send(start(LATE, SORRY, customer("Hm? Well.")))
        assert held.started.wait(PATIENCE_S)
        answer = stream.ask(partial(customer("One. Two."), "p"))
        assert answer == pb.CoachConversationResponse(event_id="p", resume_token=opened.resume_token)
        stream.send(turn(LATE, "t"))
        refusal = stream.refusal()
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
        assert "grpc-retry-pushback-ms" in refusal.trailers
        held.let_go.set()
        assert next(blocking.call).advice.steps
        blocking.cancel()


def test_an_event_has_a_deadline_and_the_stream_has_none(
    serve: Serve, held_model: Model, held: HeldEncoder, open_stream: Callable[..., Stream]
) -> None:
    running = serve(model=held_model, inference_threads=1, default_deadline_s=0.05)
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
def test_an_event_that_breaks_a_rule_ends_the_stream_and_names_its_field(
    open_stream: Callable[..., Stream], name: str
) -> None:
    events, field, reason = UNREADABLE[name]
    stream = open_stream()
    stream.send(*events)
    for event in events[:-1]:
        assert next(stream.call).event_id == event.event_id, "what came before it has its answer"
    refusal = stream.refusal()
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, reason)
    assert list(refusal.violations) == [field]
    assert refusal.trailers["x-request-id"]


def test_an_unknown_playbook_is_not_found(client: Client, open_stream: Callable[..., Stream]) -> None:
    stream = open_stream()
    stream.send(start(playbook="no_such_playbook"))
    assert stream.refusal().code is grpc.StatusCode.NOT_FOUND
    with pytest.raises(NotFound), client.coach(playbook="no_such_playbook"):
        pass


def test_times_that_go_back_are_refused(open_stream: Callable[..., Stream]) -> None:
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


def test_a_stream_without_events_ends_well(open_stream: Callable[..., Stream]) -> None:
    stream = open_stream()
    assert stream.finish() == []
    assert stream.call.code() is grpc.StatusCode.OK


def test_a_conversation_holds_no_more_turns_than_can_open_it_again(open_stream: Callable[..., Stream]) -> None:
    stream = open_stream()
    stream.ask(start(*[customer("Why?")] * 499))
    token = stream.ask(turn(customer("Why?"), "the 500th")).resume_token
    stream.send(turn(customer("Why?"), "the 501st"))
    refusal = stream.refusal()
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "TOO_MANY_TURNS")
    assert "open a new one" in refusal.violations["turn"]
    open_stream().ask(start(*[customer("Why?")] * 500, token=token))


def test_a_conversation_holds_no_more_bytes_than_can_open_it_again(
    serve: Serve, open_stream: Callable[..., Stream]
) -> None:
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


def test_a_server_follows_a_bounded_number_of_conversations(serve: Serve, open_stream: Callable[..., Stream]) -> None:
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
    serve: Serve, held_model: Model, held: HeldEncoder, open_stream: Callable[..., Stream]
) -> None:
    running = serve(model=held_model)
    with grpc.insecure_channel(running.target) as channel:
        stream = open_stream(channel)
        stream.send(start(LATE), *(turn(customer(f"Why {n}?"), str(n)) for n in range(200)))
        assert held.started.wait(PATIENCE_S)
        _wait_for(running, lambda: _total(running, "grpc_server_msg_received_total", **_METHOD) >= 60)
        assert _total(running, "grpc_server_msg_received_total", **_METHOD) <= 66, "64 wait, one is in hand, one read"
        held.let_go.set()
        assert len(stream.finish()) == 201


def test_a_stream_takes_a_bounded_number_of_events_and_the_client_goes_on_in_another(
    client: Client, open_stream: Callable[..., Stream], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("amends_server.services.coaching._MAX_EVENTS", 3)
    stream = open_stream()
    stream.send(start(), turn(LATE, "a"), turn(SORRY, "b"), turn(CALL, "c"))
    assert [next(stream.call).event_id for _ in range(3)] == ["start", "a", "b"]
    assert stream.refusal().reason == "TOO_MANY_EVENTS"
    with client.coach() as coaching:
        assert coaching.ask(LATE).HasField("advice")
        assert [coaching.ask(message).HasField("judgement") for message in CONVERSATION[1:]] == [True, True, False]


def test_a_caller_who_leaves_leaves_nothing_behind(
    serve: Serve, open_stream: Callable[..., Stream], call_record: CallRecord
) -> None:
    running = serve()
    with grpc.insecure_channel(running.target) as channel:
        for number in range(3):
            stream = open_stream(channel, metadata=(("x-request-id", f"leaves-{number}"),))
            stream.ask(start(LATE))
            stream.send(*(partial(agent(f"I am {'so ' * n}"), str(n)) for n in range(number * 10)))
            stream.cancel()
            assert call_record(f"leaves-{number}")["code"] == "CANCELLED"
    assert _total(running, "amends_live_conversations") == 0
    assert _total(running, "amends_calls_in_flight") == 0


def test_a_drain_ends_streams_at_once_and_the_token_opens_them_elsewhere(
    serve: Serve, open_stream: Callable[..., Stream]
) -> None:
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
    serve: Serve, held_model: Model, held: HeldEncoder, open_stream: Callable[..., Stream]
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


def test_events_and_fates_are_counted(serve: Serve, open_stream: Callable[..., Stream]) -> None:
    running = serve()
    with grpc.insecure_channel(running.target) as channel:
        stream = open_stream(channel)
        stream.send(start(), *(turn(message, str(n)) for n, message in enumerate(CONVERSATION)))
        stream.finish()
    assert _total(running, "grpc_server_msg_received_total", **_METHOD) == 5
    assert _total(running, "grpc_server_msg_sent_total", **_METHOD) == 5
    assert _total(running, "amends_live_events_total", event="turn", outcome="read") == 4
    assert _total(running, "amends_live_event_seconds_count", event="turn") == 4
    assert _total(running, "amends_score_count", playbook="unified") == 2
    fates = [_total(running, "amends_advice_fates_total", playbook="unified", fate=fate.value) for fate in Fate]
    assert sum(fates) == 3


def _scores(answers: Iterable[pb.CoachConversationResponse]) -> list[tuple[float, str, int]]:
    return [(answer.judgement.score, answer.advice.stage, answer.previous_advice_fate) for answer in answers]


def test_both_clients_coach_the_same_conversation_to_the_same_answers(running: Running) -> None:
    options = ClientOptions(running.target, timeout_s=PATIENCE_S)
    with Client(options) as client, client.coach() as coaching:
        blocking = [coaching.ask(message) for message in CONVERSATION]

    async def ask() -> list[pb.CoachConversationResponse]:
        async with AsyncClient(options) as client, client.coach() as coaching:
            return [await coaching.ask(message) for message in CONVERSATION]

    assert _scores(running.run(ask())) == _scores(blocking)


def test_a_client_goes_on_over_a_restart(serve: Serve) -> None:
    first = serve()
    with Client(ClientOptions(first.target, timeout_s=PATIENCE_S)) as client, client.coach() as coaching:
        unbroken = [coaching.ask(message) for message in CONVERSATION]
        with client.coach() as broken:
            answers = [broken.ask(message) for message in CONVERSATION[:2]]
            first.run(first.service.stop(0))
            serve(port=first.service.port)
            answers += [broken.ask(message) for message in CONVERSATION[2:]]
    assert _scores(answers) == _scores(unbroken)


def test_the_fake_server_and_the_real_one_take_the_same_events(running: Running) -> None:
    with FakeServer() as fake:
        fake.answer("CoachConversation", pb.CoachConversationResponse(resume_token=b"t"))
        for target in (fake.target, running.target):
            with Client(ClientOptions(target, timeout_s=PATIENCE_S)) as client, client.coach([LATE]) as coaching:
                coaching.send_partial(SORRY)
                assert coaching.ask(SORRY).event_id
        kinds = [call.request.WhichOneof("event") for call in fake.calls]
    assert kinds == ["start", "partial_turn", "turn"]
