"""What can go wrong in the client, and the one table from gRPC's codes to it.

ClientError
├── InvalidOptions            the options cannot work: `field`
└── CallError                 a call gave no answer: `code`, `reason`, `request_id`
    ├── InvalidRequest        the request breaks a bound: `violations`
    ├── NotFound              no playbook of that name
    ├── Unauthenticated       no valid token or client certificate
    ├── PermissionDenied      the caller may not do this
    ├── Overloaded            refused for load or quota: `retry_after_s`
    ├── DeadlineExceeded      no answer in time
    ├── Cancelled             given up by the caller or a proxy
    ├── Unavailable           no server could be reached, or it is draining
    ├── Unimplemented         the server does not offer the method
    └── Internal              the server failed, and every code without a class of its own

Messages hold what the server said, never the conversation.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import grpc
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2, status_pb2

Metadata = Iterable[tuple[str, str | bytes]]

_DETAILS_KEY = "grpc-status-details-bin"
_PUSHBACK_KEY = "grpc-retry-pushback-ms"
_REQUEST_ID_KEY = "x-request-id"

_M = TypeVar("_M", bound=Message)


class ClientError(Exception):
    """The root of every error of the client."""


class InvalidOptions(ClientError):
    """Options that cannot work.

    Args:
        message: what is wrong, the limit, and what to do.
        field: the field of `ClientOptions` it concerns.
    """

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class Violation(NamedTuple):
    """One field of a request that breaks a bound."""

    field: str
    """Path of the field, such as `turns[3].text`."""
    description: str
    """What is wrong with it, the limit, and what to do."""


class CallError(ClientError):
    """A call that gave no answer.

    Args:
        message: what the server said, or what gRPC did where no server answered.
        code: the code of gRPC.
        reason: an upper-case word that programs may match; empty where the server gave none.
        request_id: the call's `x-request-id`, to be quoted to whoever runs the server.
    """

    def __init__(
        self,
        message: str,
        *,
        code: grpc.StatusCode = grpc.StatusCode.UNKNOWN,
        reason: str = "",
        request_id: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.request_id = request_id

    @property
    def message(self) -> str:
        """What was wrong, without the code and the ids that `str` adds."""
        return str(self.args[0])

    def __str__(self) -> str:
        request = f"request {self.request_id}" if self.request_id else ""
        marks = ", ".join(mark for mark in (self.code.name, self.reason, request) if mark)
        return f"{self.message} ({marks})"


class InvalidRequest(CallError):
    """A request that breaks a bound, refused by the server or before it was sent."""

    violations: Sequence[Violation] = ()
    """Every field that breaks a bound; empty where the server named none."""


class NotFound(CallError):
    """No playbook of that name."""


class Unauthenticated(CallError):
    """No valid token or client certificate."""


class PermissionDenied(CallError):
    """The caller may not do this."""


class Overloaded(CallError):
    """Refused for load, quota or size; `reason` tells which."""

    retry_after_s: float | None = None
    """Seconds after which to try again; None where the server gave none."""


class DeadlineExceeded(CallError):
    """No answer within the timeout."""


class Cancelled(CallError):
    """Given up by the caller or by something between it and the server."""


class Unavailable(CallError):
    """No server could be reached, or it is draining; the retries are used up."""


class Unimplemented(CallError):
    """The server does not offer the method."""


class Internal(CallError):
    """The server failed, or answered with a code that has no class of its own."""


_KINDS: Mapping[grpc.StatusCode, type[CallError]] = {
    grpc.StatusCode.CANCELLED: Cancelled,
    grpc.StatusCode.INVALID_ARGUMENT: InvalidRequest,
    grpc.StatusCode.OUT_OF_RANGE: InvalidRequest,
    grpc.StatusCode.FAILED_PRECONDITION: InvalidRequest,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceeded,
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.PERMISSION_DENIED: PermissionDenied,
    grpc.StatusCode.RESOURCE_EXHAUSTED: Overloaded,
    grpc.StatusCode.UNIMPLEMENTED: Unimplemented,
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
}
_CODES: Mapping[int, grpc.StatusCode] = {code.value[0]: code for code in grpc.StatusCode}


@dataclass(frozen=True, slots=True)
class _Details:
    reason: str
    violations: tuple[Violation, ...]
    retry_after_s: float | None


def invalid_request(field: str, description: str, *, reason: str) -> InvalidRequest:
    """Gives the error of a request that is refused before it is sent."""
    error = InvalidRequest(f"{field}: {description}", code=grpc.StatusCode.INVALID_ARGUMENT, reason=reason)
    error.violations = (Violation(field, description),)
    return error


def error_from_status(status: status_pb2.Status, *, request_id: str = "") -> CallError:
    """Gives the error that a status tells of, such as that of an item of a batch."""
    code = _CODES.get(status.code, grpc.StatusCode.UNKNOWN)
    return _error(code, status.message, _read_details(status), request_id)


def error_from_call(code: grpc.StatusCode, message: str, trailing: Metadata, *, request_id: str) -> CallError:
    """Gives the error of a failed call from what gRPC tells of it.

    Args:
        code: the code of gRPC.
        message: its details.
        trailing: the trailing metadata, which holds the server's `google.rpc.Status` where it gave one.
        request_id: the id that was sent; the one that comes back goes before it.
    """
    metadata = dict(trailing)
    details = _read_details(_read_status(metadata.get(_DETAILS_KEY)))
    if details.retry_after_s is None:
        details = _Details(details.reason, details.violations, _pushback_s(metadata.get(_PUSHBACK_KEY)))
    return _error(code, message, details, _text(metadata.get(_REQUEST_ID_KEY)) or request_id)


def _error(code: grpc.StatusCode, message: str, details: _Details, request_id: str) -> CallError:
    kind = _KINDS.get(code, Internal)
    error = kind(message, code=code, reason=details.reason, request_id=request_id)
    if isinstance(error, InvalidRequest):
        error.violations = details.violations
    if isinstance(error, Overloaded):
        error.retry_after_s = details.retry_after_s
    return error


def _read_status(raw: str | bytes | None) -> status_pb2.Status:
    found = _parse(raw, status_pb2.Status) if isinstance(raw, bytes) else None
    return found or status_pb2.Status()


def _read_details(status: status_pb2.Status) -> _Details:
    info = _detail(status, error_details_pb2.ErrorInfo)
    bad = _detail(status, error_details_pb2.BadRequest)
    retry = _detail(status, error_details_pb2.RetryInfo)
    return _Details(
        reason=info.reason if info else "",
        violations=tuple(Violation(v.field, v.description) for v in bad.field_violations) if bad else (),
        retry_after_s=retry.retry_delay.ToTimedelta().total_seconds() if retry else None,
    )


def _detail(status: status_pb2.Status, kind: type[_M]) -> _M | None:
    for packed in status.details:
        if packed.type_url.endswith(f"/{kind.DESCRIPTOR.full_name}"):
            return _parse(packed.value, kind)
    return None


def _parse(raw: bytes, kind: type[_M]) -> _M | None:
    try:
        return kind.FromString(raw)
    except DecodeError:
        return None


def _pushback_s(raw: str | bytes | None) -> float | None:
    """Reads gRPC's pushback: whole milliseconds, of which negative ones mean never (gRFC A6)."""
    text = _text(raw)
    return int(text) / 1000 if text.isascii() and text.isdigit() else None


def _text(raw: str | bytes | None) -> str:
    return raw.decode("ascii", "replace") if isinstance(raw, bytes) else raw or ""
