"""The contract: what it promises is importable, safe to retry where it says so, and enforced to the letter."""

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import amends.v1
import grpc
import pytest
from amends.v1 import conversation_pb2, empathy_service_pb2, playbook_service_pb2, taxonomy_pb2
from amends.v1 import empathy_service_pb2 as pb
from amends_client import Client
from amends_core.scorer import MAX_HISTORY_TURNS, MAX_PIECES
from amends_server.editions import Model
from amends_server.settings import Settings
from amends_server.validation import field_rules
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions
from google.protobuf.message import Message
from running_service import PATIENCE_S, Running

SERVICES = (
    empathy_service_pb2.DESCRIPTOR.services_by_name["EmpathyService"],
    playbook_service_pb2.DESCRIPTOR.services_by_name["PlaybookService"],
)
METHODS = [method for service in SERVICES for method in service.methods]
MODULES = sorted(path.stem for path in Path(next(iter(amends.v1.__path__))).glob("*_pb2*.py"))
C, A = taxonomy_pb2.ROLE_CUSTOMER, taxonomy_pb2.ROLE_AGENT


@pytest.mark.parametrize("name", MODULES)
def test_generated_code_can_be_imported(name: str) -> None:
    assert importlib.import_module(f"amends.v1.{name}")


def test_each_proto_file_has_its_generated_module() -> None:
    protos = Path(__file__).parents[2].glob("proto/amends/v1/*.proto")
    assert {f"{proto.stem}_pb2" for proto in protos} <= set(MODULES)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: str(method.name))
def test_each_rpc_has_a_request_and_a_response_of_its_own(method: MethodDescriptor) -> None:
    assert method.input_type.full_name == f"amends.v1.{method.name}Request"
    assert method.output_type.full_name == f"amends.v1.{method.name}Response"


@pytest.mark.parametrize("method", METHODS, ids=lambda method: str(method.name))
def test_every_rpc_but_coaching_has_no_side_effects(method: MethodDescriptor) -> None:
    is_read = method.GetOptions().idempotency_level == MethodOptions.NO_SIDE_EFFECTS
    assert is_read == (method.name != "CoachConversation")


def test_every_enum_begins_with_a_value_that_says_nothing() -> None:
    for module in (importlib.import_module(f"amends.v1.{name}") for name in MODULES if name.endswith("_pb2")):
        for enum in module.DESCRIPTOR.enum_types_by_name.values():
            assert enum.values_by_number[0].name.endswith("_UNSPECIFIED"), enum.full_name


def test_the_limits_a_server_tells_are_those_of_the_validate_rules(client: Client, model: Model) -> None:
    limits = client.server_info().info.limits
    for request in (pb.ScoreReplyRequest, pb.NextStepRequest, pb.ScoreConversationRequest, pb.CoachStart):
        assert limits.max_turns == field_rules(request, "turns").repeated.max_items
    assert limits.max_reply_turns == field_rules(pb.ScoreReplyRequest, "reply").repeated.max_items
    for turn in (conversation_pb2.Turn, conversation_pb2.ReplyTurn):
        assert limits.max_text_characters == field_rules(turn, "text").string.max_len
    assert limits.max_batch_items == field_rules(pb.BatchScoreRepliesRequest, "requests").repeated.max_items
    assert limits.max_message_bytes == Settings().max_message_bytes
    assert limits.max_sentence_tokens == model.bundle.manifest.max_tokens
    assert limits.max_history_turns == MAX_HISTORY_TURNS
    assert limits.max_sentences == MAX_PIECES


def test_the_rules_of_both_texts_are_the_same() -> None:
    turn, reply = (field_rules(kind, "text") for kind in (conversation_pb2.Turn, conversation_pb2.ReplyTurn))
    assert turn == reply


def test_the_rules_of_playbook_and_locale_are_the_same_in_every_request() -> None:
    for field in ("playbook", "locale"):
        requests = (pb.ScoreReplyRequest, pb.NextStepRequest, pb.ScoreConversationRequest, pb.CoachStart)
        first, *others = (field_rules(request, field) for request in requests)
        assert all(other == first for other in others), field


def _turn(text: str = "Help me, please.", role: int = C, **fields: Any) -> conversation_pb2.Turn:
    return conversation_pb2.Turn(role=role, text=text, **fields)  # type: ignore[arg-type]


def _score(
    turns: int = 1, reply: int = 1, text: int = 3, reply_text: int = 3, speaker: int = 0, playbook: str = ""
) -> pb.ScoreReplyRequest:
    return pb.ScoreReplyRequest(
        turns=[_turn("\U0001f600" * (text - 1) + "a" if text else "", speaker_id="s" * speaker) for _ in range(turns)],
        reply=[conversation_pb2.ReplyTurn(text="\u00e9" * reply_text) for _ in range(reply)],
        playbook=playbook,
    )


def _advice(turns: int = 1, steps: int = 0) -> pb.NextStepRequest:
    return pb.NextStepRequest(turns=[_turn() for _ in range(turns)], max_steps=steps)


def _conversation(turns: int) -> pb.ScoreConversationRequest:
    return pb.ScoreConversationRequest(turns=[_turn() for _ in range(turns)])


def _sentences(count: int) -> pb.ScoreReplyRequest:
    request = _score()
    said = count - 2  # beside the customer's turn and the reply
    for start in range(0, said, 500):
        request.turns.append(_turn("It is noted. " * min(500, said - start), role=A))
    return request


