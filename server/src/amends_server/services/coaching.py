"""Live conversations: events are read ahead, and answered one after the other. The coach decides, this room waits.

An event that cannot be answered ends the stream with its status; the events before it have their answers, and the
last answer's token opens the conversation again. Only a partial turn that comes at a busy time is passed over.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace

from amends.v1 import conversation_pb2
from amends.v1 import empathy_service_pb2 as pb
from amends_core.coaching import Answer, Arrival, Coach, Fate, Move, Session, patience_s
from amends_core.conversation import Turn
from amends_core.taxonomy import Role

from amends_server.candidate import Trial
from amends_server.convert import advice_to, judgement_to, role_from, turn_from, turns_from
from amends_server.encoding import EncoderPool, Overloaded, Priority, QueueExpired
from amends_server.errors import draining, invalid, too_many_events, too_many_streams, too_many_streams_of_tenant
from amends_server.identity.quotas import OverQuota
from amends_server.identity.visit import Visit, current_visit
from amends_server.metrics import Metrics
from amends_server.playbooks import Edition, Shelves
from amends_server.redaction import Redactor
from amends_server.tracing import exemplar, part
from amends_server.validation import field_rules, validate

_READ_AHEAD = 64
"""Events that wait here at most; beyond, HTTP/2's flow control holds the caller back."""
_MAX_EVENTS = 20_000
"""Events of one stream, whose ids are kept: five hours of one partial turn a second; at most some 6 MB."""
_PARTIAL_DEADLINE_S = 1.0
"""A partial turn is worth no longer wait: the next one tells more."""
_OPENING_BYTES = 2 << 10
"""What the message that opens a conversation again needs beside its turns: the token, playbook, locale and ids."""
_LARGE = 100
"""Passages from which a move is judged in a thread, as for other calls."""
_LARGE_BYTES = 50_000
"""The same for the turns of a conversation: their words are counted anew with every event, 0.5 ms a 10 KB."""
_FATES = {fate: pb.AdviceFate.Value(f"ADVICE_FATE_{fate}") for fate in Fate}
_MAX_TURNS = field_rules(pb.CoachStart, "turns").repeated.max_items


@dataclass(frozen=True, slots=True)
class Limits:
    """Within which live conversations are followed."""

    max_streams: int
    deadline_s: float
    """Seconds in which an event is answered."""
    max_message_bytes: int
    """A conversation must fit into the one message that opens it again."""


@dataclass(frozen=True, slots=True)
class _Event:
    """An event that waits for its answer."""

    request: pb.CoachConversationRequest
    arrival: Arrival
    arrived: float
    problem: Exception | None = None
    """Why it cannot be answered; told once the events before it were."""

    @property
    def kind(self) -> str:
        return self.request.WhichOneof("event") or ""


class Coaching:
    """Every live conversation of the service. Belongs to one event loop."""

    def __init__(
        self,
        shelf: Shelves,
        trial: Trial,
        pool: EncoderPool,
        metrics: Metrics,
        limits: Limits,
        redactor: Redactor | None = None,
    ) -> None:
        self._shelf = shelf
        self._trial = trial
        self._pool = pool
        self._metrics = metrics
        self._limits = limits
        self._redactor = redactor
        self._streams: set[_Stream] = set()
        self._draining = False

    def drain(self) -> None:
        """Ends every stream once it has answered the event in hand, and every new one at once."""
        self._draining = True
        for stream in self._streams:
            stream.drain()

    async def follow(
        self, requests: AsyncIterator[pb.CoachConversationRequest], priority: Priority = Priority.LIVE
    ) -> AsyncGenerator[pb.CoachConversationResponse, None]:
        """Gives one answer an event, in their order.

        Raises:
            CallError: the stream cannot be opened, an event cannot be answered, or the service drains.
        """
        if self._draining:
            raise draining()
        visit = current_visit()
        self._hold_to_bounds(visit, priority)
        edition = self._shelf.current  # a conversation ends on the playbooks it began on
        stream = _Stream(edition, self._trial, self._pool, self._metrics, self._limits, priority, visit)
        reading = asyncio.create_task(stream.read(requests, self._redactor))
        self._streams.add(stream)
        self._metrics.live.inc()
        try:
            async with aclosing(stream.answers()) as answers:
                async for answer in answers:
                    yield answer
        finally:
            self._metrics.live.dec()
            self._streams.discard(stream)
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    def _hold_to_bounds(self, visit: Visit, priority: Priority) -> None:
        """There is room for another stream, here and among those of the tenant."""
        if len(self._streams) >= self._limits.max_streams:
            self._metrics.refused.labels(priority.name.lower(), "live_conversations").inc()
            raise too_many_streams(self._limits.max_streams)
        most = visit.tenant.terms.live_conversations
        if most is not None and sum(stream.tenant == visit.tenant.name for stream in self._streams) >= most:
            self._metrics.quota_refused.labels(visit.tenant.name, "live_conversations").inc()
            raise too_many_streams_of_tenant(most)


