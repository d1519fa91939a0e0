"""How a failure reads at a terminal: one line with what was wrong and the remedy, and an exit code."""

from collections.abc import Callable, Mapping

from amends_client import (
    CallError,
    ClientError,
    DeadlineExceeded,
    Internal,
    InvalidOptions,
    InvalidRequest,
    NotFound,
    Overloaded,
    PermissionDenied,
    Unauthenticated,
    Unavailable,
    Unimplemented,
)

CALL_FAILED = 1
BAD_INPUT = 2


class InputError(Exception):
    """An input or a set of options that cannot be used.

    Args:
        message: what is wrong, the limit, and what to do; never conversation text.
        line: line of the input it concerns, from 1; None where there is none.
    """

    def __init__(self, message: str, *, line: int | None = None) -> None:
        super().__init__(message if line is None else f"line {line}: {message}")


def exit_code(error: Exception) -> int:
    """Gives 2 where the caller's input or options are at fault, else 1."""
    return BAD_INPUT if isinstance(error, InputError | InvalidOptions | InvalidRequest | NotFound) else CALL_FAILED


def one_line(error: InputError | ClientError) -> str:
    """Says in one line what went wrong and what to do, and for a call its code, reason and id."""
    parts = "; ".join(part for part in (what(error), remedy(error)) if part)
    marks = _marks(error) if isinstance(error, CallError) else ""
    return " ".join(f"{parts} {marks}".split())


def remedy(error: InputError | ClientError) -> str:
    """Says what to do about a call's failure; empty where the message itself says it."""
    give = _REMEDIES.get(type(error))
    return give(error) if give else ""


def what(error: InputError | ClientError) -> str:
    """Says what went wrong."""
    if not isinstance(error, CallError):
        return str(error)
    if isinstance(error, InvalidRequest) and error.violations:
        # A rule about the whole message names no field.
        return "; ".join(": ".join(part for part in violation if part) for violation in error.violations)
    return error.message.strip().removesuffix(".")


def _marks(error: CallError) -> str:
    request = f"request {error.request_id}" if error.request_id else ""
    return f"({', '.join(mark for mark in (error.code.name, error.reason, request) if mark)})"


def _retry(error: Exception) -> str:
    wait_s = error.retry_after_s if isinstance(error, Overloaded) else None
    return f"try again in {wait_s:g} s" if wait_s else "try again later"


_REMEDIES: Mapping[type[Exception], Callable[[Exception], str]] = {
    DeadlineExceeded: lambda _: "give the server longer with --timeout",
    Internal: lambda _: "quote the request to whoever runs the server",
    NotFound: lambda _: "`amends playbooks` lists the names",
    Overloaded: _retry,
    PermissionDenied: lambda _: "ask whoever runs the server for the right",
    Unauthenticated: lambda _: "set AMENDS_TOKEN, or --tls-cert and --tls-key",
    Unavailable: lambda _: "start a server with `amends serve`, or name one with --target",
    Unimplemented: lambda _: "ask a server of this client's version",
}
