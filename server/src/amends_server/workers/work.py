"""A sentence to encode and what came of it, as workers of both kinds are given and give back."""

import time
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

from amends_core.encoder import Encoder, Encoding

_PROBE = "Thank you."
"""Encoded after a sentence on which the encoder raised: is it the sentence, or the encoder?"""


class Fault(StrEnum):
    """Why a sentence was not encoded."""

    EXPIRED = "expired"
    """Its deadline passed before its turn came."""
    SENTENCE = "sentence"
    """The encoder raised on it, and on no other."""
    ENCODER = "encoder"
    """The encoder raised on a plain sentence, too."""


class Task(NamedTuple):
    """One sentence to encode."""

    text: str
    deadline: float
    """Monotonic seconds, which are the same for every process of a machine."""
    model: int = 0
    """Which of the worker's encoders is to read it."""


class Outcome(NamedTuple):
    """What came of a task: an encoding or a fault."""

    started: float
    """Monotonic seconds."""
    seconds: float = 0.0
    """That encoding took."""
    encoding: Encoding | None = None
    fault: Fault | None = None
    kind: str = ""
    """The type of the encoder's error, and not the error itself, which may quote the sentence."""


class Owner(Protocol):
    """Whom a worker tells, on the event loop."""

    def done(self, worker: "Worker", outcomes: Sequence[Outcome], cpu_s: float) -> None:
        """A handful was worked off; handfuls come back in the order in which they were given.

        `cpu_s` is the processor time since the last one, of a process beside this one.
        """
        ...

    def lost(self, kind: str) -> None:
        """The worker has ended unasked, and what it had in hand is lost."""
        ...


class Worker(Protocol):
    """Encodes sentences beside the event loop, on which all of this is called."""

    pids: Sequence[int]
    """Of the processes it runs in, beside this one; known once it is ready."""
    room: int
    """How many handfuls it may have at once: one that it works on, and those that wait at hand."""

    def begin(self, owner: Owner) -> None:
        """Starts it."""
        ...

    async def ready(self) -> None:
        """Returns once it can encode."""
        ...

    def give(self, tasks: Sequence[Task]) -> None:
        """Has a handful encoded."""
        ...

    async def close(self) -> None:
        """Ends it once what it has in hand is done, and told."""
        ...


def run(encoders: Sequence[Encoder], task: Task) -> Outcome:
    """Encodes one sentence, unless it is too late for it."""
    started = time.monotonic()
    if started >= task.deadline:
        return Outcome(started, fault=Fault.EXPIRED)
    encoder = encoders[task.model]
    try:
        encoding = encoder.encode(task.text)
    except Exception as error:  # an encoder may fail in any way; its waiters must hear of it
        fault = Fault.SENTENCE if _is_sound(encoder) else Fault.ENCODER
        return Outcome(started, time.monotonic() - started, fault=fault, kind=type(error).__name__)
    return Outcome(started, time.monotonic() - started, encoding)


def _is_sound(encoder: Encoder) -> bool:
    try:
        encoder.encode(_PROBE)
    except Exception:
        return False
    return True
