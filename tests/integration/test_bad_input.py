"""Bad input of every kind gets the right code, the field and the limit; and the service goes on serving."""

import random
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import grpc
import pytest
from amends.v1 import conversation_pb2, taxonomy_pb2
from amends.v1 import empathy_service_pb2 as pb
from amends_client import Client, customer, reply_request
from amends_server.settings import Settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from raw_calls import Refusal, read_refusal
from running_service import PATIENCE_S, Running

INVALID = grpc.StatusCode.INVALID_ARGUMENT
HELLO = "Where is my parcel?"
Refused = Callable[..., Refusal]


@pytest.fixture(autouse=True)
def _still_serves(client: Client) -> Iterator[None]:
    yield
    judged = client.score_reply([customer("My parcel is late!")], "I am sorry about the wait.").judgement
    assert sum(share.points for share in judged.contributions) == judged.score


def _turn(text: str = HELLO, role: int = taxonomy_pb2.ROLE_CUSTOMER, **fields: Any) -> conversation_pb2.Turn:
    return conversation_pb2.Turn(role=role, text=text, **fields)  # type: ignore[arg-type]


def _agent(text: str) -> conversation_pb2.Turn:
    return _turn(text, role=taxonomy_pb2.ROLE_AGENT)


def _score(*turns: conversation_pb2.Turn, reply: str = "I am sorry.", **fields: Any) -> bytes:
    given = turns or (_turn(),)
    parts = [conversation_pb2.ReplyTurn(text=reply)]
    return pb.ScoreReplyRequest(turns=given, reply=parts, **fields).SerializeToString()


def _timed(*seconds: int) -> bytes:
    turns = [_turn() for _ in seconds]
    for turn, second in zip(turns, seconds, strict=True):
        turn.time.seconds = second
    return _score(*turns)


REPLY = conversation_pb2.ReplyTurn(text="I am sorry.")
AGENT = _agent(HELLO)
FIELDS: dict[str, tuple[bytes, str, str]] = {
    "empty turn": (_score(_turn("")), "turns[0].text", "at least 1 character"),
    "empty reply": (_score(reply=""), "reply[0].text", "at least 1 character"),
    "no turns": (pb.ScoreReplyRequest(reply=[REPLY]).SerializeToString(), "turns", "at least 1 item"),
    "no reply": (pb.ScoreReplyRequest(turns=[_turn()]).SerializeToString(), "reply", "at least 1 item"),
    "white space only": (_score(_turn(" \t\n ")), "turns", "letter or digit"),
    "white space reply": (_score(reply=" \n "), "reply", "letter or digit"),
    "emoji only": (_score(_turn("\U0001f621\U0001f621")), "turns", "letter or digit"),
    "emoji reply": (_score(reply="\U0001f642"), "reply", "letter or digit"),
    "1 MB text": (_score(_turn("word " * 200_000)), "turns[0].text", "10000 characters"),
    "1 MB reply": (_score(reply="word " * 200_000), "reply[0].text", "10000 characters"),
    "NUL": (_score(_turn("a\x00b")), "turns[0].text", "no control characters"),
    "bell in reply": (_score(reply="a\x07b"), "reply[0].text", "no control characters"),
    "delete": (_score(_turn("a\x7fb")), "turns[0].text", "no control characters"),
    "right-to-left override": (_score(_turn("a\u202eb")), "turns[0].text", "no bidirectional overrides"),
    "isolate": (_score(reply="a\u2066b"), "reply[0].text", "no bidirectional overrides"),
    "malformed playbook": (_score(playbook="Un ified"), "playbook", "^[a-z][a-z0-9_]{0,63}$"),
    "playbook as a path": (_score(playbook="../unified"), "playbook", "^[a-z][a-z0-9_]{0,63}$"),
    "malformed locale": (_score(locale="english, please"), "locale", "^[A-Za-z]{2,3}"),
    "times out of order": (_timed(20, 10), "turns[1].time", "sort them, oldest first"),
    "time before Christ": (_timed(-(10**12)), "turns[0].time", "years 1 to 9999"),
    "no customer": (_score(AGENT), "turns", "at least one turn of ROLE_CUSTOMER"),
    "10,000 turns": (_score(*[_turn()] * 10_000), "turns", "500 item"),
    "2,001 sentences": (_score(_turn(), *[_agent("It is noted. " * 500)] * 4), "turns", "2000 sentences"),
    "unknown role": (_score(_turn(), _turn(role=99)), "turns[1].role", "defined enum values"),
    "no role": (_score(_turn(), _turn(role=0)), "turns[1].role", "0"),
    "unknown channel": (_score(_turn(channel=-5)), "turns[0].channel", "defined enum values"),
    "long speaker": (_score(_turn(speaker_id="s" * 65)), "turns[0].speaker_id", "64 characters"),
}


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_that_breaks_a_bound_is_named_with_the_bound(
    channel: grpc.Channel, refused: Refused, name: str
) -> None:
    request, field, limit = FIELDS[name]
    refusal = refused(channel, "ScoreReply", request)
    assert refusal.code is INVALID
    assert refusal.reason
    assert limit in refusal.violations[field]
    assert field in refusal.message
    assert limit in refusal.message
    assert len(refusal.message) < 1000


