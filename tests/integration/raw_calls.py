"""Calls as a foreign client makes them, and an encoder that a test holds in its hand."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import grpc
from amends_core.encoder import Encoder, Encoding
from google.rpc import error_details_pb2, status_pb2
from running_service import PATIENCE_S

CallRecord = Callable[[str], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Refusal:
    """How a call failed, as a foreign client sees it."""

    code: grpc.StatusCode
    message: str
    trailers: dict[str, Any]
    reason: str
    """Of the ErrorInfo; empty where there is none."""
    violations: dict[str, str]
    """Of the BadRequest: description by field."""


MORE_THAN_A_HANDFUL = " ".join(f"I am sorry, and I will look into part {n} of it today." for n in range(12))
"""A reply of which some sentences still wait while a thread has the first ones in hand."""


class HeldEncoder:
    """The real encoder, held until it is let go; tells when it has a text in hand."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.started = threading.Event()
        self.let_go = threading.Event()
        self.taken: list[str] = []

    def encode(self, text: str) -> Encoding:
        self.taken.append(text)
        self.started.set()
        if not self.let_go.wait(PATIENCE_S):
            raise TimeoutError
        return self._encoder.encode(text)


def read_refusal(error: grpc.RpcError) -> Refusal:
    """Reads what an error carries."""
    call: Any = error
    trailers = dict(call.trailing_metadata() or ())
    status = status_pb2.Status.FromString(trailers.get("grpc-status-details-bin", b""))
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for packed in status.details:
        _ = packed.Unpack(info) or packed.Unpack(bad)
    violations = {each.field: each.description for each in bad.field_violations}
    return Refusal(call.code(), call.details(), trailers, info.reason, violations)
