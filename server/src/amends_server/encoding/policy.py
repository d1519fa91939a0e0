"""Who is admitted, and what is encoded next: pure policy. The owner tells the time.

A call waits as one ticket with a job for each of its sentences. Classes share encoding time: each has a part that is
held for it while it waits, and the rest goes to the first class that waits. Within a class the earliest deadline goes
first (EDF). Shadow work has no part: it is done where nobody else waits. What cannot be done in time is refused at
the door, so that what is admitted is done in time.
"""

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from math import exp, inf

_HEADROOM = 0.2
"""Part of a call's time that must be left over when it is admitted: for calls of tighter deadlines that come later,
and for errors of the estimate."""
_MEMORY_S = 1.0
"""Time constant over which the load of a class is averaged, in seconds."""
_NEWEST = 0.1
"""Part that the newest call has in what is usual of its class."""
_LEAST_RETRY_S, _MOST_RETRY_S = 0.05, 60.0


class Priority(IntEnum):
    """What goes first."""

    LIVE = 0
    """Somebody is writing right now."""
    INTERACTIVE = 1
    """Somebody looks at the screen and waits."""
    BULK = 2
    """Nobody waits."""
    SHADOW = 3
    """Nobody asked: what a second model says is only compared. The service's own; no caller can name it."""


SHARES: Mapping[Priority, float] = {
    Priority.LIVE: 0.8,
    Priority.INTERACTIVE: 0.15,
    Priority.BULK: 0.05,
    Priority.SHADOW: 0.0,
}
"""Part of the encoding time that is held for a class while it waits. They add up to 1."""


TARGETS: Mapping[Priority, float] = {
    Priority.LIVE: 0.25,
    Priority.INTERACTIVE: 1.0,
    Priority.BULK: inf,
    Priority.SHADOW: inf,
}
"""How long the queue of a class may stand, in seconds. A burst may be longer; a queue that never empties is too many
callers, and waiting longer would serve none of them more.

Source: Nichols and Jacobson (2012), Controlling queue delay (CoDel); Maurer (2015), Fail at scale.
"""
STANDING_S = 1.0
"""Seconds without an empty queue from which one stands."""


class Limit(StrEnum):
    """What a refused call ran into."""

    QUEUE_FULL = "queue_full"
    """More sentences wait than may."""
    STANDING_QUEUE = "standing_queue"
    """The queue of the call's class did not empty for a while and is longer than its target."""
    DEADLINE = "deadline"
    """The call, or one of its class that was admitted before, would not be done in time."""


@dataclass(frozen=True, slots=True)
class Job:
    """One sentence to encode."""

    text: str
    cost_s: float
    """Estimated seconds of one worker; above 0."""


@dataclass(slots=True, eq=False)
class Ticket:
    """One call in the queue."""

    priority: Priority
    deadline: float
    """Monotonic seconds."""
    entered: float
    """Monotonic seconds."""
    jobs: deque[Job]
    """Those that wait, in the order in which they are done."""
    work_s: float = field(init=False)
    """What they cost together, in seconds of one worker."""
    number: int = 0
    """Given by the schedule, in the order of arrival."""
    tenant: str = ""
    """Whose call it is; it goes first for nobody."""
    model: int = 0
    """Which of the owner's models is to encode it; it goes first for none."""

    def __post_init__(self) -> None:
        """Adds the costs up."""
        self.work_s = sum(job.cost_s for job in self.jobs)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a call was not admitted. Seconds are those of the clock, by estimate."""

    limit: Limit
    priority: Priority
    waiting: int
    """Sentences that wait in the call's class and those before it."""
    most: int
    """How many of them may wait."""
    queue_s: float
    """How long the queue of the call's class is."""
    needs_s: float
    """How long the call's own sentences take."""
    left_s: float
    """Until its deadline."""

    @property
    def retry_after_s(self) -> float:
        """When what waits now will have been done; from 0.05 to 60 seconds."""
        return min(max(self.queue_s, _LEAST_RETRY_S), _MOST_RETRY_S)


