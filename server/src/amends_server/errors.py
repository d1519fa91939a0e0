"""The one table from what went wrong to what the caller is told: gRPC code, ErrorInfo, details."""

import math
from collections.abc import Mapping, Sequence

import grpc
from amends_core.coaching import StaleToken
from amends_core.errors import RequestError, UnknownPlaybook
from google.protobuf import any_pb2, duration_pb2, message
from google.rpc import error_details_pb2, status_pb2

from amends_server.encoding.policy import STANDING_S, TARGETS, Limit, Refusal
from amends_server.identity.caller import NotAllowed, NotKnown
from amends_server.identity.quotas import OverQuota

DOMAIN = "amends.v1"
DETAILS_KEY = "grpc-status-details-bin"
PUSHBACK_KEY = "grpc-retry-pushback-ms"
_MAX_VIOLATIONS = 16
"""Some 200 bytes each; from 8 KiB of trailers on gRPC's clients drop the status for RESOURCE_EXHAUSTED."""

_STREAM_RETRY_S = 1.0
"""Seconds after which another replica, or a conversation that ended, may have made room."""


_FAULTS = frozenset(
    {
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNAVAILABLE,
    }
)
_OF_CALLERS = frozenset({"QUOTA_EXCEEDED", "TOO_MANY_EVENTS"})
"""Reasons that share a code with faults, though it is the caller who asks for more than its terms or a stream give."""


def is_fault(code: grpc.StatusCode, reason: str) -> bool:
    """Whether a call that ended so ended by a fault of the service: what its availability is measured by."""
    return code in _FAULTS and reason not in _OF_CALLERS


