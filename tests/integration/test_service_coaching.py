"""Live conversations against a running service: answers, their order, partial turns, breaks, both clients."""

import time
from collections.abc import Iterable

import grpc
from amends.v1 import empathy_service_pb2 as pb
from amends_client import AsyncClient, Client, ClientOptions, agent, customer
from amends_client.testing import FakeServer
from amends_core.coaching import PARTIAL_INTERVAL_S, Fate
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
from raw_calls import HeldEncoder
from running_service import PATIENCE_S, Running, Serve


def test_each_event_is_answered_in_order_with_what_the_single_calls_say(
    client: Client, open_stream: OpenStream
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


def test_the_opening_brings_advice_on_what_was_said(client: Client, open_stream: OpenStream) -> None:
    assert open_stream().ask(start(LATE)).advice == client.next_step([LATE]).advice


def test_a_broken_conversation_goes_on_on_another_server_as_if_it_had_not_broken(
    serve: Serve, open_stream: OpenStream
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


def test_only_what_is_new_is_encoded_even_without_a_cache(serve: Serve, open_stream: OpenStream) -> None:
    running = serve(cache_mb=0)
    with grpc.insecure_channel(running.target) as channel:
        stream = open_stream(channel)
        stream.ask(start(LATE, SORRY))
        before = total(running, "amends_inference_seconds_count")
        stream.ask(partial(agent("I see. I will"), "a"))
        assert total(running, "amends_inference_seconds_count") == before + 2
        stream.ask(turn(agent("I see. I will call you."), "b"))
        assert total(running, "amends_inference_seconds_count") == before + 3
        stream.ask(turn(THANKS, "c"))
        assert total(running, "amends_inference_seconds_count") == before + 4
        stream.cancel()


def test_an_agents_partial_turn_is_judged_provisionally(client: Client, open_stream: OpenStream) -> None:
    stream = open_stream()
    before = stream.ask(start(LATE)).resume_token
    answer = stream.ask(partial(SORRY, "a"))
    assert answer.judgement == client.score_reply([LATE], SORRY.text).judgement
    assert not answer.HasField("advice")
    assert answer.resume_token == before


def test_a_customers_partial_turn_may_change_the_advice(client: Client, open_stream: OpenStream) -> None:
    stream = open_stream()
    stream.ask(start(LATE, SORRY, CALL))
    answer = stream.ask(partial(THANKS, "a"))
    assert answer.advice == client.next_step(CONVERSATION).advice
    assert answer.previous_advice_fate == pb.ADVICE_FATE_FOLLOWED
    assert not stream.ask(turn(THANKS, "b")).HasField("advice")


def test_growing_partial_turns_are_read_now_and_then_and_the_newest_is_not_lost(
    open_stream: OpenStream,
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
    serve: Serve, held_model: Model, held: HeldEncoder, open_stream: OpenStream
) -> None:
    running = serve(model=held_model, workers=1)
    with grpc.insecure_channel(running.target) as channel:
        stream = open_stream(channel)
        stream.send(start(LATE))
        assert held.started.wait(PATIENCE_S)
        stream.send(partial(agent("I never meant to say this."), "p"), turn(SORRY, "t"))
        wait_for(running, lambda: total(running, "grpc_server_msg_received_total", **METHOD) == 3)
        held.let_go.set()
        opened, passed_over, told = (next(stream.call) for _ in range(3))
        stream.cancel()
    assert passed_over == pb.CoachConversationResponse(event_id="p", resume_token=opened.resume_token)
    assert told.HasField("judgement")
    assert "I never meant to say this." not in held.taken


def test_a_partial_turn_at_a_busy_time_is_passed_over_and_a_whole_one_is_refused(
    serve: Serve, held_model: Model, held: HeldEncoder, open_stream: OpenStream
) -> None:
    running = serve(model=held_model, workers=1, max_queue=1)
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


def test_events_and_fates_are_counted(serve: Serve, model: Model, open_stream: OpenStream) -> None:
    version = model.bundle.manifest.version
    running = serve()
    with grpc.insecure_channel(running.target) as channel:
        stream = open_stream(channel)
        stream.send(start(), *(turn(message, str(n)) for n, message in enumerate(CONVERSATION)))
        stream.finish()
    assert total(running, "grpc_server_msg_received_total", **METHOD) == 5
    assert total(running, "grpc_server_msg_sent_total", **METHOD) == 5
    assert total(running, "amends_live_events_total", event="turn", outcome="read") == 4
    assert total(running, "amends_live_event_seconds_count", event="turn") == 4
    assert total(running, "amends_score_count", model_version=version, playbook="unified") == 2
    fates = [total(running, "amends_advice_fates_total", playbook="unified", fate=fate.value) for fate in Fate]
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
