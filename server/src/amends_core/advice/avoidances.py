"""What not to do now: what was just done wrong, and what would harm a customer who is as this one is."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from amends_core.advice.repairs import Repair
from amends_core.conversation import State
from amends_core.playbooks import Playbook
from amends_core.stages import WANTS_REMEDY, Position, remedy_is_early
from amends_core.taxonomy import CustomerAct, Label, Misstep, Step

TENDER = 0.5
"""From this on a message calls for empathy, whatever its words say: sarcasm is often read as content."""


@dataclass(frozen=True, slots=True)
class Avoidance:
    """Something not to do now."""

    subject: Label
    reason: str


def avoidances(
    playbook: Playbook, state: State, position: Position, repairs: Sequence[Repair], first: Step
) -> tuple[Avoidance, ...]:
    """Gives what to avoid, most important first and each once; `first` is the step that is advised first."""
    found: dict[Label, Avoidance] = {}
    mending = frozenset(step for repair in repairs for step in repair.steps)
    for each in (*_just_made(repairs), *_near(playbook, state, position, first)):
        if each.subject not in mending:
            found.setdefault(each.subject, each)
    return tuple(found.values())


def _just_made(repairs: Iterable[Repair]) -> Iterator[Avoidance]:
    for repair in repairs:
        yield Avoidance(repair.misstep, "Your last turn did this; a second time would undo the repair.")


def _near(playbook: Playbook, state: State, position: Position, first: Step) -> Iterator[Avoidance]:
    if _is_too_soon(playbook, state, first):
        yield Avoidance(Misstep.SOLVE_TOO_SOON, "The customer is upset and has not been heard yet.")
    if state.apologies >= playbook.rules.max_apologies > 0:
        yield Avoidance(Step.APOLOGIZE, f"It was said {state.apologies} times; another one adds nothing.")
    if state.is_upset:
        yield Avoidance(Misstep.DISMISS_FEELING, "The feeling is strong; do not correct or minimise it.")
        yield Avoidance(Misstep.DEFEND, "Explaining or justifying now sounds like arguing.")
    elif _is_tender(state):
        yield Avoidance(
            Misstep.DISMISS_FEELING, "There may be more feeling in this than the words show; do not play it down."
        )
        yield Avoidance(Misstep.DEFEND, "Explaining or justifying now could sound like arguing.")
    if state.act is CustomerAct.ASK and state.heard((Step.EMPATHIZE, Step.APOLOGIZE)):
        yield Avoidance(Misstep.SOLVE_TOO_LATE, "The customer was heard and now asks for the remedy.")
    if _is_unconfirmed(playbook, state, position):
        yield Avoidance(Misstep.NO_PAUSE, "The restatement waits for the customer's yes; no remedy before it.")
    if (position.resolved or state.remedied) and playbook.rules.satisfaction_by_person:
        yield Avoidance(Misstep.AUTOMATED_SURVEY, "Satisfaction is asked by a person here, not by a survey.")


def _is_tender(state: State) -> bool:
    """Whether the customer vents, or their message calls for empathy, though they do not read as upset."""
    return state.act is CustomerAct.VENT or (
        bool(state.moments) and state.moments[-1].reading.calls_for.get(Step.EMPATHIZE, 0.0) >= TENDER
    )


def _is_too_soon(playbook: Playbook, state: State, first: Step) -> bool:
    """Whether a remedy would come before the customer was heard; not where it is advised to one in less than heat."""
    if remedy_is_early(playbook, state):
        return True
    venting = state.is_upset or state.act is CustomerAct.VENT
    unheard = state.act not in WANTS_REMEDY and not playbook.rules.allow_remedy(state.done)
    return venting and unheard and first is not Step.TAKE_ACTION


def _is_unconfirmed(playbook: Playbook, state: State, position: Position) -> bool:
    """Whether the problem was said back, the playbook wants a yes to it, and there was none yet."""
    here = Step.REFLECT in position.stage.required_steps and Step.REFLECT in state.done
    return here and playbook.rules.reflection_is_confirmed and state.act not in WANTS_REMEDY
