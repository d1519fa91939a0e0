"""What is seen of each step in a state: how it stands in the playbook, and how the conversation stands."""

from collections.abc import Mapping
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from amends_core.advice.turn_taking import goes_on, is_unfinished
from amends_core.conversation import CARRY_WORDS, State
from amends_core.playbooks import Occasion, Order, Playbook
from amends_core.stages import SYMPATHY, Position, remedy_is_early
from amends_core.taxonomy import CUSTOMER_ACTS, STEPS, CustomerAct, Expectation, Role, Step
from amends_core.text import word_count

Floats = NDArray[np.float64]

STEP_FEATURES: Mapping[str, str] = {
    "expected": "the playbook expects it in this reply",
    "not_now": "the playbook calls it out of place",
    "no_stage": "no stage of the playbook names it",
    "here": "the stage that is reached asks for it",
    "here_optional": "the stage that is reached allows it",
    "here_waiting": "the stage that is reached is made and waits for the customer",
    "next": "the stage after the one reached names it",
    "next_waiting": "so it does, and the stage reached only waits for the customer",
    "ahead_by_rule": "how many stages further ahead it lies, where order is a rule",
    "ahead_by_preference": "how many stages further ahead it lies, where order is a preference",
    "behind": "its stage is behind",
    "behind_undone": "its stage is behind, and it was never made",
    "refused": "its stage was made, and the customer's answer does not let it be left",
    "for_unsatisfied": "its stage is there for a customer who is not satisfied, and this one is not",
    "again_until_calm": "it was made, and its stage goes on while the customer is upset",
    "done": "how well it was made already, 0 to 1",
    "done_last": "the agent's last turn made it",
    "called_for": "how far the customer's last message by itself calls for it, 0 to 1, and nobody has answered it",
    "called_for_before": "so it does, and the agent has answered since",
}
"""What is seen of one step, with what it means."""
_NOTHING: Mapping[str, float] = dict.fromkeys(STEP_FEATURES, 0.0)
_VALUES = itemgetter(*STEP_FEATURES)
_MADE: Mapping[Step, str] = {step: f"made_{step.lower()}" for step in STEPS}
_JUST_MADE: Mapping[Step, str] = {step: f"just_{step.lower()}" for step in STEPS}
STATE_FEATURES: Mapping[str, str] = {
    "always": "1",
    **{f"act_{act.lower()}": f"probability that the customer's last act is {act}" for act in CUSTOMER_ACTS},
    "upset": "probability that the customer is upset",
    "resolved": "every stage that was called for is behind, and the customer is content",
    "agent_last": "the agent spoke last",
    "goes_on": "so it did, and announced more at once, or was cut short",
    "remedied": "a remedy was stated",
    "unsatisfied": "the customer turned a remedy down, or is upset after one",
    "no_problem": "the customer has told of no problem",
    "early": "the customer is upset and has not been heard",
    "first": "nobody has answered the customer yet",
    "heard": "some sympathy was shown",
    "misstep": "the agent's last turn did harm",
    "brief": f"the customer's last message has at most {CARRY_WORDS} words",
    "asks": "it holds a question",
    "unfinished": "it breaks off, or announces more",
    **{name: f"how well {step} was made already, 0 to 1" for step, name in _MADE.items()},
    **{name: f"the agent's last turn made {step}" for step, name in _JUST_MADE.items()},
}
"""What is seen of the conversation, with what it means; each weighs on every step by a weight of its own."""


def step_features(playbook: Playbook, state: State, position: Position, expected: Mapping[Step, Expectation]) -> Floats:
    """What is seen of each step: shape (13, len(STEP_FEATURES)), in the order of the taxonomy."""
    rows = [{**_of_step(step, playbook, state, position, expected[step]), **_of_message(step, state)} for step in STEPS]
    return np.array([_VALUES({**_NOTHING, **row}) for row in rows], dtype=np.float64)


def state_features(playbook: Playbook, state: State, position: Position, last_speaker: Role) -> Floats:
    """What is seen of the conversation: shape (len(STATE_FEATURES),)."""
    acts: Mapping[CustomerAct, float] = state.moments[-1].reading.acts if state.moments else {}
    seen = {
        "always": 1.0,
        **{f"act_{act.lower()}": acts.get(act, 0.0) for act in CUSTOMER_ACTS},
        "upset": state.upset,
        "resolved": position.resolved,
        "agent_last": last_speaker is Role.AGENT,
        "goes_on": last_speaker is Role.AGENT and goes_on(state),
        "remedied": state.remedied,
        "unsatisfied": state.unsatisfied,
        "no_problem": not state.problem,
        "early": remedy_is_early(playbook, state),
        "first": not state.sentences,
        "heard": state.heard(SYMPATHY),
        "misstep": bool(state.missteps),
        **_of_words(state.case.last_message),
        **{name: state.done.get(step, 0.0) for step, name in _MADE.items()},
        **{name: state.just_made(step) for step, name in _JUST_MADE.items()},
    }
    return np.array([float(seen[name]) for name in STATE_FEATURES], dtype=np.float64)


def _of_words(message: str) -> Mapping[str, bool]:
    return {
        "brief": word_count(message) <= CARRY_WORDS,
        "asks": "?" in message,
        "unfinished": is_unfinished(message),
    }


def _of_step(
    step: Step, playbook: Playbook, state: State, position: Position, expectation: Expectation
) -> Mapping[str, float]:
    return {
        "expected": expectation is Expectation.EXPECTED,
        "not_now": expectation is Expectation.NOT_NOW,
        "done": state.done.get(step, 0.0),
        "done_last": state.just_made(step),
        **_of_stage(step, playbook, state, position),
    }


def _of_message(step: Step, state: State) -> Mapping[str, float]:
    if not state.moments:
        return {}
    moment = state.moments[-1]
    name = "called_for" if moment.turn_index > state.last_agent_turn else "called_for_before"
    return {name: moment.reading.calls_for.get(step, 0.0)}


def _of_stage(step: Step, playbook: Playbook, state: State, position: Position) -> Mapping[str, float]:
    index = playbook.stage_of(step)
    if index is None:
        return {"no_stage": 1.0}
    stage, away = playbook.stages[index], index - position.index
    optional, by_rule = step in stage.optional_steps, playbook.order is Order.RULE
    return {
        "here": away == 0 and not optional,
        "here_optional": away == 0 and optional,
        "here_waiting": away == 0 and position.waiting,
        "next": away == 1,
        "next_waiting": away == 1 and position.waiting,
        "ahead_by_rule": max(0, away - 1) if by_rule else 0,
        "ahead_by_preference": 0 if by_rule else max(0, away - 1),
        "behind": away < 0,
        "behind_undone": away < 0 and step not in state.done,
        "refused": away == 0 and bool(stage.advance_on) and step in state.done and not position.waiting,
        "for_unsatisfied": stage.occasion is Occasion.UNSATISFIED and state.unsatisfied and not optional,
        "again_until_calm": stage.until_calm and state.is_upset and step in state.done,
    }
