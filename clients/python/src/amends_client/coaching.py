"""A live conversation of the blocking client."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self, cast

import grpc
from amends.v1 import advice_pb2, conversation_pb2
from amends.v1 import empathy_service_pb2 as pb

from amends_client.calls import Terms
from amends_client.coaching_log import STALE_TOKEN, CoachingLog, Ended, Resumption, closed, no_answer
from amends_client.errors import CallError, error_from_call

Stream = Callable[..., Any]
"""Takes the events and metadata; gives a call that is iterated for answers. gRPC's own type has no name."""


class Coaching:
    """A live conversation: turns go in, judgements and advice come out. `Client.coach` makes it.

        with client.coach([customer("Third week without my parcel.")]) as coaching:
            print(coaching.advice)
            answer = coaching.ask(agent("I am so sorry."))

    Answers come in the order of the events, one each. A stream that breaks is opened again in the background,
    and no answer is lost. Turns may be sent from other threads than the one that reads.
    """

    def __init__(self, stream: Stream, log: CoachingLog, resumption: Resumption, terms: Terms) -> None:
        self._stream = stream
        self._log = log
        self._resumption = resumption
        self._terms = terms
        self._answers: queue.SimpleQueue[pb.CoachConversationResponse | CallError | Ended] = queue.SimpleQueue()
        self._events: queue.SimpleQueue[pb.CoachConversationRequest | None] = queue.SimpleQueue()
        """What the open stream is still to send; None: no more."""
        self._lock = threading.Lock()
        """About the log, `_events` and `_finished`."""
        self._call: grpc.Call | None = None
        self._finished = False
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="amends-coaching", daemon=True)

    def __enter__(self) -> Self:
        """Opens the conversation, and gives it once the server has answered.

        Raises:
            CallError: it cannot be opened.
        """
        self._thread.start()
        try:
            self._take(self._terms.timeout_s)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes the conversation."""
        self.close()

    @property
    def advice(self) -> advice_pb2.Advice | None:
        """The advice that now holds; None before the customer has said anything."""
        return self._log.advice

    def send(self, turn: conversation_pb2.Turn) -> str:
        """Sends a turn and does not wait; gives the id that its answer will bear."""
        return self._send(turn, partial=False)

    def send_partial(self, turn: conversation_pb2.Turn) -> str:
        """Sends a turn that is still being written, as far as it goes; gives the id that its answer will bear."""
        return self._send(turn, partial=True)

    def ask(self, turn: conversation_pb2.Turn, *, timeout_s: float | None = None) -> pb.CoachConversationResponse:
        """Sends a turn and gives its answer; answers to what was sent before it are dropped.

        Raises:
            CallError: the conversation cannot go on; DeadlineExceeded: the answer is not there yet.
        """
        event_id, wait_s = self.send(turn), self._terms.timeout_s if timeout_s is None else timeout_s
        until = time.monotonic() + wait_s
        while True:
            answer = self._take(max(0.0, until - time.monotonic()), told_s=wait_s)
            if answer is None:
                raise closed(self._terms.request_id)
            if answer.event_id == event_id:
                return answer

    def __iter__(self) -> Iterator[pb.CoachConversationResponse]:
        """Gives each answer as it comes, until the conversation is finished and all are there."""
        while (answer := self._take(None)) is not None:
            yield answer

    def finish(self) -> None:
        """Says that no more is sent; the answers that are still to come can be read."""
        with self._lock:
            self._finished = True
            self._events.put(None)

    def close(self) -> None:
        """Ends the conversation at once; answers not yet read are lost."""
        self._closed.set()
        with self._lock:
            self._events.put(None)
            if self._call is not None:
                self._call.cancel()
        if self._thread.is_alive():
            self._thread.join()

    def _send(self, turn: conversation_pb2.Turn, *, partial: bool) -> str:
        with self._lock:
            if self._finished or self._closed.is_set():
                raise closed(self._terms.request_id)
            event = self._log.add(turn, partial=partial)
            self._events.put(event)
        return event.event_id

    def _take(self, wait_s: float | None, *, told_s: float | None = None) -> pb.CoachConversationResponse | None:
        """The next answer; None behind the last one."""
        try:
            answer = self._answers.get(timeout=wait_s)
        except queue.Empty:
            raise no_answer(told_s or wait_s or 0.0, self._terms.request_id) from None
        if isinstance(answer, pb.CoachConversationResponse):
            return answer
        self._answers.put(answer)  # who asks again is told again
        if isinstance(answer, CallError):
            raise answer
        return None

    def _run(self) -> None:
        """Follows one stream after the other; runs in the conversation's own thread."""
        while (error := self._follow()) is not None:
            delay_s = None if self._closed.is_set() else self._resumption.delay_s(error, time.monotonic())
            if delay_s is None:
                self._answers.put(error)
                return
            if error.reason == STALE_TOKEN:
                with self._lock:
                    self._log.forget_token()
            self._closed.wait(delay_s)
        self._answers.put(Ended())

    def _follow(self) -> CallError | None:
        """Opens a stream and takes its answers; gives why it broke, or None where it came to its end."""
        with self._lock:
            if self._closed.is_set():
                return closed(self._terms.request_id)
            events = self._events = queue.SimpleQueue()
            for event in self._log.opening():
                events.put(event)
            if self._finished:
                events.put(None)
        try:
            call = self._call = self._stream(iter(events.get, None), metadata=self._terms.metadata)
            if self._closed.is_set():  # by `close`, which found no call to cancel yet
                call.cancel()
            for response in call:
                self._receive(response)
        except ValueError:  # gRPC's word for a channel that was closed
            return closed(self._terms.request_id)
        except grpc.RpcError as error:
            return self._why(cast("grpc.Call", error))
        finally:
            events.put(None)  # lets gRPC's sending thread end
        return None

    def _receive(self, response: pb.CoachConversationResponse) -> None:
        with self._lock:
            is_told = self._log.answered(response)
        self._resumption.progressed()
        if is_told:
            self._answers.put(response)

    def _why(self, call: grpc.Call) -> CallError:
        if self._closed.is_set():
            return closed(self._terms.request_id)
        return error_from_call(
            call.code(), call.details() or "", call.trailing_metadata() or (), request_id=self._terms.request_id
        )
