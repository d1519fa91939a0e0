"""The order of work: pure policy, no clock, no thread. The owner holds the lock and tells the time."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

from amends_core.encoder import Encoding


class Priority(IntEnum):
    """What goes first. Calls of people who wait go before batches."""

    INTERACTIVE = 0
    BULK = 1


class DropReason(IntEnum):
    """Why a job was not done."""

    EXPIRED = 0
    CANCELLED = 1


@dataclass(slots=True)
class Ticket:
    """One call's claim on the queue; cancelled as a whole."""

    deadline: float
    """Monotonic seconds."""
    priority: Priority
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """One text to encode for a ticket."""

    text: str
    ticket: Ticket
    enqueued: float
    done: Callable[["Job", "Outcome"], None]
    """Called once, from the thread that took the job."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a job: an encoding, a reason for dropping it, or an error."""

    encoding: Encoding | None = None
    dropped: DropReason | None = None
    error: BaseException | None = None
    wait_s: float = 0.0
    encode_s: float = 0.0


@dataclass(slots=True)
class JobQueue:
    """Priority class first, then earliest deadline, then first come."""

    _heap: list[tuple[int, float, int, Job]] = field(default_factory=list)
    _waiting: dict[Priority, int] = field(default_factory=lambda: dict.fromkeys(Priority, 0))
    _sequence: int = 0

    def __len__(self) -> int:
        return len(self._heap)

    def push(self, job: Job) -> None:
        """Takes a job in."""
        self._sequence += 1
        self._waiting[job.ticket.priority] += 1
        heapq.heappush(self._heap, (job.ticket.priority, job.ticket.deadline, self._sequence, job))

    def pop(self) -> Job:
        """Gives the next job. Raises IndexError where there is none."""
        job = heapq.heappop(self._heap)[3]
        self._waiting[job.ticket.priority] -= 1
        return job

    def ahead_of(self, priority: Priority) -> int:
        """How many jobs go before a new one of that class: those of its own and of higher ones."""
        return sum(count for waiting, count in self._waiting.items() if waiting <= priority)


def why_drop(job: Job, now: float) -> DropReason | None:
    """Why a job is not worth doing any more; None where it is."""
    if job.ticket.cancelled:
        return DropReason.CANCELLED
    return DropReason.EXPIRED if now >= job.ticket.deadline else None
