"""Which stages a conversation can come to: every customer is tried on an agent who follows the playbook.

It walks the states of conversation by the very functions that serve, so what it says of a playbook is what happens.
"""

from collections.abc import Hashable, Iterator
from dataclasses import replace

from amends_core.conversation import State, Turn
from amends_core.detection import CustomerReading
from amends_core.playbooks import Playbook, Stage
from amends_core.stages import locate
from amends_core.taxonomy import CUSTOMER_ACTS, CustomerAct, Role, Step

UPSETS = (0.05, 0.6)
"""A calm customer, and one who is upset: the stage reached tells no more of them apart."""
MOST_STATES = 20_000
"""States after which the walk gives up; the shipped playbooks have up to a few thousand."""
_SAYS = Turn(Role.CUSTOMER, "these words tell nothing by themselves")
_READINGS = tuple(
    CustomerReading(act=act, act_probability=1.0, upset=upset, acts={act: 1.0})
    for act in CUSTOMER_ACTS
    for upset in UPSETS
)


def reachable_stages(playbook: Playbook) -> frozenset[int] | None:
    """Indexes of the stages that some conversation comes to; None where there are too many states to tell.

    A stage of optional steps alone is never come to: it is passed, and its steps are welcome on the way.
    """
    gates = _gates(playbook)
    sought = {index for index, stage in enumerate(playbook.stages) if stage.required_steps}
    todo, seen, reached = [(0, State())], set[Hashable](), set[int]()
    while todo and not sought <= reached:
        turn, before = todo.pop()
        for state in (before.after_customer(turn, _SAYS, reading) for reading in _READINGS):
            key = _key(state, gates)
            if key in seen:
                continue
            seen.add(key)
            if len(seen) > MOST_STATES:
                return None
            position = locate(playbook, state)
            reached.add(position.index)
            todo += [(turn + 2, after) for after in _answers(position.stage, state, turn + 1)]
    return frozenset(reached)


def _answers(stage: Stage, state: State, turn: int) -> Iterator[State]:
    """What the agent may do at a stage: its required steps, or all of them."""
    for steps in {stage.required_steps, stage.steps}:
        done = {**state.done, **dict.fromkeys(steps, 1.0)}
        yield replace(state, done=done, last_done={**state.last_done, **dict.fromkeys(steps, turn)})


def _gates(playbook: Playbook) -> dict[Step, frozenset[CustomerAct]]:
    """By step: the acts that any stage of it waits for."""
    return {
        step: frozenset(act for stage in playbook.stages if step in stage.steps for act in stage.advance_on)
        for step in playbook.steps
    }


def _key(state: State, gates: dict[Step, frozenset[CustomerAct]]) -> Hashable:
    """All of a state that decides where the conversation goes."""
    answers = (
        (step, frozenset(acts & gates[step]), bool(acts))
        for step, made_at in state.last_done.items()
        for acts in [frozenset(state.acts_after(made_at))]
    )
    return state.act, state.upset, state.problem, frozenset(answers)