def test_an_unknown_playbook_is_not_found_and_the_loaded_are_named(channel: grpc.Channel, refused: Refused) -> None:
    refusal = refused(channel, "ScoreReply", _score(playbook="no_such_playbook"))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.NOT_FOUND, "UNKNOWN_PLAYBOOK")
    assert "unified" in refusal.violations["playbook"]


def test_steps_past_the_taxonomy_are_refused(channel: grpc.Channel, refused: Refused) -> None:
    request = pb.NextStepRequest(turns=[_turn()], max_steps=14).SerializeToString()
    assert "13" in refused(channel, "NextStep", request).violations["max_steps"]


def test_a_name_of_a_playbook_is_required(channel: grpc.Channel, refused: Refused) -> None:
    refusal = refused(channel, "/amends.v1.PlaybookService/GetPlaybook", b"")
    assert (refusal.code, refusal.reason) == (INVALID, "INVALID_REQUEST")
    assert "name" in refusal.violations


def test_a_batch_past_its_bound_is_refused_as_a_whole(channel: grpc.Channel, refused: Refused) -> None:
    item = pb.ScoreReplyRequest.FromString(_score())
    request = pb.BatchScoreRepliesRequest(requests=[item] * 101).SerializeToString()
    assert "100 item" in refused(channel, "BatchScoreReplies", request).violations["requests"]
    assert "at least 1 item" in refused(channel, "BatchScoreReplies", b"").violations["requests"]


def test_every_field_that_is_wrong_is_named_at_once(channel: grpc.Channel, refused: Refused) -> None:
    refusal = refused(channel, "ScoreReply", _score(_turn(""), _turn(role=99), reply="", playbook="Best"))
    assert {"turns[0].text", "turns[1].role", "reply[0].text", "playbook"} <= refusal.violations.keys()


@pytest.mark.parametrize("turn", [_turn("a\x00b"), _turn("", role=99, speaker_id="s" * 65)])
def test_hundreds_of_broken_fields_still_reach_the_caller(
    channel: grpc.Channel, refused: Refused, turn: conversation_pb2.Turn
) -> None:
    refusal = refused(channel, "ScoreReply", _score(*[turn] * 500))
    assert (refusal.code, refusal.reason) == (INVALID, "INVALID_REQUEST")
    assert "more)" in refusal.message
    assert 10 <= len(refusal.violations) < 100
    assert sum(len(key) + len(value) for key, value in refusal.trailers.items()) < 6000, "gRPC drops 8 KB, in base64"


def test_text_that_is_not_utf_8_is_malformed(channel: grpc.Channel, refused: Refused) -> None:
    valid = _score(_turn("XXXX"))
    assert valid.count(b"XXXX") == 1
    for broken in (b"\xff\xfe\xfd\xfc", b"\xed\xa0\x80\x41", b"\xc0\x80AA"):
        refusal = refused(channel, "ScoreReply", valid.replace(b"XXXX", broken))
        assert (refusal.code, refusal.reason) == (INVALID, "MALFORMED_MESSAGE")
        assert "UTF-8" in refusal.message


