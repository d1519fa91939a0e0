"""What a caller says never leaves by a log, a metric, a trailer or an error, however the call ends."""

import logging
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import grpc
import pytest
from amends.v1 import conversation_pb2, empathy_service_pb2_grpc, taxonomy_pb2
from amends.v1 import empathy_service_pb2 as pb
from amends_core.encoder import Encoding
from amends_server.editions import Model
from running_service import PATIENCE_S, Running, Serve

CANARY = "zqxmarkerqzx"
SPOKEN = f"My {CANARY} is late! {CANARY}."
C, A = taxonomy_pb2.ROLE_CUSTOMER, taxonomy_pb2.ROLE_AGENT


def _turn(text: str = SPOKEN, role: int = C, **fields: Any) -> conversation_pb2.Turn:
    return conversation_pb2.Turn(role=role, text=text, speaker_id=CANARY, **fields)  # type: ignore[arg-type]


def _request(
    turns: list[conversation_pb2.Turn] | None = None, reply: str = SPOKEN, **fields: Any
) -> pb.ScoreReplyRequest:
    given = [_turn(), _turn(role=A)] if turns is None else turns
    return pb.ScoreReplyRequest(turns=given, reply=[conversation_pb2.ReplyTurn(text=reply)], **fields)


def _back_in_time() -> pb.ScoreReplyRequest:
    request = _request([_turn(), _turn()])
    request.turns[0].time.seconds = 2
    request.turns[1].time.seconds = 1
    return request


GOOD = {
    "plain": _request(),
    "another language": _request(locale="de"),
    "very long sentence": _request(reply=f"{CANARY} " * 700),
    "emoji": _request(reply=f"\U0001f614 {CANARY} \U0001f614"),
}
BAD = {
    "no turns": _request([]),
    "no customer": _request([_turn(role=A)]),
    "unknown role": _request([_turn(), _turn(role=99)]),
    "unknown channel": _request([_turn(channel=99)]),
    "control characters": _request([_turn(f"{CANARY}\x00{CANARY}")]),
    "bidi override": _request(reply=f"{CANARY}\u202e{CANARY}"),
    "text too long": _request([_turn(CANARY * 1000)]),
    "speaker too long": _request([conversation_pb2.Turn(role=C, text=SPOKEN, speaker_id=CANARY * 9)]),
    "malformed playbook": _request(playbook=f"{CANARY} {CANARY}"),
    "malformed locale": _request(locale=f"{CANARY} {CANARY}"),
    "back in time": _back_in_time(),
    "wordless reply": _request(reply="\U0001f614"),
    "unknown playbook": _request(playbook="no_such_playbook"),
}


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """Gives everything logged so far, by Python and by gRPC's core, at every level."""

    def read(after: str = "") -> str:
        """`after`: a message to wait for; that of a failed call comes behind its answer."""
        ends = time.monotonic() + PATIENCE_S
        while after and after not in {record.message for record in caplog.records} and time.monotonic() < ends:
            time.sleep(0.01)
        fields = [dict(vars(record)) for record in list(caplog.records)]  # copies: the service goes on logging
        return "\n".join([*(f"{each} {each['exc_text']}" for each in fields), *capfd.readouterr()])

    with caplog.at_level(logging.DEBUG):
        yield read


def _ends(stub: empathy_service_pb2_grpc.EmpathyServiceStub, request: pb.ScoreReplyRequest) -> list[tuple[Any, str]]:
    """Sends what a request says through every RPC, and gives the code and all else of each that failed."""
    whole = {"turns": request.turns, "playbook": request.playbook, "locale": request.locale}
    ends = []
    for call, message in (
        (stub.ScoreReply, request),
        (stub.NextStep, pb.NextStepRequest(**whole)),
        (stub.ScoreConversation, pb.ScoreConversationRequest(**whole)),
    ):
        try:
            _, done = call.with_call(message, timeout=PATIENCE_S)
            ends.append((grpc.StatusCode.OK, f"{done.initial_metadata()} {done.trailing_metadata()}"))
        except grpc.RpcError as error:
            failed: Any = error
            ends.append((failed.code(), f"{failed.details()} {failed.trailing_metadata()} {failed.initial_metadata()}"))
    return ends


@pytest.fixture
def stub(running: Running) -> Iterator[empathy_service_pb2_grpc.EmpathyServiceStub]:
    with grpc.insecure_channel(running.target) as channel:
        yield empathy_service_pb2_grpc.EmpathyServiceStub(channel)


@pytest.mark.parametrize("name", GOOD)
def test_a_good_request_leaves_no_trace_of_what_was_said(
    stub: empathy_service_pb2_grpc.EmpathyServiceStub, running: Running, logged: Any, name: str
) -> None:
    ends = _ends(stub, GOOD[name])
    assert [code for code, _ in ends] == [grpc.StatusCode.OK] * 3
    for place in (*(told for _, told in ends), logged(), running.metrics_page()):
        assert CANARY not in place


