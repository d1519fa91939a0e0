"""Advice: from the state of a conversation to the steps worth doing next, each with its reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amends_core.advice.avoidances import Avoidance, avoidances
from amends_core.advice.features import state_features, step_features
from amends_core.advice.follow_up import follow_up_reason
from amends_core.advice.repairs import Repair, mended_by, repairs_of
from amends_core.advice.turn_taking import pause_reason
from amends_core.advice.weights import Weights, shipped
from amends_core.advice.wording import ANSWERING, WHY, WHY_ANSWER, WHY_BY_RULE, WHY_EXCEPTION, all_of
from amends_core.conversation import CustomerMoment, State
from amends_core.encoder import Floats
from amends_core.exemplars import ExemplarIndex
from amends_core.issues import Issue, issues_in
from amends_core.playbooks import Order, Playbook
from amends_core.promises import PromiseStatus
from amends_core.stages import Position, exception_is_due, expectations, locate
from amends_core.taxonomy import STEPS, CustomerAct, Expectation, Label, Role, Step

PHRASINGS = 3
STAGE_PULL = 0.5
"""Log odds by which a rule of order favours the steps of the stage that is reached."""
REFUSED_PULL = 2.5
"""The same where the customer corrected what was made there: it is made again before anything else."""
EXCEPTION_PULL = 4.0
"""The same for GO_FURTHER where a limit was turned down and the playbook allows an exception."""
MOVED = 0.2
"""From here on a message calls for sympathy too far to want nothing but an answer: 1 in 12 calm questions does so, of
people who worry or have met a problem ("app keeps eating my tickets, sort it out please" .23)."""

_MENDS_PROMISE = frozenset({Step.APOLOGIZE, Step.TAKE_OWNERSHIP, Step.TAKE_ACTION, Step.FOLLOW_UP})
_SEVERAL = 2
"""From so many issues on advice speaks of them."""


@dataclass(frozen=True, slots=True)
class StepAdvice:
    """A step worth doing now."""

    step: Step
    probability: float
    reason: str
    phrasings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do next."""

    steps: tuple[StepAdvice, ...]
    position: Position
    pause_reason: str
    """Why to be silent now; empty where the agent may speak."""
    avoid: tuple[Avoidance, ...]
    customer: CustomerMoment
    playbook: Playbook
    repairs: tuple[Repair, ...] = ()
    """What the agent's last turn did wrong, with how to mend it; gravest first."""
    only_asks: bool = False
    """Whether the customer, as of their last message, is calm, has no problem to tell of, and wants an answer."""
    follow_up_reason: str = ""
    """Why a later contact is due now that the customer is content; empty where none is."""
    issues: tuple[Issue, ...] = ()
    """The questions and problems of the customer's last message, where it plainly raises several."""


class Adviser:
    """Gives advice by one model's phrasings. Immutable, thread-safe, deterministic."""

    def __init__(self, phrasings: Mapping[Label, Sequence[str]], index: ExemplarIndex) -> None:
        self._phrasings = phrasings
        self._index = index
        self._weights = shipped()

    def advise(self, playbook: Playbook, state: State, customer: Floats, last_speaker: Role, most: int) -> Advice:
        """Gives at most `most` steps; `customer` is the embedding of the customer's last message."""
        position = locate(playbook, state)
        odds = _probabilities(self._weights, playbook, state, position, last_speaker)
        ranked = sorted(odds, key=lambda step: (-odds[step], STEPS.index(step)))[:most]
        issues, repairs = issues_in(state.case.last_message), repairs_of(playbook, state)
        only_asks = _only_asks(state, issues)
        situation = _Situation(playbook, state, repairs, issues if len(issues) >= _SEVERAL else (), only_asks)
        return Advice(
            steps=tuple(self._step(situation, step, odds[step], customer) for step in ranked),
            position=position,
            pause_reason=pause_reason(playbook, state, position) if last_speaker is Role.AGENT else "",
            avoid=avoidances(playbook, state, position, repairs, ranked[0]),
            customer=state.moments[-1],
            playbook=playbook,
            repairs=repairs,
            only_asks=only_asks,
            follow_up_reason=follow_up_reason(playbook, state),
            issues=situation.issues,
        )

    def _step(self, situation: "_Situation", step: Step, odds: float, customer: Floats) -> StepAdvice:
        if situation.only_asks:
            return StepAdvice(step, odds, _reason(situation, step), ANSWERING.get(step, ()))
        asking = step is Step.REFLECT and situation.playbook.rules.reflection_is_confirmed
        return StepAdvice(step, odds, _reason(situation, step), self._examples(step, customer, asking=asking))

    def _examples(self, step: Step, customer: Floats, *, asking: bool) -> tuple[str, ...]:
        nearest = self._index.nearest(step, customer)
        first = (nearest.text,) if nearest else ()
        texts = list(dict.fromkeys((*first, *self._phrasings.get(step, ()))))
        if asking:
            texts.sort(key=lambda text: not text.endswith("?"))
        return tuple(texts[:PHRASINGS])


