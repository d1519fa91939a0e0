"""A live conversation of the asyncio client. What it keeps and when it tries again is that of `Coaching`."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Self

import grpc
import grpc.aio
from amends.v1 import advice_pb2, conversation_pb2
from amends.v1 import empathy_service_pb2 as pb

from amends_client.calls import Terms, is_cancelled
from amends_client.coaching_log import STALE_TOKEN, CoachingLog, Ended, Resumption, closed, no_answer
from amends_client.errors import CallError, error_from_call

Stream = Callable[..., "grpc.aio.StreamStreamCall[pb.CoachConversationRequest, pb.CoachConversationResponse]"]
Events = asyncio.Queue[pb.CoachConversationRequest | None]


class AsyncCoaching:
    """A live conversation: turns go in, judgements and advice come out. `AsyncClient.coach` makes it.

        async with client.coach([customer("Third week without my parcel.")]) as coaching:
            print(coaching.advice)
            answer = await coaching.ask(agent("I am so sorry."))

    Answers come in the order of the events, one each. A stream that breaks is opened again in the background,
    and no answer is lost. It belongs to the event loop it was opened in.
    """

    def __init__(self, stream: Stream, log: CoachingLog, resumption: Resumption, terms: Terms) -> None:
        self._stream = stream
        self._log = log
        self._resumption = resumption
        self._terms = terms
        self._answers: asyncio.Queue[pb.CoachConversationResponse | CallError | Ended] = asyncio.Queue()
        self._events: Events = asyncio.Queue()
        """What the open stream is still to send; None: no more."""
        self._finished = False
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Opens the conversation, and gives it once the server has answered.

        Raises:
            CallError: it cannot be opened.
        """
        self._task = asyncio.create_task(self._run())
        try:
            await self._take(self._terms.timeout_s)
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes the conversation."""
        await self.close()

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

    async def ask(self, turn: conversation_pb2.Turn, *, timeout_s: float | None = None) -> pb.CoachConversationResponse:
        """Sends a turn and gives its answer; answers to what was sent before it are dropped.

        Raises:
            CallError: the conversation cannot go on; DeadlineExceeded: the answer is not there yet.
        """
        event_id, wait_s = self.send(turn), self._terms.timeout_s if timeout_s is None else timeout_s
        until = time.monotonic() + wait_s
        while True:
            answer = await self._take(max(0.0, until - time.monotonic()), told_s=wait_s)
            if answer is None:
                raise closed(self._terms.request_id)
            if answer.event_id == event_id:
                return answer

    async def __aiter__(self) -> AsyncIterator[pb.CoachConversationResponse]:
        """Gives each answer as it comes, until the conversation is finished and all are there."""
        while (answer := await self._take(None)) is not None:
            yield answer

    def finish(self) -> None:
        """Says that no more is sent; the answers that are still to come can be read."""
        self._finished = True
        self._events.put_nowait(None)

    async def close(self) -> None:
        """Ends the conversation at once; answers not yet read are lost."""
        self._finished = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._answers.put_nowait(closed(self._terms.request_id))

    def _send(self, turn: conversation_pb2.Turn, *, partial: bool) -> str:
        if self._finished:
            raise closed(self._terms.request_id)
        event = self._log.add(turn, partial=partial)
        self._events.put_nowait(event)
        return event.event_id

    async def _take(self, wait_s: float | None, *, told_s: float | None = None) -> pb.CoachConversationResponse | None:
        """The next answer; None behind the last one."""
        try:
            async with asyncio.timeout(wait_s):
                answer = await self._answers.get()
        except TimeoutError:
            raise no_answer(told_s or wait_s or 0.0, self._terms.request_id) from None
        if isinstance(answer, pb.CoachConversationResponse):
            return answer
        self._answers.put_nowait(answer)  # who asks again is told again
        if isinstance(answer, CallError):
            raise answer
        return None

    async def _run(self) -> None:
        """Follows one stream after the other; runs in the conversation's own task."""
        while (error := await self._follow()) is not None:
            delay_s = self._resumption.delay_s(error, time.monotonic())
            if delay_s is None:
                self._answers.put_nowait(error)
                return
            if error.reason == STALE_TOKEN:
                self._log.forget_token()
            await asyncio.sleep(delay_s)
        self._answers.put_nowait(Ended())

    async def _follow(self) -> CallError | None:
        """Opens a stream and takes its answers; gives why it broke, or None where it came to its end."""
        events: Events = asyncio.Queue()
        is_open = asyncio.Event()
        self._events = events
        for event in self._log.opening():
            events.put_nowait(event)
        if self._finished:
            events.put_nowait(None)
        try:
            call = self._stream(_each(events, is_open), metadata=self._terms.metadata)
        except grpc.aio.UsageError:  # gRPC's word for a channel that was closed
            return closed(self._terms.request_id)
        try:
            async for response in call:
                is_open.set()
                self._receive(response)
        except asyncio.CancelledError:
            if is_cancelled():
                raise
            return closed(self._terms.request_id)
        except grpc.aio.AioRpcError as error:
            return error_from_call(
                error.code(), error.details() or "", error.trailing_metadata() or (), request_id=self._terms.request_id
            )
        finally:
            call.cancel()
            events.put_nowait(None)
        return None

    def _receive(self, response: pb.CoachConversationResponse) -> None:
        self._resumption.progressed()
        if self._log.answered(response):
            self._answers.put_nowait(response)


async def _each(events: Events, is_open: asyncio.Event) -> AsyncIterator[pb.CoachConversationRequest]:
    """Gives the events; those behind the first one once that was answered.

    Where a server refuses the opening while more is being sent, gRPC's asyncio client tells no reason.
    """
    while (event := await events.get()) is not None:
        yield event
        await is_open.wait()
