"""The one owner of the queue: feeds the workers and gathers what comes back. What goes first is policy's."""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from amends_core.encoder import Encoding

from amends_server.encoding.cache import EncodingCache
from amends_server.encoding.costs import Costs
from amends_server.encoding.policy import Job, Priority, Refusal, Schedule, Ticket
from amends_server.metrics import Metrics
from amends_server.tracing import exemplar, part
from amends_server.workers.memory import shared_out_bytes
from amends_server.workers.work import Fault, Outcome, Task, Worker

_MAX_TOKENS = 512
"""What encoders of this kind read at most."""
_MOST_JITTER = 0.5
"""By which part, at most, callers are asked to come back later than the estimate: not all at once."""
_LOT = random.Random()  # noqa: S311  no secret; of its own, as who embeds the service may have seeded the common one
_HANDFUL_S = 0.005
"""A worker is given sentences of a call together up to so many seconds of estimate: each handful has to go there and
back, and whatever is more urgent waits no longer than those that were given."""


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


@dataclass(slots=True)
class _Gathering:
    """A call that waits for its jobs."""

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
    """What is known of one model."""

    cache: EncodingCache
    costs: Costs
    on_failure: Callable[[str], None]
    failed: bool = False


_Handful = Sequence[tuple[Ticket, Job]]


