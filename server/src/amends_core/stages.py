"""Where a conversation stands in a playbook, and which steps that calls for."""

from collections.abc import Mapping
from dataclasses import dataclass

from amends_core.conversation import State
from amends_core.playbooks import Occasion, Order, Playbook, Stage
from amends_core.taxonomy import STEPS, CustomerAct, Expectation, Step

SYMPATHY = (Step.LISTEN, Step.THANK, Step.REFLECT, Step.EMPATHIZE, Step.APOLOGIZE)
"""The steps that show a customer that they were heard."""
CONCERN = 0.4
"""Below this upset sympathy is welcome and nobody misses it."""
HEAT = 0.7
"""From this upset on a customer who vents is not ready for a remedy."""
WANTS_REMEDY = frozenset({CustomerAct.ASK, CustomerAct.REJECT})
"""The acts by which a customer says that words are enough."""
_REMEDIES = frozenset({Step.TAKE_ACTION, Step.GO_FURTHER})
_OPENS_AGAIN = (Step.LISTEN, Step.CLARIFY, Step.REFLECT)
"""What would have a customer tell all over again what they say is well now."""


@dataclass(frozen=True, slots=True)
class Position:
    """The stage that a conversation is in."""

    index: int
    stage: Stage
    waiting: bool
    """Whether the stage's steps are made and it waits for the customer's act."""
    resolved: bool
    """Whether every stage that was called for is behind, and the customer is content."""


def occasion_holds(occasion: Occasion, state: State) -> bool:
    """Whether a stage of that occasion is called for in this state."""
    match occasion:
        case Occasion.ALWAYS:
            return not state.settled
        case Occasion.UPSET:
            return state.is_upset
        case Occasion.PROBLEM:
            return state.problem and not state.settled
        case Occasion.UNSATISFIED:
            return state.unsatisfied
        case Occasion.REMEDIED:
            return state.remedied and state.problem and not state.unsatisfied and not state.settled
        case Occasion.CLOSING:
            return state.settled or state.accepted


def locate(playbook: Playbook, state: State) -> Position:
    """Finds the first stage that is called for and not left behind; the last stage where none is.

    Where the order is only a preference, stages before the furthest one made count as left behind; so does, under
    any order, a stage that only listens, once a later one was made.
    """
    furthest = _furthest_made(playbook, state)
    for index, stage in enumerate(playbook.stages):
        behind = _is_heard_out(stage, index, furthest) or (playbook.order is Order.PREFERENCE and index < furthest)
        if behind or not occasion_holds(stage.occasion, state):
            continue
        if not _is_made(stage, state) or not _may_leave(stage, state):
            closing = stage.occasion is Occasion.CLOSING
            return Position(index, stage, waiting=_is_waiting(stage, state), resolved=closing)
    last = len(playbook.stages) - 1
    return Position(last, playbook.stages[last], waiting=False, resolved=state.settled)


def expectations(playbook: Playbook, state: State, position: Position | None = None) -> Mapping[Step, Expectation]:
    """Says of every step whether it is called for in the next reply; `position` where it is known already."""
    position = position or locate(playbook, state)
    reach, furthest = _reach(playbook, position), _furthest_made(playbook, state)
    found = dict.fromkeys(STEPS, Expectation.WELCOME)
    for index, stage in enumerate(playbook.stages):
        if index <= reach and not _is_heard_out(stage, index, furthest) and occasion_holds(stage.occasion, state):
            found.update((step, Expectation.EXPECTED) for step in stage.required_steps if _is_due(stage, step, state))
        if stage.occasion is Occasion.UNSATISFIED and state.unsatisfied:
            found.update((step, Expectation.EXPECTED) for step in stage.required_steps)
    remedies = playbook.stage_of(Step.TAKE_ACTION) is not None
    if remedies and state.act in WANTS_REMEDY and playbook.rules.allow_remedy(state.done):
        found[Step.TAKE_ACTION] = Expectation.EXPECTED
    if exception_is_due(playbook, state):
        found[Step.GO_FURTHER] = Expectation.EXPECTED
    if state.apologies >= playbook.rules.max_apologies > 0:
        found[Step.APOLOGIZE] = Expectation.NOT_NOW
    if (remedy_is_early(playbook, state) or restatement_is_refused(playbook, state)) and playbook.order is Order.RULE:
        found.update((step, Expectation.NOT_NOW) for step in _REMEDIES if found[step] is Expectation.WELCOME)
    if state.only_asks:
        found.update((step, Expectation.NOT_NOW) for step in SYMPATHY)
    if state.settled:
        found.update((step, Expectation.NOT_NOW) for step in _OPENS_AGAIN)
    return found