@pytest.mark.parametrize("name", BAD)
def test_a_bad_request_is_told_what_is_wrong_without_what_was_said(
    stub: empathy_service_pb2_grpc.EmpathyServiceStub, running: Running, logged: Any, name: str
) -> None:
    ends = _ends(stub, BAD[name])
    assert ends[0][0] in {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND}
    log = logged()
    assert "call ended" in log
    for place in (*(told for _, told in ends), log, running.metrics_page()):
        assert CANARY not in place


def test_a_bad_item_of_a_batch_is_told_without_what_was_said(
    stub: empathy_service_pb2_grpc.EmpathyServiceStub, running: Running, logged: Any
) -> None:
    results = stub.BatchScoreReplies(pb.BatchScoreRepliesRequest(requests=BAD.values()), timeout=PATIENCE_S).results
    assert all(result.WhichOneof("outcome") == "error" for result in results)
    for place in (str(results), logged(), running.metrics_page()):
        assert CANARY not in place


def test_bytes_that_are_no_message_are_told_without_what_was_said(running: Running, logged: Any) -> None:
    with grpc.insecure_channel(running.target) as channel:
        send: Any = channel.unary_unary("/amends.v1.EmpathyService/ScoreReply")
        for request in (f"\xff{CANARY}".encode("latin-1"), _request().SerializeToString()[:-3]):
            with pytest.raises(grpc.RpcError) as caught:
                send(request, timeout=PATIENCE_S)
            assert CANARY not in f"{caught.value} {caught.value.trailing_metadata()}"  # type: ignore[attr-defined]
    assert CANARY not in logged()


def _coached(
    stub: empathy_service_pb2_grpc.EmpathyServiceStub, *events: pb.CoachConversationRequest
) -> tuple[list[pb.CoachConversationResponse], str]:
    """The answers of a live conversation, and all that is told of its end."""
    call: Any = stub.CoachConversation(iter(events), timeout=PATIENCE_S)
    answers = []
    with suppress(grpc.RpcError):
        for answer in call:
            answers.append(answer)
    return answers, f"{call.code()} {call.details()} {call.initial_metadata()} {call.trailing_metadata()}"


LAST_EVENTS = {
    "none": pb.CoachConversationRequest(event_id=f"{CANARY}-last", turn=_turn("Well.")),
    "the same id": pb.CoachConversationRequest(event_id=CANARY, turn=_turn()),
    "control characters": pb.CoachConversationRequest(event_id="a", turn=_turn(f"{CANARY}\x00{CANARY}")),
    "back in time": pb.CoachConversationRequest(event_id="a", turn=_back_in_time().turns[1]),
    "another start": pb.CoachConversationRequest(event_id="a", start=pb.CoachStart(turns=[_turn()])),
    "a token of something else": pb.CoachConversationRequest(event_id="a", start=pb.CoachStart(resume_token=b"x")),
}


@pytest.mark.parametrize("name", LAST_EVENTS)
def test_a_live_conversation_leaves_no_trace_of_what_was_said_and_its_token_holds_none(
    stub: empathy_service_pb2_grpc.EmpathyServiceStub, running: Running, logged: Any, name: str
) -> None:
    answers, told = _coached(
        stub,
        pb.CoachConversationRequest(event_id=f"{CANARY}-start", start=pb.CoachStart(turns=_back_in_time().turns[:1])),
        pb.CoachConversationRequest(event_id=CANARY, turn=_turn(role=A)),
        pb.CoachConversationRequest(event_id=f"{CANARY}-partial", partial_turn=_turn()),
        LAST_EVENTS[name],
    )
    assert len(answers) == (4 if name == "none" else 3)
    log = logged(after="call ended")
    assert "call ended" in log
    for place in (told, log, running.metrics_page(), *(str(answer.resume_token) for answer in answers)):
        assert CANARY not in place


class _Quoting:
    """Fails in the worst way: its error quotes what was said."""

    def encode(self, text: str) -> Encoding:
        raise ValueError(text)

    def plan_reply(self, turns: object, *_: object) -> None:
        raise ValueError(f"{turns}")

    plan_advice = plan_conversation = plan_reply


@pytest.mark.parametrize("broken", ["encoder", "scorer"])
def test_an_error_of_our_own_that_quotes_a_text_is_not_passed_on(
    serve: Serve, model: Model, logged: Any, broken: str
) -> None:
    quoting: Any = _Quoting()
    edition = replace(model.edition, scorer=quoting)
    models = {"encoder": replace(model, encoder=quoting), "scorer": replace(model, edition=edition)}
    running = serve(model=models[broken], metrics_port=0)
    with grpc.insecure_channel(running.target) as channel:
        ends = _ends(empathy_service_pb2_grpc.EmpathyServiceStub(channel), GOOD["plain"])
    assert {code for code, _ in ends} <= {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL}
    log = logged()
    assert "ValueError" in log, "the kind of error is logged"
    for place in (*(told for _, told in ends), log, running.metrics_page()):
        assert CANARY not in place
