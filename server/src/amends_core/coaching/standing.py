"""The advice that holds: when it counts as changed, and what became of it."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from amends_core.advice import Advice
from amends_core.taxonomy import Role, Step


class Fate(StrEnum):
    """What became of a piece of advice."""

    FOLLOWED = "FOLLOWED"
    IGNORED = "IGNORED"
    OVERTAKEN = "OVERTAKEN"


@dataclass(frozen=True, slots=True)
class Standing:
    """Advice that was given and holds, as far as it matters later."""

    steps: tuple[Step, ...]
    """Best first."""
    stage: str
    pause: bool
    resolved: bool

    @classmethod
    def of(cls, advice: Advice) -> Self:
        """What stands once `advice` is given."""
        return cls(
            steps=tuple(each.step for each in advice.steps),
            stage=advice.position.stage.name,
            pause=bool(advice.pause_reason),
            resolved=advice.position.resolved,
        )

    def differs(self, other: "Standing", *, at_a_glance: bool) -> bool:
        """Whether the two differ materially: another ranking, stage, pause or resolution.

        Reasons, probabilities and phrasings do not matter. At a glance, while somebody still writes, neither do the
        ranks behind the first: they would flicker with every word.
        """
        ranks = 1 if at_a_glance else None
        return (self.steps[:ranks], self.stage, self.pause, self.resolved) != (
            other.steps[:ranks],
            other.stage,
            other.pause,
            other.resolved,
        )

    def fate(self, speaker: Role, made: Collection[Step] | None, *, replaced: bool) -> Fate | None:
        """What a turn makes of this advice; None where it stays open.

        Args:
            speaker: whose turn it is.
            made: the steps that an agent's turn makes; None where the turn is none or holds no words.
            replaced: whether other advice holds after the turn.
        """
        if self.pause:
            return Fate.FOLLOWED if speaker is Role.CUSTOMER else Fate.IGNORED
        if made is not None and self.steps[0] in made:
            return Fate.FOLLOWED
        if made is not None and not any(step in made for step in self.steps):
            return Fate.IGNORED
        return Fate.OVERTAKEN if replaced else None
