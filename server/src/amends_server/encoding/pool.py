"""The one owner of the queue: feeds the inference threads and gathers what comes back. What goes first is policy's."""

import asyncio
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from amends_core.encoder import Encoder, Encoding

from amends_server.encoding.cache import EncodingCache
from amends_server.encoding.costs import Costs
from amends_server.encoding.policy import Job, Priority, Refusal, Schedule, Ticket
from amends_server.metrics import Metrics
from amends_server.tracing import exemplar, part

_MAX_TOKENS = 512
"""What encoders of this kind read at most."""
_MOST_JITTER = 0.5
"""By which part, at most, callers are asked to come back later than the estimate: not all at once."""
_HANDFUL_S = 0.005
"""A thread takes sentences of a call together up to so many seconds of estimate: each time it comes back it has to
wait for the lock and to wake the event loop up, and whatever is more urgent waits no longer than this."""
_PROBE = "Thank you."
"""Encoded after a sentence on which the encoder raised: is it the sentence, or the encoder?"""


class Overloaded(Exception):
    """The queue cannot take a call, or could not serve it before its deadline."""

    def __init__(self, refusal: Refusal, retry_after_s: float) -> None:
        super().__init__(refusal.limit)
        self.refusal = refusal
        self.retry_after_s = retry_after_s


class QueueExpired(Exception):
    """A call's deadline passed while its sentences waited."""


class InferenceFailed(Exception):
    """The encoder does not work, or the pool was closed. The pool takes no more calls until it is made anew."""