@dataclass(slots=True)
class _Line:
    """The tickets of one class."""

    share: float
    tickets: list[Ticket] = field(default_factory=list)
    """By deadline, then arrival; none without a job."""
    sentences: int = 0
    work_s: float = 0.0
    owed_s: float = 0.0
    """How much of its share the class did not get yet, in seconds of one worker."""
    empty_at: float = -inf
    """When nobody of the class waited, the last time that was looked."""
    usual_s: float = 0.0
    """What the class's calls cost of late, in seconds of one worker."""
    _load: float = 0.0
    _load_at: float = 0.0

    def add(self, ticket: Ticket) -> None:
        insort(self.tickets, ticket, key=_order)
        self.sentences += len(ticket.jobs)
        self.work_s += ticket.work_s

    def pop(self) -> tuple[Ticket, Job]:
        ticket = self.tickets[0]
        job = ticket.jobs.popleft()
        ticket.work_s -= job.cost_s
        self._forget(1, job.cost_s)
        if not ticket.jobs:
            del self.tickets[0]
        return ticket, job

    def cut(self, start: int, end: int) -> list[Ticket]:
        """Takes tickets out."""
        gone = self.tickets[start:end]
        del self.tickets[start:end]
        for ticket in gone:
            self._forget(len(ticket.jobs), ticket.work_s)
        return gone

    def ask(self, work_s: float, now: float) -> None:
        """Counts work that callers bring, admitted or not: what is refused today is admitted as soon as it can be."""
        self._load, self._load_at = self.load(now) + work_s / _MEMORY_S, now
        self.usual_s += _NEWEST * (work_s - self.usual_s)

    def load(self, now: float) -> float:
        """Work that callers brought of late, in seconds of one worker a second."""
        return self._load * exp((self._load_at - now) / _MEMORY_S)

    def _forget(self, sentences: int, work_s: float) -> None:
        self.sentences -= sentences
        self.work_s = self.work_s - work_s if self.sentences else 0.0  # rounding errors do not add up