class CallError(Exception):
    """A call that ends with a status. The message is for the caller and holds no conversation text."""

    def __init__(
        self,
        code: grpc.StatusCode,
        reason: str,
        text: str,
        *details: message.Message,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(text)
        self.code = code
        self.metadata = metadata or {}
        self.reason = reason
        self.text = text
        self.details = details

    def status(self) -> status_pb2.Status:
        """The same as `google.rpc.Status`, ErrorInfo first."""
        info = error_details_pb2.ErrorInfo(reason=self.reason, domain=DOMAIN, metadata=self.metadata)
        packed = []
        for detail in (info, *self.details):
            any_detail = any_pb2.Any()
            any_detail.Pack(detail)
            packed.append(any_detail)
        return status_pb2.Status(code=self.code.value[0], message=self.text, details=packed)

    def trailers(self) -> tuple[tuple[str, str | bytes], ...]:
        """Trailing metadata that carries the details, and the pushback of a refusal for load."""
        trailers: list[tuple[str, str | bytes]] = [(DETAILS_KEY, self.status().SerializeToString())]
        for detail in self.details:
            if isinstance(detail, error_details_pb2.RetryInfo):
                milliseconds = detail.retry_delay.ToMilliseconds()
                trailers.append((PUSHBACK_KEY, str(milliseconds)))
        return tuple(trailers)


def invalid(violations: Sequence[tuple[str, str]], reason: str = "INVALID_REQUEST") -> CallError:
    """INVALID_ARGUMENT for fields, each given with what is wrong."""
    fields = [error_details_pb2.BadRequest.FieldViolation(field=f, description=text) for f, text in violations]
    shown = "; ".join(f"{field}: {text}" if field else text for field, text in violations[:5])
    more = f" (and {len(violations) - 5} more)" if len(violations) > 5 else ""
    detail = error_details_pb2.BadRequest(field_violations=fields[:_MAX_VIOLATIONS])
    return CallError(grpc.StatusCode.INVALID_ARGUMENT, reason, shown + more, detail)


def malformed() -> CallError:
    """INVALID_ARGUMENT for bytes that are no message of the expected type."""
    text = (
        "the message cannot be read: it is not valid Protobuf of this type, or a string in it is not UTF-8; "
        "encode it again"
    )
    return CallError(grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_MESSAGE", text)


def no_message() -> CallError:
    """INVALID_ARGUMENT for a call that brought no message, or not in time."""
    text = "no message came with the call, or not in time; send it when the call begins"
    return CallError(grpc.StatusCode.INVALID_ARGUMENT, "NO_MESSAGE", text)


def overloaded(refusal: Refusal, retry_after_s: float) -> CallError:
    """RESOURCE_EXHAUSTED for load: which limit, how long the queue is, and when to come back."""
    text = (
        f"{_limit(refusal)}; the queue is {refusal.queue_s:.2f} s long: come back in {retry_after_s:.2f} s, "
        "or add replicas"
    )
    metadata = {"limit": refusal.limit.value, "queue_seconds": f"{refusal.queue_s:.3f}"}
    code = grpc.StatusCode.RESOURCE_EXHAUSTED
    return CallError(code, "OVERLOADED", text, _retry(retry_after_s), metadata=metadata)


def over_quota(error: OverQuota) -> CallError:
    """RESOURCE_EXHAUSTED for a tenant that asks for more than its terms give: which bound, and when to come back."""
    text = (
        f"your quota of {error.rate:g} {error.unit} a second is used up; come back in {error.retry_after_s:.2f} s, "
        "send less, or ask whoever runs the service for more"
    )
    metadata = {"limit": f"{error.unit}_per_s", "quota": f"{error.rate:g}"}
    code = grpc.StatusCode.RESOURCE_EXHAUSTED
    return CallError(code, "QUOTA_EXCEEDED", text, _retry(error.retry_after_s), metadata=metadata)


def not_known(error: NotKnown) -> CallError:
    """UNAUTHENTICATED for a caller whom nobody knows."""
    return CallError(grpc.StatusCode.UNAUTHENTICATED, error.reason, str(error))


def not_allowed(error: NotAllowed) -> CallError:
    """PERMISSION_DENIED for a caller who is known and may not call."""
    return CallError(grpc.StatusCode.PERMISSION_DENIED, error.reason, str(error))


def too_many_streams(limit: int) -> CallError:
    """RESOURCE_EXHAUSTED for a live conversation where there is room for no more."""
    text = (
        f"{limit} live conversations are open here, which is the most; come back in {_STREAM_RETRY_S:.0f} s, add "
        "replicas or raise --max-live-conversations"
    )
    return CallError(grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_STREAMS", text, _retry(_STREAM_RETRY_S))


def too_many_streams_of_tenant(limit: int) -> CallError:
    """RESOURCE_EXHAUSTED for a live conversation of a tenant that has as many open as its terms give."""
    text = (
        f"your quota of live conversations ({limit}) is used up; come back in {_STREAM_RETRY_S:.0f} s, end one, or ask "
        "whoever runs the service for more"
    )
    metadata = {"limit": "live_conversations", "quota": str(limit)}
    code = grpc.StatusCode.RESOURCE_EXHAUSTED
    return CallError(code, "QUOTA_EXCEEDED", text, _retry(_STREAM_RETRY_S), metadata=metadata)


def too_many_events(limit: int) -> CallError:
    """RESOURCE_EXHAUSTED for a stream that goes on for too long."""
    text = f"a stream takes at most {limit} events; open the conversation again with the last resume_token"
    return CallError(grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_EVENTS", text)


def draining() -> CallError:
    """UNAVAILABLE for a stream on a server that stops."""
    text = "this server stops; open the conversation again with the last resume_token, and send what has no answer"
    return CallError(grpc.StatusCode.UNAVAILABLE, "DRAINING", text)


def expired() -> CallError:
    """DEADLINE_EXCEEDED for a call whose time ran out in the queue."""
    text = "the deadline passed before the reply was judged; allow more time or send fewer sentences"
    return CallError(grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", text)


def unhealthy() -> CallError:
    """UNAVAILABLE for a call while inference does not work."""
    return CallError(
        grpc.StatusCode.UNAVAILABLE, "INFERENCE_FAILED", "inference does not work here; call another replica"
    )


def internal(error_id: str) -> CallError:
    """INTERNAL for what should not happen; the id finds the record in the log."""
    return CallError(grpc.StatusCode.INTERNAL, "INTERNAL", f"an internal error occurred; its id is {error_id}")


def from_core(error: RequestError) -> CallError:
    """The status of an error of the core."""
    if isinstance(error, UnknownPlaybook):
        # Without the name that was asked for: a caller may have put anything there.
        text = f"no playbook of that name is loaded; loaded are {', '.join(error.known)}"
        violation = error_details_pb2.BadRequest.FieldViolation(field=error.field, description=text)
        detail = error_details_pb2.BadRequest(field_violations=[violation])
        return CallError(grpc.StatusCode.NOT_FOUND, error.reason, text, detail)
    refusal = invalid([(error.field, str(error))], error.reason)
    if isinstance(error, StaleToken):
        return CallError(grpc.StatusCode.FAILED_PRECONDITION, refusal.reason, refusal.text, *refusal.details)
    return refusal


def _limit(refusal: Refusal) -> str:
    kind = refusal.priority.name.lower()
    if refusal.limit is Limit.QUEUE_FULL:
        return (
            f"{refusal.waiting} sentences wait, and with this call's own more would than {refusal.most} (--max-queue)"
        )
    if refusal.limit is Limit.STANDING_QUEUE:
        return (
            f"more {kind} calls come than can be served: their queue did not empty for {STANDING_S:g} s and is longer "
            f"than {TARGETS[refusal.priority]:g} s"
        )
    return (
        f"the deadline cannot be met: {refusal.left_s:.2f} s are left, this {kind} call needs {refusal.needs_s:.2f} s "
        f"of encoding, and {refusal.waiting} sentences wait already; allow more time or send fewer sentences"
    )


def _retry(after_s: float) -> error_details_pb2.RetryInfo:
    delay = duration_pb2.Duration()
    delay.FromMilliseconds(max(1, math.ceil(after_s * 1000)))
    return error_details_pb2.RetryInfo(retry_delay=delay)