def test_a_truncated_message_is_malformed_or_incomplete(channel: grpc.Channel, refused: Refused) -> None:
    whole = _score(_turn(), AGENT, playbook="unified")
    reasons = set()
    for length in range(1, len(whole) - 12):
        refusal = refused(channel, "ScoreReply", whole[:length])
        assert refusal.code is INVALID, length
        reasons.add(refusal.reason)
    assert reasons == {"MALFORMED_MESSAGE", "INVALID_REQUEST"}


def test_endless_nesting_is_malformed(channel: grpc.Channel, refused: Refused) -> None:
    deep = b""
    for _ in range(200):
        deep = b"\x0b" + deep + b"\x0c"  # groups within groups, in a field that is not ours
    assert refused(channel, "ScoreReply", deep).reason == "MALFORMED_MESSAGE"


def test_a_message_above_the_size_limit_is_refused_with_the_limit(channel: grpc.Channel, refused: Refused) -> None:
    limit = Settings().max_message_bytes
    refusal = refused(channel, "ScoreReply", bytes(limit + 1))
    assert refusal.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert str(limit) in refusal.message


def test_a_message_at_the_size_limit_is_read(channel: grpc.Channel, refused: Refused) -> None:
    assert refused(channel, "ScoreReply", bytes(Settings().max_message_bytes)).code is INVALID


def test_an_expired_deadline_is_told_as_such(channel: grpc.Channel, refused: Refused) -> None:
    for seconds in (0, -1, 1e-9):
        work = _score(*[_turn(f"Where is parcel {n}? I have waited {seconds} days.") for n in range(400)])
        assert refused(channel, "ScoreReply", work, timeout=seconds).code is grpc.StatusCode.DEADLINE_EXCEEDED


def test_fields_that_are_not_in_the_contract_are_passed_over(channel: grpc.Channel) -> None:
    send: Any = channel.unary_unary("/amends.v1.EmpathyService/ScoreReply")
    answer = pb.ScoreReplyResponse.FromString(send(_score() + b"\xfa\x7f\x03abc", timeout=PATIENCE_S))
    assert answer.judgement.steps


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(request=st.binary(max_size=200), method=st.sampled_from(["ScoreReply", "NextStep", "ScoreConversation"]))
def test_random_bytes_as_a_message_are_never_an_internal_error(
    channel: grpc.Channel, request: bytes, method: str
) -> None:
    send: Any = channel.unary_unary(f"/amends.v1.EmpathyService/{method}")
    with pytest.raises(grpc.RpcError) as caught:
        send(request, timeout=PATIENCE_S)
    assert read_refusal(caught.value).code is INVALID


_ANY_TEXT = st.text(max_size=80)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=_ANY_TEXT, reply=st.lists(_ANY_TEXT, max_size=3), playbook=st.sampled_from(["", "unified"]))
def test_any_text_is_judged_or_refused_with_a_reason(
    channel: grpc.Channel, said: str, reply: list[str], playbook: str
) -> None:
    request = reply_request([customer(said)], reply, playbook=playbook).SerializeToString()
    send: Any = channel.unary_unary("/amends.v1.EmpathyService/ScoreReply")
    try:
        judged = pb.ScoreReplyResponse.FromString(send(request, timeout=PATIENCE_S)).judgement
    except grpc.RpcError as error:
        refusal = read_refusal(error)
        assert refusal.code is INVALID
        assert refusal.violations
    else:
        assert sum(share.points for share in judged.contributions) == judged.score
        for span in (span for step in judged.steps for span in step.spans):
            assert 0 <= span.start < span.end <= len(reply[span.turn_index])


@pytest.mark.parametrize(
    "noise",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 64,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9) * 20,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        random.Random(7).randbytes(4096),
        b"",
    ],
    ids=["HTTP/1", "broken frames", "empty settings", "TLS hello", "noise", "nothing"],
)
def test_noise_on_the_port_harms_nobody(running: Running, noise: bytes) -> None:
    with socket.create_connection(("127.0.0.1", running.service.port), timeout=PATIENCE_S) as connection:
        connection.sendall(noise)
        connection.shutdown(socket.SHUT_WR)
        with suppress(ConnectionResetError):
            while connection.recv(4096):
                continue
