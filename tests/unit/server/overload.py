"""A service under load on a virtual clock: the policy and the cost model are real, encoder and callers are simulated.

`python tests/unit/server/overload.py` prints the table of docs/decisions/0010.
"""

import heapq
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from amends_server.encoding.costs import Costs
from amends_server.encoding.policy import Job, Priority, Schedule, Ticket

WORKERS = 2
LOADS = (0.5, 2.0, 5.0, 20.0)
"""Offered work in multiples of what the workers can do."""


@dataclass(frozen=True)
class Kind:
    """How callers of one class behave."""

    part: float
    """Of the offered work."""
    sentences: tuple[int, int]
    patience_s: tuple[float, ...]
    """Before their deadlines; drawn with equal chances."""
    together: int = 1
    """Calls that come at once."""


KINDS = {
    Priority.LIVE: Kind(0.5, (2, 8), (0.2, 0.5, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0)),
    Priority.INTERACTIVE: Kind(0.2, (20, 80), (2.0, 5.0, 10.0)),
    Priority.BULK: Kind(0.3, (3, 12), (10.0,), together=20),
}


@dataclass(eq=False)
class Call:
    """One call and what became of it."""

    ticket: Ticket
    true_s: list[float]
    """What its sentences take, in seconds of one worker."""
    ended: float | None = None
    encoded_s: float = 0.0
    is_refused: bool = False

    @property
    def is_in_time(self) -> bool:
        """Whether it was answered before its deadline."""
        return self.ended is not None and self.ended <= self.ticket.deadline


@dataclass
class Outcome:
    """What became of the calls of one class, or of all."""

    calls: list[Call]
    seconds: float

    @property
    def admitted(self) -> list[Call]:
        """Calls that were let in."""
        return [call for call in self.calls if not call.is_refused]

    @property
    def goodput(self) -> float:
        """Work of calls answered in time, as a part of what the workers can do while calls come."""
        done = (call for call in self.calls if call.is_in_time and call.ended is not None and call.ended < self.seconds)
        return sum(sum(call.true_s) for call in done) / (WORKERS * self.seconds)

    @property
    def wasted(self) -> float:
        """Work done for calls that were not answered in time, by the same measure."""
        return sum(call.encoded_s for call in self.calls if not call.is_in_time) / (WORKERS * self.seconds)

    @property
    def late(self) -> float:
        """Part of the admitted calls that were not answered in time."""
        return sum(not call.is_in_time for call in self.admitted) / max(1, len(self.admitted))

    def latency_s(self, quantile: float) -> float:
        """Of the calls that were answered."""
        times = sorted(call.ended - call.ticket.entered for call in self.calls if call.ended is not None)
        return times[min(len(times) - 1, int(quantile * len(times)))] if times else 0.0


