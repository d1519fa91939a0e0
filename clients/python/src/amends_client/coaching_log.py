"""What both clients keep of a live conversation, so that a broken stream can be opened again. Knows no gRPC call."""

import itertools
import math
from collections import deque
from collections.abc import Sequence

import grpc
from amends.v1 import advice_pb2, conversation_pb2
from amends.v1 import empathy_service_pb2 as pb

from amends_client.errors import (
    CallError,
    Cancelled,
    DeadlineExceeded,
    Internal,
    Overloaded,
    Unavailable,
    invalid_request,
)
from amends_client.options import ClientOptions
from amends_client.requests import coach_start

STALE_TOKEN = "STALE_TOKEN"  # noqa: S105  a reason of the server, no password
_CLOSED = "CLOSED"
_FIRST_BACKOFF_S = 0.05
_MAX_BACKOFF_S = 1.0


class CoachingLog:
    """The turns that were answered, the events that were not, and what opens the conversation again."""

    def __init__(self, turns: Sequence[conversation_pb2.Turn], *, playbook: str, locale: str) -> None:
        self._start = coach_start(turns, playbook=playbook, locale=locale)
        self._unanswered: deque[pb.CoachConversationRequest] = deque()
        self._ids = itertools.count(1)
        self._opening_id = ""
        self.is_open = False
        """Whether the server has ever answered."""
        self.advice: advice_pb2.Advice | None = None
        """The advice that now holds."""

    def opening(self) -> list[pb.CoachConversationRequest]:
        """What a stream begins with: the conversation as far as it was answered, then what was not."""
        self._opening_id = self._next_id()
        start = pb.CoachConversationRequest(event_id=self._opening_id, start=self._start)
        return [start, *self._unanswered]

    def add(self, turn: conversation_pb2.Turn, *, partial: bool) -> pb.CoachConversationRequest:
        """Takes a turn in, and gives the event to send."""
        event = pb.CoachConversationRequest(event_id=self._next_id())
        (event.partial_turn if partial else event.turn).CopyFrom(turn)
        self._unanswered.append(event)
        return event

    def answered(self, response: pb.CoachConversationResponse) -> bool:
        """Takes an answer in; false where it only says that the conversation is open again."""
        is_first, self.is_open = not self.is_open, True
        self._start.resume_token = response.resume_token
        if response.HasField("advice"):
            self.advice = response.advice
        if response.event_id == self._opening_id:
            return is_first
        event = self._unanswered.popleft()
        if event.WhichOneof("event") == "turn":
            self._start.turns.append(event.turn)
        return True

    def forget_token(self) -> None:
        """Leaves the conversation to be opened with its turns alone; advice is then given anew."""
        self._start.resume_token = b""

    def _next_id(self) -> str:
        return str(next(self._ids))


class Ended:
    """Stands behind the last answer of a conversation."""


class Resumption:
    """Whether a broken stream is opened again, and when.

    A stream that was never answered is opened as often as the options have a call attempted, or without end where
    they have it wait for a server.

    Args:
        options: of the client.
        for_s: seconds without an answer after which a broken stream is given up.

    Raises:
        InvalidRequest: the seconds are below 0.
    """

    def __init__(self, options: ClientOptions, *, for_s: float) -> None:
        if not for_s >= 0:
            raise invalid_request("resume_for_s", f"is {for_s} s: give 0 or more", reason="RESUME_FOR")
        self._for_s = for_s
        self._attempts_left = math.inf if options.wait_for_ready else options.max_attempts
        self._is_open = False
        self._failures = 0
        self._broken_at: float | None = None

    def progressed(self) -> None:
        """Takes note of an answer."""
        self._is_open, self._failures, self._broken_at = True, 0, None

    def delay_s(self, error: CallError, now: float) -> float | None:
        """Seconds to wait before the stream is opened again; None: it is not. `now` in monotonic seconds."""
        if error.reason == STALE_TOKEN:
            return 0.0
        if not _is_broken(error):
            return None
        self._broken_at = now if self._broken_at is None else self._broken_at
        self._attempts_left -= 1
        is_over = now - self._broken_at >= self._for_s if self._is_open else self._attempts_left <= 0
        if is_over:
            return None
        self._failures += 1
        asked = error.retry_after_s if isinstance(error, Overloaded) else None
        return asked or min(_MAX_BACKOFF_S, _FIRST_BACKOFF_S * 2.0 ** min(self._failures, 10))


def _is_broken(error: CallError) -> bool:
    """Whether the stream broke rather than was refused."""
    if isinstance(error, Internal):
        # The server gives its own errors a reason. gRPC's asyncio client says INTERNAL where the stream ended while
        # it was sending, whatever the server said; proxies reset streams with it.
        return not error.reason
    return isinstance(error, Unavailable | Overloaded | Cancelled) and error.reason != _CLOSED


def no_answer(timeout_s: float, request_id: str) -> DeadlineExceeded:
    """The error of an event whose answer did not come in time; the conversation goes on."""
    return DeadlineExceeded(
        f"no answer came within {timeout_s:g} s; read on for it, or give timeout_s more",
        code=grpc.StatusCode.DEADLINE_EXCEEDED,
        reason="NO_ANSWER",
        request_id=request_id,
    )


def closed(request_id: str) -> Cancelled:
    """The error of a conversation whose client was closed."""
    return Cancelled("the client was closed", code=grpc.StatusCode.CANCELLED, reason=_CLOSED, request_id=request_id)
