"""The one owner of the queue: admits calls, feeds the inference threads, gathers what comes back."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from amends_core.encoder import Encoder, Encoding

from amends_server.encoding.cache import EncodingCache
from amends_server.encoding.queue import DropReason, Job, JobQueue, Outcome, Priority, Ticket, why_drop
from amends_server.metrics import Metrics

_FIRST_COST_S = 0.003
"""Seconds a sentence is taken to cost before any was measured: MiniLM-L6 int8, 24 tokens, one thread."""
_COST_WEIGHT = 0.02
"""Weight of the newest sentence in the running mean of cost: about the last fifty count."""


class Overloaded(Exception):
    """The queue cannot take a call, or could not serve it before its deadline."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__("the queue is full")
        self.retry_after_s = retry_after_s


class QueueExpired(Exception):
    """A call's deadline passed while its sentences waited."""


class InferenceFailed(Exception):
    """The encoder raised, or the pool was closed. The pool takes no more calls until it is made anew."""


class EncodingFailed(InferenceFailed):
    """The encoder raised on a sentence of this very call: another replica would most likely do the same."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """The encodings a call asked for, and what they took."""

    encodings: dict[str, Encoding]
    queue_s: float = 0.0
    """Longest wait of one sentence."""
    encode_s: float = 0.0
    """Added over the sentences."""


@dataclass(slots=True)
class _Gathering:
    """A call that waits for its jobs. Belongs to the event loop."""

    future: asyncio.Future[None]
    missing: int
    encodings: dict[str, Encoding]
    queue_s: float = 0.0
    encode_s: float = 0.0


@dataclass(slots=True)
class _Shared:
    """What the event loop and the inference threads share, under one lock."""

    condition: threading.Condition = field(default_factory=threading.Condition)
    queue: JobQueue = field(default_factory=JobQueue)
    stopping: bool = False


class EncoderPool:
    """Encodes texts in threads, one sentence a run.

    There is no waiting window: a free thread takes what is queued. Made and used on one event loop.
    """

    def __init__(
        self,
        encoder: Encoder,
        cache: EncodingCache,
        metrics: Metrics,
        *,
        threads: int,
        max_queue: int,
        on_failure: Callable[[BaseException], None] = lambda _: None,
    ) -> None:
        self._encoder = encoder
        self._cache = cache
        self._metrics = metrics
        self._max_queue = max_queue
        self._on_failure = on_failure
        self._loop = asyncio.get_running_loop()
        self._shared = _Shared()
        self._cost_s = _FIRST_COST_S
        self._failed = False
        self._threads = [threading.Thread(target=self._work, name=f"encoder-{i}", daemon=True) for i in range(threads)]
        for thread in self._threads:
            thread.start()

    async def encode(
        self, texts: Sequence[str], *, deadline: float, priority: Priority = Priority.INTERACTIVE
    ) -> Encoded:
        """Encodes distinct `texts`; `deadline` in monotonic seconds.

        Raises:
            Overloaded: the queue is full, or the deadline cannot be met.
            QueueExpired: the deadline passed while sentences waited.
            InferenceFailed: the encoder raised, now or before, or the pool is closed.
        """
        if self._failed:
            raise InferenceFailed
        found = {text: encoding for text in texts if (encoding := self._cache.get(text)) is not None}
        self._metrics.cache.labels("hit").inc(len(found))
        wanted = [text for text in texts if text not in found]
        self._metrics.cache.labels("miss").inc(len(wanted))
        if not wanted:
            return Encoded(found)
        self._admit(len(wanted), deadline, priority)
        return await self._gather(wanted, found, Ticket(deadline, priority))

    def close(self) -> None:
        """Ends the threads once the sentence each has in hand is done. Calls that wait end with InferenceFailed."""
        with self._shared.condition:
            self._shared.stopping = True
            self._shared.condition.notify_all()
        for thread in self._threads:
            thread.join()
        while len(self._shared.queue) > 0:
            job = self._shared.queue.pop()
            job.done(job, Outcome(dropped=DropReason.CANCELLED))

    def _admit(self, count: int, deadline: float, priority: Priority) -> None:
        queued = self._shared.queue.ahead_of(priority)
        wait_s = (queued + count) * self._cost_s / len(self._threads)
        full = queued > 0 and queued + count > self._max_queue
        if full or (queued > 0 and time.monotonic() + wait_s > deadline):
            self._metrics.refused.labels("queue_full" if full else "deadline").inc()
            raise Overloaded(retry_after_s=max(0.05, queued * self._cost_s / len(self._threads)))

    async def _gather(self, wanted: Sequence[str], found: dict[str, Encoding], ticket: Ticket) -> Encoded:
        gathering = _Gathering(self._loop.create_future(), len(wanted), found)

        def done(job: Job, outcome: Outcome) -> None:
            self._loop.call_soon_threadsafe(self._collect, gathering, job, outcome)

        now = time.monotonic()
        with self._shared.condition:
            if self._shared.stopping:
                raise InferenceFailed
            for text in wanted:
                self._shared.queue.push(Job(text, ticket, now, done))
            self._shared.condition.notify(len(wanted))
        self._metrics.queued.set(len(self._shared.queue))
        try:
            await gathering.future
        finally:
            ticket.cancelled = True
        return Encoded(gathering.encodings, gathering.queue_s, gathering.encode_s)

    def _collect(self, gathering: _Gathering, job: Job, outcome: Outcome) -> None:
        self._observe(job, outcome)
        if gathering.future.done():
            return
        if outcome.encoding is None:
            gathering.future.set_exception(_failure(outcome))
            return
        gathering.encodings[job.text] = outcome.encoding
        gathering.queue_s = max(gathering.queue_s, outcome.wait_s)
        gathering.encode_s += outcome.encode_s
        gathering.missing -= 1
        if gathering.missing == 0:
            gathering.future.set_result(None)

    def _observe(self, job: Job, outcome: Outcome) -> None:
        self._metrics.queued.set(len(self._shared.queue))
        if outcome.error is not None and not self._failed:
            self._failed = True
            self._on_failure(outcome.error)
        if outcome.dropped is not None:
            self._metrics.dropped.labels(outcome.dropped.name.lower()).inc()
        if outcome.encoding is None:
            return
        self._cost_s += _COST_WEIGHT * (outcome.encode_s - self._cost_s)
        self._cache.put(job.text, outcome.encoding)
        self._metrics.cache_bytes.set(self._cache.nbytes)
        self._metrics.queue_wait.observe(outcome.wait_s)
        self._metrics.inference.observe(outcome.encode_s)
        self._metrics.tokens.observe(outcome.encoding.tokens)
        self._metrics.unknown_tokens.inc(outcome.encoding.unknown_tokens)
        self._metrics.truncated.inc(outcome.encoding.truncated)

    def _work(self) -> None:
        while (job := self._next_job()) is not None:
            started = time.monotonic()
            drop = why_drop(job, started)
            job.done(job, self._run(job, started) if drop is None else Outcome(dropped=drop))

    def _next_job(self) -> Job | None:
        with self._shared.condition:
            while len(self._shared.queue) == 0 and not self._shared.stopping:
                self._shared.condition.wait()
            return None if self._shared.stopping else self._shared.queue.pop()

    def _run(self, job: Job, started: float) -> Outcome:
        try:
            encoding = self._encoder.encode(job.text)
        except Exception as error:  # an encoder may fail in any way; its waiters must hear of it
            return Outcome(error=error)
        return Outcome(encoding, wait_s=started - job.enqueued, encode_s=time.monotonic() - started)


def _failure(outcome: Outcome) -> Exception:
    """What the waiter of a job hears that gave no encoding."""
    if outcome.dropped is DropReason.EXPIRED:
        return QueueExpired()
    return EncodingFailed() if outcome.error is not None else InferenceFailed()