@dataclass
class Simulation:
    """One run. `slowness` is by how much the machine is slower than the cost model first believes."""

    load: float
    seconds: float = 10.0
    """While which calls come."""
    slowness: float = 1.0
    seed: int = 1
    kinds: dict[Priority, Kind] = field(default_factory=lambda: KINDS)
    calls: list[Call] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.costs = Costs(max_tokens=128)
        self.schedule = Schedule(workers=WORKERS, max_queue=4096)
        self.by_ticket: dict[Ticket, Call] = {}
        self.idle = WORKERS
        self.runs = 0
        self.work: list[tuple[float, int, Ticket, Job, float]] = []
        """What the workers have in hand: when it ends, and what it is."""

    def run(self) -> dict[Priority, Outcome]:
        """Gives what became of the calls, by class; those that came last are let finish."""
        coming = heapq.merge(*(self._arrivals(p) for p in self.kinds), key=lambda call: call.ticket.entered)
        call = next(coming, None)
        while call is not None or self.work:
            if call is not None and (not self.work or call.ticket.entered <= self.work[0][0]):
                self._come(call)
                call = next(coming, None)
            else:
                self._end(*heapq.heappop(self.work))
        return {p: Outcome([c for c in self.calls if c.ticket.priority is p], self.seconds) for p in self.kinds}

    def _arrivals(self, priority: Priority) -> Iterator[Call]:
        kind = self.kinds[priority]
        chance = random.Random(self.seed * 10 + priority)
        mean_s = kind.together * sum(kind.sentences) / 2 * _mean_s() * self.slowness
        now = 0.0
        while (now := now + chance.expovariate(self.load * kind.part * WORKERS / mean_s)) < self.seconds:
            for _ in range(kind.together):
                lengths = [_tokens(chance) for _ in range(chance.randint(*kind.sentences))]
                texts = ["x" * max(1, round(n * chance.uniform(3, 6))) for n in lengths]
                jobs = deque(Job(f"{n} {text}", 1.0) for n, text in zip(lengths, texts, strict=True))
                ticket = Ticket(priority, now + chance.choice(kind.patience_s), now, jobs)
                yield Call(ticket, [self.slowness * _true_s(chance, n) for n in lengths])

    def _come(self, call: Call) -> None:
        self.calls.append(call)
        given, now = call.ticket, call.ticket.entered
        jobs = deque(Job(job.text, self.costs.seconds(self.costs.tokens(_text(job)))) for job in given.jobs)
        call.ticket = Ticket(given.priority, given.deadline, now, jobs)
        self.by_ticket[call.ticket] = call
        call.is_refused = self.schedule.offer(call.ticket, now) is not None
        self._feed(now)

    def _end(self, now: float, _: int, ticket: Ticket, job: Job, true_s: float) -> None:
        call = self.by_ticket[ticket]
        call.encoded_s += true_s
        self.costs.learn(_text(job), int(job.text.split()[0]), true_s)
        self.schedule.done(job)
        self.idle += 1
        if not ticket.jobs and not any(other is ticket for _, _, other, _, _ in self.work):
            call.ended = now
        self._feed(now)

    def _feed(self, now: float) -> None:
        while self.idle and (taken := self.schedule.take(now)) is not None:
            ticket, job = taken
            call = self.by_ticket[ticket]
            true_s = call.true_s[len(call.true_s) - len(ticket.jobs) - 1]
            self.runs += 1
            heapq.heappush(self.work, (now + true_s, self.runs, ticket, job, true_s))
            self.idle -= 1


def _text(job: Job) -> str:
    return job.text.split()[1]


def _tokens(chance: random.Random) -> int:
    return min(128, max(4, round(chance.lognormvariate(2.9, 0.5))))


def _true_s(chance: random.Random, tokens: int) -> float:
    """A hundred microseconds a token, give or take; one sentence in 200 meets another process."""
    seconds = (5e-4 + 1e-4 * tokens) * chance.lognormvariate(0, 0.25)
    return seconds * (10 if chance.random() < 0.005 else 1)


def _mean_s() -> float:
    chance = random.Random(0)
    return sum(_true_s(chance, _tokens(chance)) for _ in range(4000)) / 4000


def whole(outcomes: dict[Priority, Outcome]) -> Outcome:
    """All classes together."""
    seconds = next(iter(outcomes.values())).seconds
    return Outcome([call for outcome in outcomes.values() for call in outcome.calls], seconds)


def rows(load: float, outcomes: dict[Priority, Outcome]) -> Iterator[str]:
    """The rows of the decision page for one load."""
    for name, outcome in {**{p.name: o for p, o in outcomes.items()}, "all": whole(outcomes)}.items():
        yield (
            f"| {load:g}× | {name} | {len(outcome.admitted) / len(outcome.calls):.0%} | {outcome.late:.1%} | "
            f"{outcome.latency_s(0.5):.2f} | {outcome.latency_s(0.99):.2f} | {outcome.goodput:.2f} | "
            f"{outcome.wasted:.3f} |"
        )


if __name__ == "__main__":
    for load in LOADS:
        print("\n".join(rows(load, Simulation(load, seconds=30).run())))