@dataclass(frozen=True, slots=True)
class _Situation:
    """What the words of advice depend on."""

    playbook: Playbook
    state: State
    repairs: tuple[Repair, ...]
    issues: tuple[Issue, ...]
    only_asks: bool


def _only_asks(state: State, issues: Sequence[Issue]) -> bool:
    """Whether the customer wants an answer and nothing else: no problem is told, and no sympathy called for."""
    calls_for = state.moments[-1].reading.calls_for
    moved = any(calls_for.get(step, 0.0) >= MOVED for step in (Step.LISTEN, Step.EMPATHIZE, Step.APOLOGIZE))
    return state.only_asks and not moved and not any(issue.is_problem for issue in issues)


def _reason(situation: _Situation, step: Step) -> str:
    """Why a step is worth doing here, with what it answers for: a misstep, a promise, a message of several matters."""
    state = situation.state
    more = [mended_by(step, situation.repairs)]
    if step in _MENDS_PROMISE:
        failed = [p for p in state.promises if p.status in (PromiseStatus.OVERDUE, PromiseStatus.BROKEN)]
        more += [f"What was promised in turn {p.turn_index} was not kept." for p in failed[-1:]]
    if state.moments[-1].turn_index > state.last_agent_turn:
        more.append(all_of(step, situation.issues))
    return " ".join(filter(None, (_why(situation, step), *more)))


def _why(situation: _Situation, step: Step) -> str:
    playbook, state = situation.playbook, situation.state
    if step is Step.GO_FURTHER and exception_is_due(playbook, state):
        return WHY_EXCEPTION
    if step is Step.TAKE_ACTION and situation.only_asks:
        return WHY_ANSWER
    by_rule = (why for rule, (about, why) in WHY_BY_RULE.items() if about is step and getattr(playbook.rules, rule))
    return next(by_rule, WHY[step])


def _probabilities(
    weights: Weights, playbook: Playbook, state: State, position: Position, last_speaker: Role
) -> Mapping[Step, float]:
    """How likely each step is acceptable, of those that are not out of place."""
    expected = expectations(playbook, state, position)
    steps = step_features(playbook, state, position, expected)
    urgency = weights.urgency(steps, state_features(playbook, state, position, last_speaker))
    urgency += _pull(playbook, state, position)
    shut = np.array([expected[step] is Expectation.NOT_NOW for step in STEPS])
    odds = np.where(shut, 0.0, np.exp(urgency - urgency[~shut].max()))
    accepted = weights.acceptance(odds / odds.sum())
    return {step: float(accepted[i]) for i, step in enumerate(STEPS) if odds[i] > 0}


def _pull(playbook: Playbook, state: State, position: Position) -> NDArray[np.float64]:
    """What a guide's own rules add: to the stage that is reached where its order is one, and to a due exception."""
    pulls = dict.fromkeys(STEPS, 0.0)
    if playbook.order is Order.RULE and not (position.resolved or position.waiting):
        corrected = state.act is CustomerAct.CORRECT and bool(position.stage.advance_on)
        pulls |= dict.fromkeys(position.stage.required_steps, REFUSED_PULL if corrected else STAGE_PULL)
    if exception_is_due(playbook, state):
        pulls[Step.GO_FURTHER] += EXCEPTION_PULL
    return np.array([pulls[step] for step in STEPS])