class EncodingFailed(InferenceFailed):
    """The encoder raised on a sentence of this very call: another replica would most likely do the same."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind
        """The type of the encoder's error, and not the error itself, which may quote the sentence."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """The encodings a call asked for, and what they took."""

    encodings: dict[str, Encoding]
    queue_s: float = 0.0
    """Longest wait of one sentence."""
    encode_s: float = 0.0
    """Added over the sentences."""

    @property
    def tokens(self) -> int:
        """Of all texts that were asked for, cached ones too."""
        return sum(encoding.tokens for encoding in self.encodings.values())


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of a job: an encoding or an error."""

    wait_s: float
    encode_s: float
    encoding: Encoding | None = None
    error: BaseException | None = None
    is_broken: bool = False
    """Whether the encoder raised on a plain sentence, too."""


@dataclass(slots=True)
class _Gathering:
    """A call that waits for its jobs. Belongs to the event loop."""

    future: asyncio.Future[None]
    missing: int
    encodings: dict[str, Encoding]
    queue_s: float = 0.0
    encode_s: float = 0.0
    exemplar: dict[str, str] | None = None
    """Of the span in which the call waits."""

    def fail(self, error: Exception) -> None:
        if not self.future.done():
            self.future.set_exception(error)


@dataclass(slots=True)
class _Reader:
    """What reads for one model. Belongs to the event loop, but for its encoder."""

    encoder: Encoder
    cache: EncodingCache
    costs: Costs
    on_failure: Callable[[BaseException], None]
    failed: bool = False


@dataclass(slots=True)
class _Shared:
    """What the event loop and the inference threads share, under one lock."""

    schedule: Schedule
    condition: threading.Condition = field(default_factory=threading.Condition)
    stopping: bool = False


class EncoderPool:
    """Encodes texts in threads, one sentence a run.

    There is no waiting window: a free thread takes what is queued. Made and used on one event loop. A second model may
    be read by the same threads, behind the same queue; it may fail by itself.
    """

    def __init__(
        self,
        encoder: Encoder,
        cache: EncodingCache,
        metrics: Metrics,
        *,
        threads: int,
        max_queue: int,
        max_tokens: int = _MAX_TOKENS,
        on_failure: Callable[[BaseException], None] = lambda _: None,
    ) -> None:
        self._readers = [_Reader(encoder, cache, Costs(max_tokens), on_failure)]
        self._metrics = metrics
        self._loop = asyncio.get_running_loop()
        self._shared = _Shared(Schedule(threads=threads, max_queue=max_queue))
        self._calls: dict[Ticket, _Gathering] = {}
        metrics.threads.set(threads)
        self._threads = [threading.Thread(target=self._work, name=f"encoder-{i}", daemon=True) for i in range(threads)]
        for thread in self._threads:
            thread.start()

    def add_model(
        self,
        encoder: Encoder,
        cache: EncodingCache,
        *,
        max_tokens: int = _MAX_TOKENS,
        on_failure: Callable[[BaseException], None] = lambda _: None,
    ) -> int:
        """Takes another model in, and gives the number by which `encode` is asked for it; the first has 0."""
        self._readers.append(_Reader(encoder, cache, Costs(max_tokens), on_failure))
        return len(self._readers) - 1

    def works(self, model: int = 0) -> bool:
        """Whether the encoder of a model has not failed."""
        return not self._readers[model].failed

    def open_to(self, priority: Priority) -> None:
        """Turns a call away before it is read, where every call of its class is refused.

        Raises:
            Overloaded: the queue is full, or stands.
        """
        with self._shared.condition:
            refusal = self._shared.schedule.turn_away(priority, time.monotonic())
            expired = self._shared.schedule.pull_expired()
        self._expire(expired)
        self._heed(refusal)

    async def encode(
        self,
        texts: Sequence[str],
        *,
        deadline: float,
        priority: Priority = Priority.INTERACTIVE,
        tenant: str = "",
        model: int = 0,
    ) -> Encoded:
        """Encodes distinct `texts` that a model did not encode for the tenant before; `deadline` in monotonic seconds.

        Raises:
            Overloaded: the queue is full, or the deadline cannot be met.
            QueueExpired: the deadline passed while sentences waited.
            EncodingFailed: the encoder raised on one of the texts; others go on.
            InferenceFailed: the encoder does not work, or the pool is closed.
        """
        reader = self._readers[model]
        if reader.failed:
            raise InferenceFailed
        found = {text: encoding for text in texts if (encoding := reader.cache.get(text, tenant)) is not None}
        wanted = [text for text in texts if text not in found]
        if priority is not Priority.SHADOW:
            self._metrics.cache.labels("hit").inc(len(found))
            self._metrics.cache.labels("miss").inc(len(wanted))
        if not wanted:
            return Encoded(found)
        jobs = deque(_job(text, reader.costs) for text in wanted)
        ticket = Ticket(priority, deadline, time.monotonic(), jobs, tenant=tenant, model=model)
        with part("encode", sentences=len(texts), cached=len(found), priority=priority.name.lower()) as span:
            self._admit(ticket)
            gathering = _Gathering(self._loop.create_future(), len(wanted), found, exemplar=exemplar())
            encoded = await self._gather(ticket, gathering)
            span.set_attributes({"amends.queue_seconds": encoded.queue_s, "amends.encode_seconds": encoded.encode_s})
            return encoded

    def close(self) -> None:
        """Ends the threads once the sentence each has in hand is done. Calls that wait end with InferenceFailed."""
        with self._shared.condition:
            self._shared.stopping = True
            self._shared.condition.notify_all()
        for thread in self._threads:
            thread.join()
        self._tell(self._give_up)

    def _admit(self, ticket: Ticket) -> None:
        with self._shared.condition:
            if self._shared.stopping:
                raise InferenceFailed
            refusal = self._shared.schedule.offer(ticket, time.monotonic())
            expired = self._shared.schedule.pull_expired()
            if refusal is None:
                self._shared.condition.notify(len(ticket.jobs))
        self._expire(expired)
        self._heed(refusal)
        self._metrics.admitted.labels(ticket.priority.name.lower()).inc()

    def _heed(self, refusal: Refusal | None) -> None:
        if refusal is None:
            return
        self._metrics.refused.labels(refusal.priority.name.lower(), refusal.limit.value).inc()
        raise Overloaded(refusal, refusal.retry_after_s * (1 + random.uniform(0, _MOST_JITTER)))  # noqa: S311  no secret

    async def _gather(self, ticket: Ticket, gathering: _Gathering) -> Encoded:
        self._calls[ticket] = gathering
        self._measure_queue()
        try:
            await gathering.future
        finally:
            del self._calls[ticket]
            self._withdraw(ticket)
        return Encoded(gathering.encodings, gathering.queue_s, gathering.encode_s)

    def _withdraw(self, ticket: Ticket) -> None:
        with self._shared.condition:
            left = self._shared.schedule.withdraw(ticket)
        self._metrics.dropped.labels("cancelled").inc(left)
        self._measure_queue()

    def _expire(self, tickets: Sequence[Ticket]) -> None:
        for ticket in tickets:
            self._expire_one(self._calls.get(ticket), len(ticket.jobs))

    def _expire_one(self, gathering: _Gathering | None, sentences: int) -> None:
        self._metrics.dropped.labels("expired").inc(sentences)
        if gathering is not None:
            gathering.fail(QueueExpired())

    def _break(self, error: BaseException, reader: _Reader) -> None:
        """Takes no more calls for a model: not a sentence but its encoder, or a thread, has failed."""
        if reader.failed:
            return
        reader.failed = True
        reader.on_failure(error)
        self._give_up()

    def _break_all(self, error: BaseException) -> None:
        for reader in self._readers:
            self._break(error, reader)

    def _give_up(self) -> None:
        for ticket, gathering in self._calls.items():
            if self._shared.stopping or self._readers[ticket.model].failed:
                gathering.fail(InferenceFailed())

    def _collect(self, outcomes: Sequence[tuple[Ticket, Job, _Outcome]]) -> None:
        self._measure_queue()
        for ticket, job, outcome in outcomes:
            self._collect_one(ticket, job, outcome)
        self._metrics.cache_bytes.set(sum(each.cache.nbytes for each in self._readers))

    def _collect_one(self, ticket: Ticket, job: Job, outcome: _Outcome) -> None:
        gathering = self._calls.get(ticket)
        if isinstance(outcome.error, QueueExpired):
            self._expire_one(gathering, 1)
            return
        self._observe(ticket, job, outcome, gathering.exemplar if gathering else None)
        if gathering is None or gathering.future.done():
            return
        if outcome.encoding is None:
            gathering.fail(EncodingFailed(type(outcome.error).__name__))
            return
        gathering.encodings[job.text] = outcome.encoding
        gathering.queue_s = max(gathering.queue_s, outcome.wait_s)
        gathering.encode_s += outcome.encode_s
        gathering.missing -= 1
        if gathering.missing == 0:
            gathering.future.set_result(None)

    def _observe(self, ticket: Ticket, job: Job, outcome: _Outcome, traced: dict[str, str] | None) -> None:
        reader, is_shadow = self._readers[ticket.model], ticket.priority is Priority.SHADOW
        self._metrics.queue_wait.labels(ticket.priority.name.lower()).observe(outcome.wait_s, traced)
        if outcome.error is not None:
            if not is_shadow:
                self._metrics.inference_errors.labels("encoder" if outcome.is_broken else "sentence").inc()
            if outcome.is_broken:
                self._break(outcome.error, reader)
        if outcome.encoding is None:
            return
        reader.costs.learn(job.text, outcome.encoding.tokens, outcome.encode_s)
        reader.cache.put(job.text, outcome.encoding, ticket.tenant)
        self._metrics.inference.observe(outcome.encode_s, traced)
        if not is_shadow:  # which takes the threads' time, but is no sentence that a caller sent
            self._metrics.encoded(job.text, outcome.encoding, seconds=outcome.encode_s, estimate_s=job.cost_s)

    def _measure_queue(self) -> None:
        self._metrics.queued.set(len(self._shared.schedule))
        self._metrics.queue_work.set(self._shared.schedule.work_s)

    def _work(self) -> None:
        done: Sequence[tuple[Ticket, Job]] = ()
        try:
            while done := self._next(done):
                self._tell(self._collect, [(ticket, job, self._run(ticket, job)) for ticket, job in done])
        except BaseException as error:  # a thread that ends must be known, or its part of the work would wait for ever
            self._tell(self._break_all, error)

    def _next(self, before: Sequence[tuple[Ticket, Job]]) -> Sequence[tuple[Ticket, Job]]:
        """Waits for work; nothing once the pool closes. `before` is what the thread had in hand."""
        with self._shared.condition:
            for _, job in before:
                self._shared.schedule.done(job)
            while not self._shared.stopping:
                handful = self._take()
                if expired := self._shared.schedule.pull_expired():
                    self._tell(self._expire, expired)
                if handful:
                    return handful
                self._shared.condition.wait()
            return ()

    def _take(self) -> Sequence[tuple[Ticket, Job]]:
        """What goes next, to the end of a call: no more than a handful, and than this thread's part of what waits."""
        now, schedule = time.monotonic(), self._shared.schedule
        handful: list[tuple[Ticket, Job]] = []
        left_s, most = _HANDFUL_S, -(-len(schedule) // len(self._threads))
        while left_s > 0 and len(handful) < most and (taken := schedule.take(now)) is not None:
            handful.append(taken)
            left_s -= taken[1].cost_s
            if not taken[0].jobs:
                break
        return handful

    def _run(self, ticket: Ticket, job: Job) -> _Outcome:
        started = time.monotonic()
        wait_s = started - ticket.entered
        if started >= ticket.deadline:
            return _Outcome(wait_s, 0.0, error=QueueExpired())
        encoder = self._readers[ticket.model].encoder
        try:
            encoding = encoder.encode(job.text)
        except Exception as error:  # an encoder may fail in any way; its waiters must hear of it
            return _Outcome(wait_s, time.monotonic() - started, error=error, is_broken=not _is_sound(encoder))
        return _Outcome(wait_s, time.monotonic() - started, encoding)

    def _tell(self, what: Callable[..., None], *args: object) -> None:
        with suppress(RuntimeError):  # the loop was closed: nobody waits
            self._loop.call_soon_threadsafe(what, *args)


def _job(text: str, costs: Costs) -> Job:
    return Job(text, costs.seconds(costs.tokens(text)))


def _is_sound(encoder: Encoder) -> bool:
    try:
        encoder.encode(_PROBE)
    except Exception:
        return False
    return True