class Schedule:
    """The queue. Times are monotonic seconds and never go back. Not thread-safe."""

    def __init__(self, *, workers: int, max_queue: int) -> None:
        self._workers = workers
        self._max_queue = max_queue
        self._lines = {priority: _Line(share) for priority, share in SHARES.items()}
        self._in_hand: list[tuple[Priority, Job]] = []
        self._arrivals = 0
        self._expired: list[Ticket] = []

    def __len__(self) -> int:
        """Sentences that wait."""
        return sum(line.sentences for line in self._lines.values())

    @property
    def work_s(self) -> float:
        """What waits, in seconds of all workers."""
        return sum(line.work_s for line in self._lines.values()) / self._workers

    def offer(self, ticket: Ticket, now: float) -> Refusal | None:
        """Takes a call in, or says why not.

        While nobody waits in the call's class or before it, it is taken: estimates that are far too high would
        otherwise refuse every call, and never learn.
        """
        self._expire(now)
        line = self._lines[ticket.priority]
        line.ask(ticket.work_s, now)
        waiting = self._waiting(ticket.priority)
        refusal = self._refusal(ticket, now, waiting) if waiting else None
        if refusal is None:
            self._arrivals += 1
            ticket.number = self._arrivals
            line.add(ticket)
        return refusal

    def turn_away(self, priority: Priority, now: float) -> Refusal | None:
        """Says why every call of a class is refused now, however small; None where that depends on the call.

        To be asked before a call is read: reading one costs much of what refusing it is to save. A call that is
        turned away counts as a usual one of its class in what callers bring.
        """
        self._expire(now)
        waiting, line = self._waiting(priority), self._lines[priority]
        if not waiting:
            return None
        queue_s = self._outlook(priority, now).finish_s(line.work_s)
        limit = self._crowded(priority, waiting, 1, queue_s, now)
        if limit is None:
            return None
        line.ask(line.usual_s, now)
        return Refusal(limit, priority, waiting, self._max_queue, queue_s, needs_s=0.0, left_s=inf)

    def take(self, now: float) -> tuple[Ticket, Job] | None:
        """Gives what is to be encoded next, and None where nothing waits. The owner tells by `done` when it is."""
        self._expire(now)
        waiting = [line for priority, line in self._lines.items() if line.tickets and self._may_take(priority)]
        if not waiting:
            return None
        line = next((line for line in waiting if line.owed_s >= line.tickets[0].jobs[0].cost_s), waiting[0])
        ticket, job = line.pop()
        for each in waiting:
            each.owed_s += each.share * job.cost_s
        line.owed_s = max(0.0, line.owed_s - job.cost_s)
        self._settle(now)
        self._in_hand.append((ticket.priority, job))
        return ticket, job

    def done(self, job: Job) -> None:
        """Takes note that a job is no longer in hand."""
        place = next(place for place, (_, each) in enumerate(self._in_hand) if each is job)
        del self._in_hand[place]

    def withdraw(self, ticket: Ticket) -> int:
        """Takes a call out that nobody waits for; gives how many sentences of it were not taken yet."""
        line = self._lines[ticket.priority]
        place = bisect_left(line.tickets, _order(ticket), key=_order)
        if place == len(line.tickets) or line.tickets[place] is not ticket:
            return 0
        line.cut(place, place + 1)
        return len(ticket.jobs)

    def pull_expired(self) -> list[Ticket]:
        """Gives the calls whose deadline passed while they waited; each once."""
        expired, self._expired = self._expired, []
        return expired

    def _may_take(self, priority: Priority) -> bool:
        """Whether a worker may take work of a class: shadow work leaves one worker to whoever comes next."""
        if priority is not Priority.SHADOW:
            return True
        shadows = sum(each is Priority.SHADOW for each, _ in self._in_hand)
        return shadows < max(1, self._workers - 1)

    def _expire(self, now: float) -> None:
        for line in self._lines.values():
            if line.tickets:
                self._expired += line.cut(0, bisect_right(line.tickets, now, key=lambda ticket: ticket.deadline))
        self._settle(now)

    def _settle(self, now: float) -> None:
        """The queue of a class that does not wait does not stand."""
        for line in self._lines.values():
            if not line.tickets:
                line.empty_at = now

    def _waiting(self, priority: Priority) -> int:
        """Sentences that wait in a class and those before it."""
        return sum(line.sentences for each, line in self._lines.items() if each <= priority)

    def _crowded(self, priority: Priority, waiting: int, sentences: int, queue_s: float, now: float) -> Limit | None:
        """What keeps so many more sentences of a class out, whatever their deadline."""
        if waiting + sentences > self._max_queue:
            return Limit.QUEUE_FULL
        if now - self._lines[priority].empty_at > STANDING_S and queue_s > TARGETS[priority]:
            return Limit.STANDING_QUEUE
        return None

    def _refusal(self, ticket: Ticket, now: float, waiting: int) -> Refusal | None:
        outlook = self._outlook(ticket.priority, now)
        queue_s = outlook.finish_s(self._lines[ticket.priority].work_s)
        limit = self._crowded(ticket.priority, waiting, len(ticket.jobs), queue_s, now)
        if limit is None and not self._fits(ticket, now, outlook):
            limit = Limit.DEADLINE
        if limit is None:
            return None
        return Refusal(
            limit,
            ticket.priority,
            waiting,
            self._max_queue,
            queue_s=queue_s,
            needs_s=ticket.work_s / self._workers,
            left_s=ticket.deadline - now,
        )

    def _fits(self, ticket: Ticket, now: float, outlook: "_Outlook") -> bool:
        """Whether the call can be done in time, and none of its class that was promised to be is kept from it."""
        tickets = self._lines[ticket.priority].tickets
        place = bisect_right(tickets, (ticket.deadline, inf), key=_order)
        work_s = sum(each.work_s for each in tickets[:place]) + ticket.work_s
        if outlook.finish_s(work_s) > (1 - _HEADROOM) * (ticket.deadline - now):
            return False
        for later in tickets[place:]:
            work_s += later.work_s
            if outlook.finish_s(work_s - ticket.work_s) <= later.deadline - now < outlook.finish_s(work_s):
                return False
        return True

    def _outlook(self, priority: Priority, now: float) -> "_Outlook":
        higher = [line for each, line in self._lines.items() if each < priority]
        held = sum(line.share for each, line in self._lines.items() if each > priority and line.tickets)
        return _Outlook(
            in_hand_s=sum(job.cost_s for _, job in self._in_hand),
            before_s=sum(line.work_s for line in higher),
            share=self._lines[priority].share * self._workers,
            free=(1 - held) * self._workers - sum(line.load(now) for line in higher),
        )


@dataclass(frozen=True, slots=True)
class _Outlook:
    """How soon work of a class will be done."""

    in_hand_s: float
    before_s: float
    """Work that waits in the classes before it."""
    share: float
    """Workers that are held for the class."""
    free: float
    """Workers that neither the classes after it hold nor those before it will use, if they go on as of late."""

    def finish_s(self, work_s: float) -> float:
        """When so much work of the class will be done, in seconds from now.

        The sooner of two ways: by the share of the class, or in what the other classes leave.
        Source: Cobham (1954), Priority assignment in waiting line problems, taken as a fluid.
        """
        by_share_s = (self.in_hand_s + work_s) / self.share if self.share else inf
        if self.free <= self.share:
            return by_share_s
        return min(by_share_s, (self.in_hand_s + self.before_s + work_s) / self.free)


def _order(ticket: Ticket) -> tuple[float, float]:
    return (ticket.deadline, ticket.number)
