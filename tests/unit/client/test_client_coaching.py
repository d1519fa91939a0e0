"""A live conversation of both clients: turns in, answers out, and broken streams opened again."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import grpc
import pytest
from amends.v1 import advice_pb2, conversation_pb2, judgement_pb2
from amends.v1 import empathy_service_pb2 as pb
from amends_client import (
    AsyncClient,
    AsyncCoaching,
    Cancelled,
    Client,
    ClientOptions,
    DeadlineExceeded,
    Internal,
    InvalidRequest,
    NotFound,
    Unavailable,
    agent,
    customer,
)
from amends_client.testing import Failure, FakeServer, Silence
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo

PATIENCE_S = 30.0
LATE, SORRY, WHY = customer("It is a week late!"), agent("I am sorry."), customer("Why?")
GONE = Failure(grpc.StatusCode.UNAVAILABLE, "the server stops")
STALE = Failure(
    grpc.StatusCode.FAILED_PRECONDITION, "another model", details=(ErrorInfo(reason="STALE_TOKEN", domain="amends.v1"),)
)

Open = Callable[..., Any]


def told(token: str, *, stage: str = "", score: float = 0.0, event_id: str = "") -> pb.CoachConversationResponse:
    return pb.CoachConversationResponse(
        event_id=event_id,
        judgement=judgement_pb2.Judgement(score=score) if score else None,
        advice=advice_pb2.Advice(stage=stage) if stage else None,
        resume_token=token.encode(),
    )


class _Blocking:
    """The asyncio client, asked as the blocking one is."""

    def __init__(self, runner: asyncio.Runner, client: AsyncClient, coaching: Any) -> None:
        self._runner, self._client, self._coaching = runner, client, coaching
        self.send, self.send_partial, self.finish = coaching.send, coaching.send_partial, coaching.finish

    @property
    def advice(self) -> Any:
        return self._coaching.advice

    def ask(self, *args: Any, **terms: Any) -> Any:
        return self._runner.run(self._coaching.ask(*args, **terms))

    def __iter__(self) -> Iterator[Any]:
        async def rest() -> list[Any]:
            return [answer async for answer in self._coaching]

        return iter(self._runner.run(rest()))

    def close(self) -> None:
        self._runner.run(self._coaching.close())

    def close_client(self) -> None:
        self._runner.run(self._client.close())


class _Plain:
    """The blocking client, with the one thing more that `_Blocking` has."""

    def __init__(self, client: Client, coaching: Any) -> None:
        self._coaching, self.close_client = coaching, client.close

    def __getattr__(self, name: str) -> Any:
        return getattr(self._coaching, name)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._coaching)


@pytest.fixture(params=["sync", "async"])
def coach(request: pytest.FixtureRequest, server: FakeServer) -> Iterator[Open]:
    """Opens a conversation of a fresh client, blocking or asyncio."""
    with ExitStack() as stack:

        def open_blocking(turns: Any = (), options: ClientOptions | None = None, **terms: Any) -> Any:
            client = stack.enter_context(Client(options or ClientOptions(server.target, timeout_s=PATIENCE_S)))
            return _Plain(client, stack.enter_context(client.coach(turns, **terms)))

        def open_asyncio(turns: Any = (), options: ClientOptions | None = None, **terms: Any) -> Any:
            runner = stack.enter_context(asyncio.Runner())

            async def enter() -> tuple[AsyncClient, Any]:
                client = AsyncClient(options or ClientOptions(server.target, timeout_s=PATIENCE_S))
                return client, await client.coach(turns, **terms).__aenter__()

            blocking = _Blocking(runner, *runner.run(enter()))
            stack.callback(blocking.close_client)
            stack.callback(blocking.close)
            return blocking

        yield open_blocking if request.param == "sync" else open_asyncio


def events_of(server: FakeServer) -> list[Any]:
    return [call.request for call in server.calls]


def starts_of(server: FakeServer) -> list[pb.CoachStart]:
    return [event.start for event in events_of(server) if event.HasField("start")]


def test_it_opens_with_what_was_said_and_has_advice_at_once(server: FakeServer, coach: Open) -> None:
    server.answer("CoachConversation", told("t0", stage="hear"))
    assert coach([LATE], playbook="least", locale="en-GB").advice.stage == "hear"
    assert starts_of(server) == [pb.CoachStart(turns=[LATE], playbook="least", locale="en-GB")]


def test_a_turn_is_asked_about_and_answered(server: FakeServer, coach: Open) -> None:
    server.answer("CoachConversation", told("t0", stage="hear"), told("t1", score=72.25), told("t2", stage="mend"))
    coaching = coach([LATE])
    assert coaching.ask(SORRY).judgement.score == 72.25
    assert coaching.advice.stage == "hear", "it was not replaced"
    coaching.ask(WHY)
    assert coaching.advice.stage == "mend"
    assert [event.turn for event in events_of(server)[1:]] == [SORRY, WHY]


def test_every_event_has_an_id_of_its_own(server: FakeServer, coach: Open) -> None:
    server.answer("CoachConversation", told("t0"))
    coaching = coach()
    sent = [coaching.send(LATE), coaching.send_partial(SORRY), coaching.send(SORRY)]
    coaching.finish()
    assert [answer.event_id for answer in coaching] == sent
    ids = [event.event_id for event in events_of(server)]
    assert ids[1:] == sent
    assert len(set(ids)) == 4


def test_what_is_sent_ahead_is_answered_in_order_and_partial_turns_are_told_apart(
    server: FakeServer, coach: Open
) -> None:
    server.answer("CoachConversation", told("t0"), told("t1", score=1), told("t2", score=2), told("t3", score=3))
    coaching = coach([LATE])
    coaching.send_partial(agent("I am"))
    coaching.send_partial(agent("I am so"))
    assert coaching.ask(SORRY).judgement.score == 3
    kinds = [event.WhichOneof("event") for event in events_of(server)]
    assert kinds == ["start", "partial_turn", "partial_turn", "turn"]


def test_every_stream_bears_the_id_and_the_token_of_the_caller(server: FakeServer, coach: Open) -> None:
    server.answer("CoachConversation", told("t0"), GONE, told("t0"), told("t1"))
    coaching = coach(options=ClientOptions(server.target, token="s3cret"), timeout_s=PATIENCE_S, request_id="case-7")
    coaching.ask(LATE)
    assert {call.metadata["x-request-id"] for call in server.calls} == {"case-7"}
    assert {call.metadata["authorization"] for call in server.calls} == {"Bearer s3cret"}


def test_a_broken_stream_goes_on_with_what_was_answered_and_sends_the_rest_again(
    server: FakeServer, coach: Open
) -> None:
    server.answer(
        "CoachConversation", told("t0"), told("t1"), GONE, told("t1"), told("t2", score=5), told("t3", stage="mend")
    )
    coaching = coach([LATE], playbook="least")
    coaching.ask(SORRY)
    asked = coaching.ask(WHY)
    assert asked.judgement.score == 5
    first, second = starts_of(server)
    assert (list(first.turns), first.resume_token) == ([LATE], b"")
    assert (list(second.turns), second.resume_token, second.playbook) == ([LATE, SORRY], b"t1", "least")
    resent = [event for event in events_of(server) if event.turn == WHY]
    assert len(resent) == 2
    assert resent[0] == resent[1]
    coaching.ask(LATE)
    assert coaching.advice.stage == "mend"


def test_no_answer_is_lost_or_told_twice_over_breaks(server: FakeServer, coach: Open) -> None:
    script: list[Any] = [told("t0")]
    for number in range(1, 6):
        script += [told(f"t{number}", score=number), GONE, told(f"t{number}")]
    server.answer("CoachConversation", *script)
    coaching = coach()
    sent = [coaching.send(customer(f"Message {number}.")) for number in range(5)]
    coaching.finish()
    answers = list(coaching)
    assert [answer.event_id for answer in answers] == sent
    assert [answer.judgement.score for answer in answers] == [1, 2, 3, 4, 5]


def test_a_partial_turn_is_no_turn_of_the_conversation(server: FakeServer, coach: Open) -> None:
    server.answer("CoachConversation", told("t0"), told("t0"), GONE, told("t0"), told("t1"))
    coaching = coach([LATE])
    coaching.send_partial(agent("I am"))
    coaching.ask(SORRY)
    assert list(starts_of(server)[1].turns) == [LATE]


def test_a_refusal_for_load_is_waited_out(server: FakeServer, coach: Open) -> None:
    busy = Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, details=(RetryInfo(retry_delay=Duration(nanos=10_000_000)),))
    server.answer("CoachConversation", told("t0"), busy, told("t0"), told("t1", score=3))
    assert coach([LATE]).ask(SORRY).judgement.score == 3


def test_a_stale_token_is_dropped_and_the_turns_are_sent_alone(server: FakeServer, coach: Open) -> None:
    server.answer(
        "CoachConversation", told("t0"), told("t1"), GONE, STALE, told("t2", stage="new"), told("t3", score=3)
    )
    coaching = coach([LATE])
    coaching.ask(SORRY)
    assert coaching.ask(WHY).judgement.score == 3
    assert [start.resume_token for start in starts_of(server)] == [b"", b"t1", b""]
    assert list(starts_of(server)[2].turns) == [LATE, SORRY]
    assert coaching.advice.stage == "new"


@pytest.mark.parametrize("resume_for_s", [0.0, 0.3])
def test_a_server_that_stays_away_is_given_up(server: FakeServer, coach: Open, resume_for_s: float) -> None:
    server.answer("CoachConversation", told("t0"), GONE)
    coaching = coach([LATE], resume_for_s=resume_for_s)
    for _ in range(2):
        with pytest.raises((Unavailable, Internal)):  # gRPC's asyncio client may lose the status while it sends
            coaching.ask(SORRY)


def test_an_event_that_is_refused_ends_the_conversation(server: FakeServer, coach: Open) -> None:
    server.answer("CoachConversation", told("t0"), Failure(grpc.StatusCode.INVALID_ARGUMENT, "turn.text: too long"))
    coaching = coach([LATE])
    with pytest.raises(InvalidRequest, match="too long"):
        coaching.ask(SORRY)
    assert len(server.calls) == 2, "it is not sent again"


def test_what_cannot_be_opened_is_told_at_once(server: FakeServer, coach: Open) -> None:
    server.answer("CoachConversation", Failure(grpc.StatusCode.NOT_FOUND, "no playbook of that name"))
    with pytest.raises(NotFound):
        coach([LATE], playbook="nowhere")


def test_a_server_that_cannot_be_reached_is_tried_as_often_as_a_call(server: FakeServer, coach: Open) -> None:
    server.answer("CoachConversation", GONE)
    with pytest.raises(Unavailable):
        coach([LATE], ClientOptions(server.target, timeout_s=PATIENCE_S, max_attempts=3))
    assert len(server.calls) == 3


def test_a_client_that_waits_for_a_server_waits_until_its_timeout(server: FakeServer, coach: Open) -> None:
    server.answer("CoachConversation", *[GONE] * 5, told("t0", stage="hear"))
    options = ClientOptions(server.target, timeout_s=PATIENCE_S, max_attempts=1, wait_for_ready=True)
    assert coach([LATE], options).advice.stage == "hear"


def test_a_time_that_is_none_is_refused(server: FakeServer, coach: Open) -> None:
    for wrong in (-1.0, float("nan")):
        with pytest.raises(InvalidRequest, match="resume_for_s"):
            coach([LATE], resume_for_s=wrong)
    assert server.calls == []


def test_an_answer_that_is_late_can_be_read_later(server: FakeServer, coach: Open) -> None:
    server.answer("CoachConversation", told("t0"), Silence())
    coaching = coach([LATE])
    with pytest.raises(DeadlineExceeded, match=r"no answer came within 0\.05 s") as caught:
        coaching.ask(SORRY, timeout_s=0.05)
    assert caught.value.reason == "NO_ANSWER"


def test_after_the_end_nothing_is_sent(server: FakeServer, coach: Open) -> None:
    server.answer("CoachConversation", told("t0"))
    coaching = coach([LATE])
    coaching.finish()
    assert list(coaching) == []
    assert list(coaching) == [], "the end stays the end"
    with pytest.raises(Cancelled):
        coaching.send(SORRY)


def test_a_closed_client_ends_the_conversation(server: FakeServer, coach: Open) -> None:
    server.answer("CoachConversation", told("t0"), Silence())
    coaching = coach([LATE])
    coaching.send(SORRY)
    coaching.close_client()
    with pytest.raises(Cancelled):
        coaching.ask(WHY)


def test_closing_lets_a_reader_in_another_thread_go(server: FakeServer) -> None:
    server.answer("CoachConversation", told("t0"), Silence())
    with ThreadPoolExecutor(1) as threads, Client(server.target) as client:
        with client.coach([LATE]) as coaching:
            coaching.send(SORRY)
            reader = threads.submit(list, coaching)
        assert isinstance(reader.exception(PATIENCE_S), Cancelled)


def test_closing_lets_a_reader_in_another_task_go(server: FakeServer) -> None:
    server.answer("CoachConversation", told("t0"), Silence())

    async def read(coaching: AsyncCoaching) -> list[Any]:
        return [answer async for answer in coaching]

    async def close() -> None:
        async with AsyncClient(server.target) as client:
            async with client.coach([LATE]) as coaching:
                coaching.send(SORRY)
                reader = asyncio.create_task(read(coaching))
                await asyncio.sleep(0)
            async with asyncio.timeout(PATIENCE_S):
                with pytest.raises(Cancelled):
                    await reader

    asyncio.run(close())


def test_a_text_that_is_none_is_refused_before_it_is_sent(server: FakeServer, coach: Open) -> None:
    with pytest.raises(InvalidRequest, match="playbook"):
        coach([LATE], playbook="\ud800")
    assert server.calls == []


def test_turns_of_the_caller_are_left_as_they_are(server: FakeServer, coach: Open) -> None:
    server.answer("CoachConversation", told("t0"))
    turns: list[conversation_pb2.Turn] = [LATE]
    coach(turns).ask(SORRY)
    assert turns == [LATE]