def _batch(items: int) -> pb.BatchScoreRepliesRequest:
    return pb.BatchScoreRepliesRequest(requests=[_score() for _ in range(items)])


BOUNDS: dict[str, tuple[Callable[[int], Message], tuple[int, ...], tuple[int, ...]]] = {
    "ScoreReply.turns": (lambda n: _score(turns=n), (1, 500), (0, 501)),
    "ScoreReply.reply": (lambda n: _score(reply=n), (1, 20), (0, 21)),
    "Turn.text": (lambda n: _score(text=n), (1, 10_000), (0, 10_001)),
    "ReplyTurn.text": (lambda n: _score(reply_text=n), (1, 10_000), (0, 10_001)),
    "Turn.speaker_id": (lambda n: _score(speaker=n), (0, 64), (65,)),
    "NextStep.turns": (lambda n: _advice(turns=n), (1, 500), (0, 501)),
    "NextStep.max_steps": (lambda n: _advice(steps=n), (0, 1, 13), (-1, 14)),
    "ScoreConversation.turns": (_conversation, (1, 500), (0, 501)),
    "sentences": (_sentences, (2, MAX_PIECES), (MAX_PIECES + 1,)),
    "BatchScoreReplies.requests": (_batch, (1, 100), (0, 101)),
}


@pytest.fixture(scope="module")
def send(running: Running) -> Iterator[Callable[[Message], grpc.StatusCode]]:
    """Sends a request to the method it belongs to, and gives the code."""
    with grpc.insecure_channel(running.target) as channel:

        def call(request: Message) -> grpc.StatusCode:
            name = type(request).__name__.removesuffix("Request")
            service = next(method.containing_service.full_name for method in METHODS if method.name == name)
            method: Any = channel.unary_unary(f"/{service}/{name}")
            try:
                method(request.SerializeToString(), timeout=PATIENCE_S)
            except grpc.RpcError as error:
                code: grpc.StatusCode = error.code()  # type: ignore[attr-defined]
                return code
            return grpc.StatusCode.OK

        yield call


@pytest.mark.parametrize("name", BOUNDS)
def test_the_server_accepts_each_bound_and_refuses_one_past_it(
    send: Callable[[Message], grpc.StatusCode], name: str
) -> None:
    build, accepted, refused = BOUNDS[name]
    assert {send(build(size)) for size in accepted} == {grpc.StatusCode.OK}
    assert {send(build(size)) for size in refused} == {grpc.StatusCode.INVALID_ARGUMENT}


@pytest.mark.parametrize(
    ("playbook", "code"),
    [
        ("", grpc.StatusCode.OK),
        ("unified", grpc.StatusCode.OK),
        ("a", grpc.StatusCode.NOT_FOUND),
        ("a" + "_" * 63, grpc.StatusCode.NOT_FOUND),
        ("a" + "_" * 64, grpc.StatusCode.INVALID_ARGUMENT),
        ("1unified", grpc.StatusCode.INVALID_ARGUMENT),
        ("Unified", grpc.StatusCode.INVALID_ARGUMENT),
        ("unified\n", grpc.StatusCode.INVALID_ARGUMENT),
    ],
)
def test_the_name_of_a_playbook_is_held_to_its_pattern(
    send: Callable[[Message], grpc.StatusCode], playbook: str, code: grpc.StatusCode
) -> None:
    assert send(_score(playbook=playbook)) is code
    asked = playbook_service_pb2.GetPlaybookRequest(name=playbook)
    assert send(asked) is (code if playbook else grpc.StatusCode.INVALID_ARGUMENT)


@pytest.mark.parametrize("locale", ["en", "en-GB", "zh-Hant-TW", "sr_Latn", "de-CH-1996"])
def test_a_locale_is_a_language_tag(send: Callable[[Message], grpc.StatusCode], locale: str) -> None:
    request = _score()
    request.locale = locale
    assert send(request) is grpc.StatusCode.OK
    for broken in (f"{locale}-", f" {locale}", f"{locale}!", "e", "engl"):
        request.locale = broken
        assert send(request) is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("role", [C, A])
def test_only_the_roles_of_the_contract_are_accepted(send: Callable[[Message], grpc.StatusCode], role: int) -> None:
    assert send(pb.NextStepRequest(turns=[_turn(), _turn(role=role)])) is grpc.StatusCode.OK
    for unknown in (0, 3, -1):
        assert send(pb.NextStepRequest(turns=[_turn(), _turn(role=unknown)])) is grpc.StatusCode.INVALID_ARGUMENT


_CONTROLS = [*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
_ALLOWED = {0x09, 0x0A, 0x0D}
_NEIGHBOURS = [0x20, 0x7E, 0xA0, 0x2029, 0x202F, 0x2065, 0x206A, 0x200B, 0xFEFF, 0x10FFFF]


def test_exactly_the_characters_that_the_contract_names_are_refused(
    send: Callable[[Message], grpc.StatusCode],
) -> None:
    for point in (*_CONTROLS, *_NEIGHBOURS):
        request = pb.NextStepRequest(turns=[_turn(f"Help{chr(point)}me")])
        is_allowed = point in _ALLOWED or point in _NEIGHBOURS
        assert (send(request) is grpc.StatusCode.OK) == is_allowed, hex(point)
