"""Which of the waiting events is read, and when: whole turns at once, growing ones now and then, the newest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from amends_core.taxonomy import Role

PARTIAL_INTERVAL_S = 0.5
"""Seconds between two partial turns of one side that are read: a fast typist writes a word in it, and speech
brings one or two, so that sooner there is nothing new to tell."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event that waits."""

    speaker: Role | None
    """Whose turn it brings; None where it brings none."""
    partial: bool = False
    """Whether the turn is still being written."""


def patience_s(waiting: Sequence[Arrival], read_at: Mapping[Role, float], now: float, *, more: bool) -> float | None:
    """Seconds for which the first event waits; 0: it is read now; None: it is passed over.

    Args:
        waiting: the events that are there, oldest first; at least one.
        read_at: when a partial turn of each side was last read, in the seconds of `now`.
        now: monotonic seconds.
        more: whether events may still come.
    """
    first, behind = waiting[0], waiting[1:]
    if first.speaker is None or not first.partial:
        return 0.0
    if any(event.speaker is first.speaker for event in behind):
        return None
    left = read_at[first.speaker] + PARTIAL_INTERVAL_S - now if first.speaker in read_at else 0.0
    if left <= 0 or not more:
        return 0.0
    return None if behind else left
