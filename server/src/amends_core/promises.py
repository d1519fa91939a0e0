"""What agents promised, and whether it was kept, as far as the conversation itself can show.

A promise is kept once an agent reports the deed or visibly comes back to it, or the customer says that it came; late
or not. It is overdue once a turn's time lies past the latest moment its words can mean, and broken only on the
customer's word.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from amends_core.deeds import Deed, came_in, done_in, missed_in, promised_in
from amends_core.dues import due_in
from amends_core.taxonomy import Step
from amends_core.text import Span

PROMISING = (Step.TAKE_ACTION, Step.FOLLOW_UP, Step.GO_FURTHER, Step.TAKE_OWNERSHIP)
"""The steps whose sentences may promise; of several the first names the promise."""
SOON = timedelta(minutes=10)
"""A complaint that comes sooner after a promise is about an older one."""


class PromiseStatus(StrEnum):
    """What became of a promise."""

    OPEN = "OPEN"
    KEPT = "KEPT"
    OVERDUE = "OVERDUE"
    BROKEN = "BROKEN"


@dataclass(frozen=True, slots=True)
class Promise:
    """A commitment of an agent to something later."""

    turn_index: int
    span: Span
    """The sentence that makes it."""
    speaker_id: str
    step: Step
    """The step that the sentence takes."""
    deeds: frozenset[Deed]
    due: str
    """By when, as said; empty where nothing was."""
    made_at: datetime | None
    due_at: datetime | None
    """The latest moment that `due` can mean; None where it cannot be told."""
    doubted: frozenset[Deed] = frozenset()
    """What the customer had missed before it was made: when they speak of it again, that may be the older one."""
    status: PromiseStatus = PromiseStatus.OPEN
    settled_turn_index: int | None = None
    """The turn that showed it kept, overdue or broken; None while it is open."""

    @property
    def is_pending(self) -> bool:
        """Whether it can still be kept: open or overdue."""
        return self.status in (PromiseStatus.OPEN, PromiseStatus.OVERDUE)

    def settled(self, status: PromiseStatus, turn_index: int) -> "Promise":
        """The promise once a turn has shown what became of it."""
        return replace(self, status=status, settled_turn_index=turn_index)


@dataclass(frozen=True, slots=True)
class Commitment:
    """A sentence that may promise, with the steps it takes."""

    text: str
    span: Span
    steps: Sequence[Step]


@dataclass(frozen=True, slots=True)
class Promises:
    """Every promise of a conversation so far. Immutable."""

    made: tuple[Promise, ...] = ()
    missed: frozenset[Deed] = frozenset()
    """What the customer has said did not come."""

    def after_customer(self, text: str, turn_index: int, time: datetime | None) -> "Promises":
        """The promises once the customer has spoken."""
        missed, came = missed_in(text), came_in(text) if self._pending else frozenset()

        def seen(promise: Promise) -> Promise:
            if came & promise.deeds:
                return promise.settled(PromiseStatus.KEPT, turn_index)
            if missed & promise.deeds and _is_meant(promise, missed, time):
                return promise.settled(PromiseStatus.BROKEN, turn_index)
            return _checked(promise, turn_index, time)

        return Promises(self._seen(seen) if came or missed or time else self.made, self.missed | missed)

    def after_agent(
        self, said: Iterable[Commitment], turn_index: int, speaker_id: str, time: datetime | None
    ) -> "Promises":
        """The promises once an agent has spoken."""
        sentences = tuple(said)
        told = sentences if self._pending else ()
        done = frozenset(deed for sentence in told for deed in done_in(sentence.text))

        def seen(promise: Promise) -> Promise:
            if done & promise.deeds:
                return promise.settled(PromiseStatus.KEPT, turn_index)
            return _checked(promise, turn_index, time)

        new = (self._promise(sentence, turn_index, speaker_id, time) for sentence in sentences)
        older = self._seen(seen) if done or time else self.made
        return Promises((*older, *(promise for promise in new if promise)), self.missed)

    @property
    def _pending(self) -> bool:
        return any(promise.is_pending for promise in self.made)

    def _seen(self, seen: Callable[[Promise], Promise]) -> tuple[Promise, ...]:
        return tuple(seen(promise) if promise.is_pending else promise for promise in self.made)

    def _promise(self, sentence: Commitment, turn_index: int, speaker_id: str, time: datetime | None) -> Promise | None:
        steps = [step for step in PROMISING if step in sentence.steps]
        deeds = promised_in(sentence.text) if steps else frozenset()
        if not deeds:
            return None
        due = due_in(sentence.text, time)
        return Promise(
            turn_index, sentence.span, speaker_id, steps[0], deeds, due.text, time, due.at, deeds & self.missed
        )


def _is_meant(promise: Promise, missed: frozenset[Deed], time: datetime | None) -> bool:
    """Whether a complaint is about this promise, and not about one made before the conversation."""
    if time and promise.due_at and time > promise.due_at:
        return True
    soon = time is not None and promise.made_at is not None and time - promise.made_at < SOON
    return not soon and bool(missed & promise.deeds - promise.doubted)


def _checked(promise: Promise, turn_index: int, time: datetime | None) -> Promise:
    late = promise.status is PromiseStatus.OPEN and time and promise.due_at and time > promise.due_at
    return promise.settled(PromiseStatus.OVERDUE, turn_index) if late else promise
