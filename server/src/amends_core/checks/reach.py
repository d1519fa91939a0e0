"""Which stages a conversation can come to: every customer is tried on an agent who follows the playbook.

It walks the states of conversation by the very functions that serve, so what it says of a playbook is what happens.
"""

from collections.abc import Hashable, Iterator

from amends_core.conversation import State, Turn
from amends_core.detection import CustomerReading
from amends_core.playbooks import Playbook, Stage
from amends_core.stages import locate, occasion_holds
from amends_core.taxonomy import CUSTOMER_ACTS, Role, Step

UPSETS = (0.05, 0.6)
"""A calm customer, and one who is upset: the stage reached tells no more of them apart."""
MOST_STATES = 20_000
"""States after which the walk gives up, some seconds of work; a playbook of a dozen stages has a few thousand."""
_SAYS = Turn(Role.CUSTOMER, "these words tell nothing by themselves")
_READINGS = tuple(
    CustomerReading(act=act, act_probability=1.0, upset=upset, acts={act: 1.0}, calls_for={})
    for act in CUSTOMER_ACTS
    for upset in UPSETS
)


def reachable_stages(playbook: Playbook) -> frozenset[int] | None:
    """Indexes of the stages that some conversation comes to; None where there are too many states to tell.

    A stage of optional steps alone is never come to: it is passed, and its steps are welcome on the way.
    """
    sought = {index for index, stage in enumerate(playbook.stages) if stage.required_steps}
    todo, seen, reached = [(0, State())], set[Hashable](), set[int]()
    while todo and not sought <= reached:
        turn, before = todo.pop()
        for state in (before.after_customer(turn, _SAYS, reading) for reading in _READINGS):
            key = _key(playbook, state)
            if key in seen:
                continue
            seen.add(key)
            if len(seen) > MOST_STATES:
                return None
            position = locate(playbook, state)
            if _is_called_for(position.stage, state):
                reached.add(position.index)
            todo += [(turn + 2, after) for after in _answers(position.stage, state, turn + 1)]
    return frozenset(reached)


def _is_called_for(stage: Stage, state: State) -> bool:
    """Whether the stage is there for its own sake, and not only because none is called for."""
    return occasion_holds(stage.occasion, state) and any(step not in state.done for step in stage.required_steps)


def _answers(stage: Stage, state: State, turn: int) -> Iterator[State]:
    """What the agent may do at a stage: its required steps, or all of them."""
    for steps in {stage.required_steps, stage.steps}:
        done = {**state.done, **dict.fromkeys(steps, 1.0)}
        yield state._replace(done=done, last_done={**state.last_done, **dict.fromkeys(steps, turn)})


def _key(playbook: Playbook, state: State) -> Hashable:
    """All of a state that decides where the conversation goes: who spoke since a stage was made, and to what end."""
    made_at = [max(state.last_done.get(step, -1) for step in stage.steps) for stage in playbook.stages]
    answers = [frozenset(state.acts_after(turn)) for turn in (*made_at, state.last_done.get(Step.TAKE_ACTION, -1))]
    gates = tuple(not acts.isdisjoint(stage.advance_on) for acts, stage in zip(answers, playbook.stages, strict=False))
    return state.act, state.upset, state.problem, frozenset(state.done), gates, tuple(map(bool, answers))
