"""Codes and details of gRPC become errors that programs can tell apart."""

import pickle
from collections.abc import Callable
from typing import Any

import amends_client
import grpc
import pytest
from amends_client import CallError, InvalidRequest, Overloaded, customer, error_from_status
from amends_client.errors import error_from_call
from amends_client.testing import Failure, FakeServer
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc import code_pb2, error_details_pb2, status_pb2

KINDS: dict[grpc.StatusCode, type[CallError]] = {
    grpc.StatusCode.CANCELLED: amends_client.Cancelled,
    grpc.StatusCode.UNKNOWN: amends_client.Internal,
    grpc.StatusCode.INVALID_ARGUMENT: amends_client.InvalidRequest,
    grpc.StatusCode.DEADLINE_EXCEEDED: amends_client.DeadlineExceeded,
    grpc.StatusCode.NOT_FOUND: amends_client.NotFound,
    grpc.StatusCode.ALREADY_EXISTS: amends_client.Internal,
    grpc.StatusCode.PERMISSION_DENIED: amends_client.PermissionDenied,
    grpc.StatusCode.RESOURCE_EXHAUSTED: amends_client.Overloaded,
    grpc.StatusCode.FAILED_PRECONDITION: amends_client.InvalidRequest,
    grpc.StatusCode.ABORTED: amends_client.Internal,
    grpc.StatusCode.OUT_OF_RANGE: amends_client.InvalidRequest,
    grpc.StatusCode.UNIMPLEMENTED: amends_client.Unimplemented,
    grpc.StatusCode.INTERNAL: amends_client.Internal,
    grpc.StatusCode.UNAVAILABLE: amends_client.Unavailable,
    grpc.StatusCode.DATA_LOSS: amends_client.Internal,
    grpc.StatusCode.UNAUTHENTICATED: amends_client.Unauthenticated,
}
INFO = error_details_pb2.ErrorInfo(reason="TEXT_TOO_LONG", domain="amends.v1")
BAD_REQUEST = error_details_pb2.BadRequest(
    field_violations=[
        error_details_pb2.BadRequest.FieldViolation(field="turns[0].text", description="is too long"),
        error_details_pb2.BadRequest.FieldViolation(field="locale", description="is no tag"),
    ]
)


def retry_info(seconds: int, nanos: int = 0) -> error_details_pb2.RetryInfo:
    return error_details_pb2.RetryInfo(retry_delay=Duration(seconds=seconds, nanos=nanos))


def status(code: int, *details: Any) -> status_pb2.Status:
    packed = [AnyMessage() for _ in details]
    for box, detail in zip(packed, details, strict=True):
        box.Pack(detail)
    return status_pb2.Status(code=code, message="refused", details=packed)


def from_call(code: grpc.StatusCode, *trailing: tuple[str, str | bytes]) -> CallError:
    return error_from_call(code, "refused", trailing, request_id="mine")


def test_every_code_is_in_the_table() -> None:
    assert set(KINDS) == set(grpc.StatusCode) - {grpc.StatusCode.OK}


@pytest.mark.parametrize(("code", "kind"), KINDS.items())
def test_code_gives_its_kind(code: grpc.StatusCode, kind: type[CallError]) -> None:
    error = from_call(code)
    assert type(error) is kind
    assert (error.code, error.message, error.reason, error.request_id) == (code, "refused", "", "mine")


def test_error_of_a_call_carries_reason_violations_and_id(server: FakeServer, ask: Callable[..., Any]) -> None:
    server.answer("NextStep", Failure(grpc.StatusCode.INVALID_ARGUMENT, "2 fields are wrong", (INFO, BAD_REQUEST)))
    with pytest.raises(InvalidRequest) as caught:
        ask("next_step", [customer("My card is canary-zanzibar.")], request_id="case-7")
    error = caught.value
    assert error.violations == (("turns[0].text", "is too long"), ("locale", "is no tag"))
    assert (error.reason, error.request_id, error.code) == (
        "TEXT_TOO_LONG",
        "case-7",
        grpc.StatusCode.INVALID_ARGUMENT,
    )
    assert str(error) == "2 fields are wrong (INVALID_ARGUMENT, TEXT_TOO_LONG, request case-7)"


def test_error_of_a_call_never_holds_the_conversation(server: FakeServer, ask: Callable[..., Any]) -> None:
    server.answer("NextStep", Failure(grpc.StatusCode.INTERNAL))
    with pytest.raises(CallError) as caught:
        ask("next_step", [customer("My card is canary-zanzibar.")])
    error = caught.value
    assert "canary-zanzibar" not in f"{error!r} {error} {vars(error)} {error.__cause__!r}"


def test_retry_info_tells_when_to_come_back() -> None:
    raw = status(code_pb2.RESOURCE_EXHAUSTED, retry_info(1, 500_000_000)).SerializeToString()
    error = from_call(grpc.StatusCode.RESOURCE_EXHAUSTED, ("grpc-status-details-bin", raw))
    assert isinstance(error, Overloaded)
    assert error.retry_after_s == 1.5


@pytest.mark.parametrize(("pushback", "retry_after_s"), [("250", 0.25), ("0", 0.0), ("-1", None), ("soon", None)])
def test_pushback_stands_in_for_retry_info(pushback: str, retry_after_s: float | None) -> None:
    error = from_call(grpc.StatusCode.RESOURCE_EXHAUSTED, ("grpc-retry-pushback-ms", pushback))
    assert isinstance(error, Overloaded)
    assert error.retry_after_s == retry_after_s


def test_id_that_comes_back_goes_before_the_one_sent() -> None:
    assert from_call(grpc.StatusCode.INTERNAL, ("x-request-id", "theirs")).request_id == "theirs"


def test_damaged_details_are_passed_over() -> None:
    error = from_call(grpc.StatusCode.INVALID_ARGUMENT, ("grpc-status-details-bin", b"\xff\xff"))
    assert isinstance(error, InvalidRequest)
    assert error.violations == ()


def test_damaged_detail_inside_a_status_is_passed_over() -> None:
    damaged = status_pb2.Status(code=code_pb2.INVALID_ARGUMENT, message="refused")
    damaged.details.add(type_url="type.googleapis.com/google.rpc.ErrorInfo", value=b"\xff\xff")
    assert error_from_status(damaged).reason == ""


def test_details_of_unknown_type_are_passed_over() -> None:
    found = status(code_pb2.INVALID_ARGUMENT, INFO)
    found.details.add(type_url="type.googleapis.com/amends.v9.Novelty", value=b"?")
    assert error_from_status(found).reason == "TEXT_TOO_LONG"


def test_status_of_an_item_gives_the_same_error_as_a_call() -> None:
    error = error_from_status(status(code_pb2.INVALID_ARGUMENT, INFO, BAD_REQUEST), request_id="item-3")
    assert isinstance(error, InvalidRequest)
    assert [violation.field for violation in error.violations] == ["turns[0].text", "locale"]
    assert error.request_id == "item-3"


def test_status_with_unknown_code_is_internal() -> None:
    assert type(error_from_status(status_pb2.Status(code=99))) is amends_client.Internal


@pytest.mark.parametrize("kind", sorted(set(KINDS.values()), key=str))
def test_errors_survive_pickling(kind: type[CallError]) -> None:
    error = kind("refused", code=grpc.StatusCode.ABORTED, reason="WHY", request_id="7")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (kind, str(error), vars(error))


def test_unreachable_server_is_unavailable(server: FakeServer, ask: Callable[..., Any]) -> None:
    server.close()
    with pytest.raises(amends_client.Unavailable, match="UNAVAILABLE"):
        ask("health")
