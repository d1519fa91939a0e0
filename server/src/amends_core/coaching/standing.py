"""The advice that holds: when it counts as changed, and what became of it."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from amends_core.advice import Advice
from amends_core.taxonomy import Misstep, Role, Step


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
    repairs: tuple[Misstep, ...] = ()
    """What is to be mended, gravest first."""
    harmful_turn: int = 0
    """Index of the agent's turn that is to be mended; 0 where none is."""
    only_asks: bool = False
    follow_up_due: bool = False
    issues: int = 0
    """How many the customer's last message plainly raises; 0 for one."""

    @classmethod
    def of(cls, advice: Advice) -> Self:
        """What stands once `advice` is given."""
        return cls(
            steps=tuple(each.step for each in advice.steps),
            stage=advice.position.stage.name,
            pause=bool(advice.pause_reason),
            resolved=advice.position.resolved,
            repairs=tuple(repair.misstep for repair in advice.repairs),
            harmful_turn=max((place.turn_index for repair in advice.repairs for place in repair.places), default=0),
            only_asks=advice.only_asks,
            follow_up_due=bool(advice.follow_up_reason),
            issues=len(advice.issues),
        )

    def differs(self, other: "Standing", *, at_a_glance: bool) -> bool:
        """Whether the two differ materially: another ranking, stage, pause or resolution, or another thing to mend.

        So they do where the customer now only wants an answer, raises more or fewer issues, or is owed a follow-up.
        Reasons, probabilities and phrasings do not matter. At a glance, while somebody still writes, neither do the
        ranks behind the first, nor what is read in a message that is not whole: they would flicker with every word.
        """
        if at_a_glance:
            return self._core() != other._core()
        return self != other

    def _core(self) -> tuple[object, ...]:
        """What matters while somebody still writes."""
        return self.steps[:1], self.stage, self.pause, self.resolved, self.repairs, self.harmful_turn

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