@dataclass(slots=True)
class _Gate:
    """What holds of the events of a stream together."""

    ids: set[str] = field(default_factory=set)

    def check(self, request: pb.CoachConversationRequest) -> None:
        """Takes note of an event.

        Raises:
            CallError: the event breaks a rule of the contract.
        """
        validate(request)
        is_start = request.WhichOneof("event") == "start"
        if is_start is bool(self.ids):
            raise invalid([("event", _TWO_STARTS if is_start else _NO_START)], "START_FIRST")
        if request.event_id in self.ids:
            raise invalid([("event_id", _SAME_ID)], "DUPLICATE_EVENT")
        if len(self.ids) >= _MAX_EVENTS:
            raise too_many_events(_MAX_EVENTS)
        self.ids.add(request.event_id)


_NO_START = "the first event must be start: send it before any turn, with what was said already"
_TWO_STARTS = "start must come once: send what was said since as turn, or open another stream"
_SAME_ID = "was used in this stream before: give every event an id of its own, and send none twice"


class _Stream:
    """One live conversation: a reader fills `_waiting`, `answers` empties it."""

    def __init__(
        self,
        edition: Edition,
        trial: Trial,
        pool: EncoderPool,
        metrics: Metrics,
        limits: Limits,
        priority: Priority,
        visit: Visit,
    ) -> None:
        self._current = edition
        """From which the conversation's first turn draws who answers."""
        self._trial = trial
        self._answer_by(edition)
        self._visit = visit
        self._priority = priority
        self._pool = pool
        self._metrics = metrics
        self._limits = limits
        self._gate = _Gate()
        self._waiting: deque[_Event] = deque()
        self._room = asyncio.Semaphore(_READ_AHEAD)
        self._changed = asyncio.Event()
        self._more = True
        """Whether events may still come."""
        self._draining = False
        self._read_at: dict[Role, float] = {}
        self._session: Session | None = None
        self._nbytes = _OPENING_BYTES
        """Of the message that would open the conversation again."""

    @property
    def tenant(self) -> str:
        """Whose conversation it is."""
        return self._visit.tenant.name

    def _answer_by(self, edition: Edition) -> None:
        self._edition = edition
        self._coach = Coach(edition.scorer, edition.model_id)

    def drain(self) -> None:
        """Ends the stream after the event in hand."""
        self._draining = True
        self._changed.set()

    async def read(
        self, requests: AsyncIterator[pb.CoachConversationRequest], redactor: Redactor | None = None
    ) -> None:
        """Reads events ahead until there are no more, or one breaks a rule."""
        try:
            async for request in requests:
                await self._room.acquire()
                self._gate.check(request)
                if redactor is not None:
                    await redactor.redact(request)
                self._put(_Event(request, _arrival(request), time.monotonic()))
        except Exception as error:  # told in its turn, behind the answers to the events before it
            self._put(_Event(pb.CoachConversationRequest(), Arrival(None), time.monotonic(), error))
        finally:
            self._more = False
            self._changed.set()

    async def answers(self) -> AsyncGenerator[pb.CoachConversationResponse, None]:
        """Gives an answer to each event."""
        while (taken := await self._take()) is not None:
            event, is_read = taken
            with part("event", kind=event.kind):
                answer = await self._answer(event) if is_read else None
                self._count(event, answer)
            yield self._response(event, answer or Answer())

    def _put(self, event: _Event) -> None:
        self._waiting.append(event)
        self._changed.set()

    async def _take(self) -> tuple[_Event, bool] | None:
        """The next event, and whether it is to be read or passed over; None once there are no more."""
        while not self._draining:
            patience = None
            if self._waiting:
                arrivals = [event.arrival for event in self._waiting]
                patience = patience_s(arrivals, self._read_at, time.monotonic(), more=self._more)
                if not patience:
                    self._room.release()
                    return self._waiting.popleft(), patience is not None
            elif not self._more:
                return None
            self._changed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._changed.wait()
        raise draining()

    async def _answer(self, event: _Event) -> Answer | None:
        """Answers an event; None for a partial turn at a busy time."""
        if event.problem is not None:
            raise event.problem
        move = self._move(event.request)
        try:
            self._session, answer = await self._run(move)
        except (Overloaded, QueueExpired, OverQuota):
            if not move.partial:
                raise
            return None
        finally:
            if move.partial and move.event is not None:
                self._read_at[move.event.role] = time.monotonic()
        if event.kind == "turn":
            self._nbytes += _nbytes(event.request.turn)
        return answer

    def _move(self, request: pb.CoachConversationRequest) -> Move:
        if self._session is None:
            start = request.start
            self._nbytes += sum(map(_nbytes, start.turns))
            turns = turns_from(start.turns, "start.turns")
            if start.resume_token:
                self._answer_by(self._trial.reopened(self._current, start.resume_token))
            else:
                self._answer_by(self._trial.answering(self._current, turns[0] if turns else None))
            return self._coach.opened(turns, start.playbook, start.locale, start.resume_token)
        if request.WhichOneof("event") == "partial_turn":
            return self._coach.written(self._session, turn_from(request.partial_turn, "partial_turn"))
        self._hold_to_limits(self._session, request.turn)
        turn = turn_from(request.turn, "turn")
        return self._coach.said(self._before(turn, self._session), turn)

    def _before(self, turn: Turn, session: Session) -> Session:
        """The session as the model sees it that is to answer a turn: the first one draws which, if it is not drawn."""
        if session.turns:
            return session
        self._answer_by(self._trial.answering(self._current, turn))
        return replace(session, encodings={})  # what was written of a turn so far, another model may have read

    def _hold_to_limits(self, session: Session, turn: conversation_pb2.Turn) -> None:
        """A conversation must be such that one message can open it again."""
        most = self._limits.max_message_bytes
        if len(session.turns) >= _MAX_TURNS:
            text = f"the conversation already holds {_MAX_TURNS} turns, the most; open a new one with the last of them"
            raise invalid([("turn", text)], "TOO_MANY_TURNS")
        if self._nbytes + _nbytes(turn) > most:
            text = f"the conversation would no longer fit into a message of {most} bytes; open a new one with its end"
            raise invalid([("turn", text)], "CONVERSATION_TOO_LARGE")

    async def _run(self, move: Move) -> tuple[Session, Answer]:
        texts = move.texts
        self._charge(move, len(texts))
        self._metrics.batch.observe(len(texts))
        wait_s = min(_PARTIAL_DEADLINE_S, self._limits.deadline_s) if move.partial else self._limits.deadline_s
        encoded = await self._pool.encode(
            texts,
            deadline=time.monotonic() + wait_s,
            priority=self._priority,
            tenant=self.tenant,
            model=self._edition.reader,
        )
        self._metrics.request_tokens.observe(encoded.tokens)
        # Would hold the event loop up.
        if len(texts) + len(move.before.encodings) > _LARGE or self._nbytes > _LARGE_BYTES:
            answered = await asyncio.to_thread(self._coach.answer, move, encoded.encodings)
        else:
            answered = self._coach.answer(move, encoded.encodings)
        self._tell_trial(move, answered[1])
        return answered

    def _tell_trial(self, move: Move, answer: Answer) -> None:
        if move.partial:
            return
        if move.reply_plan is not None and answer.judgement is not None:
            self._trial.judged(self._edition, move.reply_plan, answer.judgement)
        if move.advice_plan is not None and answer.advice is not None:
            self._trial.advised(self._edition, move.advice_plan, answer.advice)

    def _charge(self, move: Move, sentences: int) -> None:
        """Takes an event from the tenant's quota; the call itself paid for the first."""
        turns = len(move.after.turns)
        if self._session is not None:
            self._visit.call()
            turns -= len(move.before.turns)
        self._visit.read(turns=turns, sentences=sentences, playbook=move.after.playbook.name)

    def _count(self, event: _Event, answer: Answer | None) -> None:
        self._metrics.live_events.labels(event.kind, "passed_over" if answer is None else "read").inc()
        if answer is None:
            return
        self._metrics.live_event.labels(event.kind).observe(time.monotonic() - event.arrived, exemplar())
        if answer.fate is not None and self._session is not None:
            self._metrics.fates.labels(self._session.playbook.name, answer.fate.value).inc()

    def _response(self, event: _Event, answer: Answer) -> pb.CoachConversationResponse:
        return pb.CoachConversationResponse(
            event_id=event.request.event_id,
            judgement=judgement_to(answer.judgement) if answer.judgement is not None else None,
            advice=advice_to(answer.advice) if answer.advice is not None else None,
            previous_advice_fate=_FATES[answer.fate] if answer.fate is not None else pb.ADVICE_FATE_UNSPECIFIED,
            resume_token=self._coach.token(self._session) if self._session is not None else b"",
            model=self._edition.model if answer.judgement is not None or answer.advice is not None else None,
        )


def _nbytes(turn: conversation_pb2.Turn) -> int:
    """Of a turn within another message: itself, its field's tag and its length."""
    return turn.ByteSize() + 4


def _arrival(request: pb.CoachConversationRequest) -> Arrival:
    kind = request.WhichOneof("event")
    if kind == "turn":
        return Arrival(role_from(request.turn))
    return Arrival(role_from(request.partial_turn), partial=True) if kind == "partial_turn" else Arrival(None)