class EncoderPool:
    """Has texts encoded by workers, one sentence a run.

    There is no waiting window: a free worker is given what is queued. Belongs to one event loop, on which it is made,
    used and closed. The workers may read a second model behind the same queue; it may fail by itself.
    """

    def __init__(
        self,
        workers: Sequence[Worker],
        cache: EncodingCache,
        metrics: Metrics,
        *,
        max_queue: int,
        max_tokens: int = _MAX_TOKENS,
        on_failure: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Starts the workers; `on_failure` is told the type of the error for which the first model is given up."""
        self._readers = [_Reader(cache, Costs(max_tokens), on_failure)]
        self._metrics = metrics
        self._schedule = Schedule(workers=len(workers), max_queue=max_queue)
        self._calls: dict[Ticket, _Gathering] = {}
        self._stopping = False
        self._given: Mapping[Worker, deque[_Handful]] = {worker: deque() for worker in workers}
        """What each worker has in hand, oldest first."""
        metrics.workers.set(len(workers))
        for worker in workers:
            worker.begin(self)

    async def ready(self) -> None:
        """Returns once every worker can encode.

        Raises:
            BundleError: a worker cannot load a model.
        """
        outcomes = await asyncio.gather(*(worker.ready() for worker in self._given), return_exceptions=True)
        for failure in filter(None, outcomes):
            raise failure

    async def measure_memory(self) -> None:
        """Tells the metrics what the workers take; in a thread, since the kernel needs some 2 ms a process."""
        pids = [pid for worker in self._given for pid in worker.pids]
        self._metrics.worker_memory.set(await asyncio.to_thread(shared_out_bytes, pids))

    def add_model(
        self,
        cache: EncodingCache,
        *,
        max_tokens: int = _MAX_TOKENS,
        on_failure: Callable[[str], None] = lambda _: None,
    ) -> int:
        """Makes the workers' next model known, and gives its number for `encode`; the first has 0."""
        self._readers.append(_Reader(cache, Costs(max_tokens), on_failure))
        return len(self._readers) - 1

    def works(self, model: int = 0) -> bool:
        """Whether the encoder of a model has not failed."""
        return not self._readers[model].failed

    def open_to(self, priority: Priority) -> None:
        """Turns a call away before it is read, where every call of its class is refused.

        Raises:
            Overloaded: the queue is full, or stands.
        """
        refusal = self._schedule.turn_away(priority, time.monotonic())
        self._expire()
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
            gathering = _Gathering(asyncio.get_running_loop().create_future(), len(wanted), found, exemplar=exemplar())
            encoded = await self._gather(ticket, gathering)
            span.set_attributes({"amends.queue_seconds": encoded.queue_s, "amends.encode_seconds": encoded.encode_s})
            return encoded

    async def close(self) -> None:
        """Ends the workers once what each has in hand is done. Calls that wait end with InferenceFailed."""
        self._stopping = True
        await asyncio.gather(*(worker.close() for worker in self._given))
        self._give_up()

    def done(self, worker: Worker, outcomes: Sequence[Outcome], cpu_s: float) -> None:
        """A worker comes back with what became of its oldest handful. For workers."""
        handful = self._given[worker].popleft()
        for _, job in handful:
            self._schedule.done(job)
        self._feed()
        for (ticket, job), outcome in zip(handful, outcomes, strict=True):
            self._collect(ticket, job, outcome)
        self._measure_queue()
        self._metrics.worker_cpu.inc(cpu_s)
        self._metrics.cache_bytes.set(sum(each.cache.nbytes for each in self._readers))

    def lost(self, kind: str) -> None:
        """A worker has ended unasked: no model can be relied on. For workers."""
        for reader in self._readers:
            self._break(kind, reader)

    def _admit(self, ticket: Ticket) -> None:
        if self._stopping:
            raise InferenceFailed
        refusal = self._schedule.offer(ticket, time.monotonic())
        self._expire()
        self._heed(refusal)
        self._metrics.admitted.labels(ticket.priority.name.lower()).inc()

    def _heed(self, refusal: Refusal | None) -> None:
        if refusal is None:
            return
        self._metrics.refused.labels(refusal.priority.name.lower(), refusal.limit.value).inc()
        raise Overloaded(refusal, refusal.retry_after_s * (1 + _LOT.uniform(0, _MOST_JITTER)))

    async def _gather(self, ticket: Ticket, gathering: _Gathering) -> Encoded:
        self._calls[ticket] = gathering
        self._feed()
        self._measure_queue()
        try:
            await gathering.future
        finally:
            del self._calls[ticket]
            self._withdraw(ticket)
        return Encoded(gathering.encodings, gathering.queue_s, gathering.encode_s)

    def _withdraw(self, ticket: Ticket) -> None:
        left = self._schedule.withdraw(ticket)
        if left:
            self._metrics.dropped.labels("cancelled").inc(left)
            self._measure_queue()

    def _feed(self) -> None:
        """Gives what goes next to the workers that have the least in hand, as long as one has room."""
        while not self._stopping:
            worker, given = min(self._given.items(), key=lambda each: (len(each[1]), sum(map(len, each[1]))))
            if len(given) >= worker.room or not (handful := self._take()):
                return
            given.append(handful)
            worker.give([Task(job.text, ticket.deadline, ticket.model) for ticket, job in handful])

    def _take(self) -> _Handful:
        """What goes next, to the end of a call: no more than a handful, and than a worker's part of what waits."""
        now, schedule = time.monotonic(), self._schedule
        handful: list[tuple[Ticket, Job]] = []
        left_s, most = _HANDFUL_S, -(-len(schedule) // len(self._given))
        while left_s > 0 and len(handful) < most and (taken := schedule.take(now)) is not None:
            handful.append(taken)
            left_s -= taken[1].cost_s
            if not taken[0].jobs:
                break
        self._expire()
        return handful

    def _expire(self) -> None:
        for ticket in self._schedule.pull_expired():
            self._expire_one(self._calls.get(ticket), len(ticket.jobs))

    def _expire_one(self, gathering: _Gathering | None, sentences: int) -> None:
        self._metrics.dropped.labels("expired").inc(sentences)
        if gathering is not None:
            gathering.fail(QueueExpired())

    def _break(self, kind: str, reader: _Reader) -> None:
        """Takes no more calls for a model: not a sentence but its encoder, or a worker, has failed."""
        if reader.failed:
            return
        reader.failed = True
        reader.on_failure(kind)
        self._give_up()

    def _give_up(self) -> None:
        for ticket, gathering in self._calls.items():
            if self._stopping or self._readers[ticket.model].failed:
                gathering.fail(InferenceFailed())

    def _collect(self, ticket: Ticket, job: Job, outcome: Outcome) -> None:
        gathering = self._calls.get(ticket)
        if outcome.fault is Fault.EXPIRED:
            self._expire_one(gathering, 1)
            return
        wait_s = outcome.started - ticket.entered
        traced = gathering.exemplar if gathering else None
        self._metrics.queue_wait.labels(ticket.priority.name.lower()).observe(wait_s, traced)
        self._observe(ticket, job, outcome, traced)
        if gathering is None or gathering.future.done():
            return
        if outcome.encoding is None:
            gathering.fail(EncodingFailed(outcome.kind))
            return
        gathering.encodings[job.text] = outcome.encoding
        gathering.queue_s = max(gathering.queue_s, wait_s)
        gathering.encode_s += outcome.seconds
        gathering.missing -= 1
        if gathering.missing == 0:
            gathering.future.set_result(None)

    def _observe(self, ticket: Ticket, job: Job, outcome: Outcome, traced: dict[str, str] | None) -> None:
        reader, is_shadow = self._readers[ticket.model], ticket.priority is Priority.SHADOW
        if outcome.fault is not None:
            if not is_shadow:
                self._metrics.inference_errors.labels(outcome.fault.value).inc()
            if outcome.fault is Fault.ENCODER:
                self._break(outcome.kind, reader)
        if outcome.encoding is None:
            return
        reader.costs.learn(job.text, outcome.encoding.tokens, outcome.seconds)
        reader.cache.put(job.text, outcome.encoding, ticket.tenant)
        self._metrics.inference.observe(outcome.seconds, traced)
        if not is_shadow:  # which takes the workers' time, but is no sentence that a caller sent
            self._metrics.encoded(job.text, outcome.encoding, seconds=outcome.seconds, estimate_s=job.cost_s)

    def _measure_queue(self) -> None:
        self._metrics.queued.set(len(self._schedule))
        self._metrics.queue_work.set(self._schedule.work_s)


def _job(text: str, costs: Costs) -> Job:
    return Job(text, costs.seconds(costs.tokens(text)))