def remedy_is_early(playbook: Playbook, state: State) -> bool:
    """Whether a remedy now would come before the customer was heard."""
    return state.upset >= HEAT and state.act not in WANTS_REMEDY and not playbook.rules.allow_remedy(state.done)


def restatement_is_refused(playbook: Playbook, state: State) -> bool:
    """Whether the customer was restated, where the playbook wants a yes, and has said neither that nor what to do."""
    index = playbook.stage_of(Step.REFLECT)
    if index is None or not playbook.rules.reflection_is_confirmed or state.act in WANTS_REMEDY:
        return False
    return _is_refused(playbook.stages[index], state)


def exception_is_due(playbook: Playbook, state: State) -> bool:
    """Whether a limit stands in the customer's way, they turned it down, and the playbook allows an exception."""
    answered = state.moments and state.moments[-1].turn_index > state.last_done.get(Step.STATE_LIMITS, 1 << 30)
    return playbook.rules.exception_allowed and bool(answered) and state.act is CustomerAct.REJECT


def _is_due(stage: Stage, step: Step, state: State) -> bool:
    """Whether a required step of a stage that is called for is due."""
    if step in SYMPATHY and (state.upset < CONCERN or (state.act is CustomerAct.ASK and state.heard(SYMPATHY))):
        return False
    if step is Step.TAKE_ACTION and state.act in WANTS_REMEDY:
        return True
    return step not in state.done or _goes_on(stage, state) or _is_refused(stage, state)


def _reach(playbook: Playbook, position: Position) -> int:
    """Last stage that one reply is expected to come to: the next pause or gate, from where it stands.

    Where the order is only a preference, the remedy may come in the same reply.
    """
    reach = next(
        (i for i, stage in enumerate(playbook.stages) if i >= position.index and (stage.pause or stage.advance_on)),
        len(playbook.stages) - 1,
    )
    remedy = playbook.stage_of(Step.TAKE_ACTION)
    return max(reach, remedy) if remedy is not None and playbook.order is Order.PREFERENCE else reach


def _goes_on(stage: Stage, state: State) -> bool:
    """Whether a stage is gone back to: the customer is not calm yet, and does not ask for the remedy."""
    return stage.until_calm and _is_answered(stage, state) and state.is_upset and state.act is not CustomerAct.ASK


def _is_heard_out(stage: Stage, index: int, furthest: int) -> bool:
    """Whether a stage that only listens is behind, because a later one was made."""
    return stage.steps == (Step.LISTEN,) and index < furthest


def _is_answered(stage: Stage, state: State) -> bool:
    """Whether the customer has spoken since a step of the stage was last made, or at all where none was."""
    return any(moment.turn_index > _made_at(stage, state) for moment in state.moments)


def _made_at(stage: Stage, state: State) -> int:
    """Turn in which a step of the stage was last made; -1 where none was."""
    return max((state.last_done[step] for step in stage.steps if step in state.last_done), default=-1)


def _furthest_made(playbook: Playbook, state: State) -> int:
    made = (i for i, stage in enumerate(playbook.stages) if state.heard(stage.required_steps))
    return max(made, default=0)


def _is_made(stage: Stage, state: State) -> bool:
    return all(step in state.done for step in stage.required_steps)


def _is_waiting(stage: Stage, state: State) -> bool:
    """Whether the stage is made and the customer has not answered it yet."""
    return _is_made(stage, state) and not _is_answered(stage, state)


def _is_refused(stage: Stage, state: State) -> bool:
    """Whether the stage is made and the customer answered with an act that does not let it be left."""
    gated = bool(stage.advance_on) and _is_made(stage, state) and not _is_waiting(stage, state)
    return gated and not _may_leave(stage, state)


def _may_leave(stage: Stage, state: State) -> bool:
    if _goes_on(stage, state):
        return False
    made_at = _made_at(stage, state)
    if not stage.advance_on or made_at < 0:
        return True
    return any(act in stage.advance_on for act in state.acts_after(made_at))
