"""The one table from what went wrong to what the caller is told."""

from dataclasses import replace
from typing import TypeVar

import grpc
import pytest
from amends_core.coaching import StaleToken
from amends_core.errors import RequestError, UnknownPlaybook
from amends_server import errors
from amends_server.encoding.policy import Limit, Priority, Refusal
from amends_server.identity.caller import NotAllowed, NotKnown
from amends_server.identity.caller import Refusal as CallerRefusal
from amends_server.identity.quotas import OverQuota
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

BUSY = Refusal(Limit.DEADLINE, Priority.LIVE, waiting=40, most=4096, queue_s=1.25, needs_s=0.02, left_s=0.5)
TABLE = [
    (errors.invalid([("turns", "is empty")]), grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST"),
    (errors.malformed(), grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_MESSAGE"),
    (errors.overloaded(BUSY, 1.5), grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED"),
    (errors.over_quota(OverQuota("calls", 2.0, 0.5)), grpc.StatusCode.RESOURCE_EXHAUSTED, "QUOTA_EXCEEDED"),
    (errors.too_many_streams_of_tenant(7), grpc.StatusCode.RESOURCE_EXHAUSTED, "QUOTA_EXCEEDED"),
    (errors.not_known(NotKnown(CallerRefusal.NO_TOKEN, "")), grpc.StatusCode.UNAUTHENTICATED, "NO_TOKEN"),
    (errors.not_allowed(NotAllowed(CallerRefusal.NO_TENANT, "")), grpc.StatusCode.PERMISSION_DENIED, "NO_TENANT"),
    (errors.expired(), grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED"),
    (errors.unhealthy(), grpc.StatusCode.UNAVAILABLE, "INFERENCE_FAILED"),
    (errors.internal("ab12"), grpc.StatusCode.INTERNAL, "INTERNAL"),
    (
        errors.from_core(RequestError("goes back", field="turns[3].time", reason="TURNS_OUT_OF_ORDER")),
        grpc.StatusCode.INVALID_ARGUMENT,
        "TURNS_OUT_OF_ORDER",
    ),
    (errors.from_core(StaleToken("model")), grpc.StatusCode.FAILED_PRECONDITION, "STALE_TOKEN"),
    (errors.too_many_streams(7), grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_STREAMS"),
    (errors.too_many_events(7), grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_EVENTS"),
    (errors.draining(), grpc.StatusCode.UNAVAILABLE, "DRAINING"),
    (errors.from_core(UnknownPlaybook("best", ("unified",))), grpc.StatusCode.NOT_FOUND, "UNKNOWN_PLAYBOOK"),
]
FAULTS = {"OVERLOADED", "DEADLINE_EXCEEDED", "INFERENCE_FAILED", "INTERNAL", "TOO_MANY_STREAMS", "DRAINING"}
COME_BACK = {"OVERLOADED", "TOO_MANY_STREAMS", "QUOTA_EXCEEDED"}


M = TypeVar("M", bound=Message)


def _detail(error: errors.CallError, kind: type[M]) -> M | None:
    for packed in error.status().details:
        found = kind()
        if packed.Unpack(found):
            return found
    return None


@pytest.mark.parametrize(("error", "code", "reason"), TABLE)
def test_each_error_has_its_code_and_leads_with_error_info(
    error: errors.CallError, code: grpc.StatusCode, reason: str
) -> None:
    status = error.status()
    assert error.code is code
    assert (status.code, status.message) == (code.value[0], str(error))
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert (info.reason, info.domain) == (reason, "amends.v1")


@pytest.mark.parametrize("error", [row[0] for row in TABLE], ids=lambda error: error.reason)
def test_it_is_told_whose_fault_it_was(error: errors.CallError) -> None:
    assert errors.is_fault(error.code, error.reason) is (error.reason in FAULTS)


def test_what_no_error_of_ours_ended_is_judged_by_its_code() -> None:
    assert errors.is_fault(grpc.StatusCode.UNKNOWN, "")
    assert not errors.is_fault(grpc.StatusCode.OK, "")
    assert not errors.is_fault(grpc.StatusCode.CANCELLED, ""), "the caller left"


@pytest.mark.parametrize("error", [row[0] for row in TABLE])
def test_the_trailer_carries_the_same_status(error: errors.CallError) -> None:
    trailers = dict(error.trailers())
    raw = trailers["grpc-status-details-bin"]
    assert isinstance(raw, bytes)
    assert status_pb2.Status.FromString(raw) == error.status()


def test_invalid_names_each_field_with_its_description() -> None:
    error = errors.invalid([("turns[0].text", "is too long"), ("playbook", "is malformed")])
    bad = _detail(error, error_details_pb2.BadRequest)
    assert bad
    assert [(v.field, v.description) for v in bad.field_violations] == [
        ("turns[0].text", "is too long"),
        ("playbook", "is malformed"),
    ]
    assert str(error) == "turns[0].text: is too long; playbook: is malformed"


def test_many_violations_are_cut_to_what_fits_into_metadata() -> None:
    violations = [(f"turns[{i}].role", "must be one of the defined roles (enum.not_in)") for i in range(500)]
    error = errors.invalid(violations)
    bad = _detail(error, error_details_pb2.BadRequest)
    assert bad
    assert [v.field for v in bad.field_violations] == [field for field, _ in violations[: len(bad.field_violations)]]
    assert str(error).endswith(f"(and {500 - str(error).count(': ')} more)")
    assert sum(len(key) + len(value) for key, value in error.trailers()) < 8192


@pytest.mark.parametrize(("seconds", "milliseconds"), [(1.5, 1500), (0.0001, 1), (0.0, 1), (0.0501, 51)])
def test_refusal_for_load_tells_when_to_come_back_twice(seconds: float, milliseconds: int) -> None:
    error = errors.overloaded(BUSY, seconds)
    retry = _detail(error, error_details_pb2.RetryInfo)
    assert retry
    assert retry.retry_delay.ToMilliseconds() == milliseconds
    assert dict(error.trailers())["grpc-retry-pushback-ms"] == str(milliseconds)


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        (Limit.DEADLINE, "0.50 s are left, this live call needs 0.02 s of encoding, and 40 sentences wait already"),
        (Limit.QUEUE_FULL, "40 sentences wait, and with this call's own more would than 4096 (--max-queue)"),
        (Limit.STANDING_QUEUE, "more live calls come than can be served: their queue did not empty for 1 s"),
    ],
)
def test_a_refusal_for_load_says_which_limit_and_how_long_the_queue_is(limit: Limit, told: str) -> None:
    error = errors.overloaded(replace(BUSY, limit=limit), 1.5)
    assert told in str(error)
    assert "the queue is 1.25 s long: come back in 1.50 s" in str(error)
    info = _detail(error, error_details_pb2.ErrorInfo)
    assert info
    assert dict(info.metadata) == {"limit": limit.value, "queue_seconds": "1.250"}


@pytest.mark.parametrize("error", [row[0] for row in TABLE if row[2] not in COME_BACK])
def test_other_errors_push_nobody_back(error: errors.CallError) -> None:
    assert "grpc-retry-pushback-ms" not in dict(error.trailers())
    assert _detail(error, error_details_pb2.RetryInfo) is None


def test_a_stale_token_names_its_field_and_the_remedy() -> None:
    error = errors.from_core(StaleToken("model"))
    bad = _detail(error, error_details_pb2.BadRequest)
    assert bad
    assert bad.field_violations[0].field == "start.resume_token"
    assert "without the token" in str(error)


def test_unknown_playbook_names_the_field_and_what_is_loaded() -> None:
    error = errors.from_core(UnknownPlaybook("best", ("unified", "six_steps")))
    bad = _detail(error, error_details_pb2.BadRequest)
    assert bad
    assert bad.field_violations[0].field == "playbook"
    assert "unified, six_steps" in str(error)


def test_internal_error_gives_only_the_id_that_finds_its_record() -> None:
    assert str(errors.internal("ab12")) == "an internal error occurred; its id is ab12"
