"""Advice: from the state of a conversation to the steps worth doing next, each with its reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amends_core.advice.features import state_features, step_features
from amends_core.advice.turn_taking import pause_reason
from amends_core.advice.weights import Weights, shipped
from amends_core.conversation import CustomerMoment, State
from amends_core.encoder import Floats
from amends_core.exemplars import ExemplarIndex
from amends_core.playbooks import Order, Playbook
from amends_core.promises import PromiseStatus
from amends_core.stages import WANTS_REMEDY, Position, exception_is_due, expectations, locate, remedy_is_early
from amends_core.taxonomy import STEPS, CustomerAct, Expectation, Label, Misstep, Role, Step

PHRASINGS = 3
STAGE_PULL = 0.5
"""Log odds by which a rule of order favours the steps of the stage that is reached."""
REFUSED_PULL = 2.5
"""The same where the customer corrected what was made there: it is made again before anything else."""
EXCEPTION_PULL = 4.0
"""The same for GO_FURTHER where a limit was turned down and the playbook allows an exception."""

_WHY: Mapping[Step, str] = {
    Step.LISTEN: "Room to tell all of it comes before anything is solved.",
    Step.THANK: "Raising this took effort; thanks make the customer an ally.",
    Step.CLARIFY: "An open question finds out what is not known yet, without testing the customer.",
    Step.REFLECT: "Saying the problem back shows that it was understood.",
    Step.EMPATHIZE: "The feeling is met before the fix; naming it shows that the customer was heard.",
    Step.APOLOGIZE: "Something went wrong; a plain apology, without an if or a but, is due.",
    Step.TAKE_OWNERSHIP: "The customer needs to know who will see this through.",
    Step.STATE_LIMITS: "If something cannot be done, saying so now spares a second disappointment.",
    Step.TAKE_ACTION: "The customer wants to know what happens now, and by when.",
    Step.GO_FURTHER: "Something beyond the fix shows that this customer matters.",
    Step.CHECK_SATISFACTION: "Only the customer can say whether the remedy is right.",
    Step.FOLLOW_UP: "A later contact makes sure that the remedy holds.",
    Step.APPRECIATE: "A warm close values the customer's patience or loyalty.",
}
_MENDS_PROMISE = frozenset({Step.APOLOGIZE, Step.TAKE_OWNERSHIP, Step.TAKE_ACTION, Step.FOLLOW_UP})
_WHY_BY_RULE: Mapping[str, tuple[Step, str]] = {
    "apology_names_nobody": (
        Step.APOLOGIZE,
        "Something went wrong; a plain apology is due that names no person, product or process.",
    ),
    "reflection_is_confirmed": (
        Step.REFLECT,
        "Saying the problem back, and asking for a yes or no, shows that it was understood.",
    ),
    "satisfaction_by_person": (
        Step.CHECK_SATISFACTION,
        "Only the customer can say whether the remedy is right; ask in person, not by a survey.",
    ),
    "self_disclosure_allowed": (
        Step.EMPATHIZE,
        "The feeling is met before the fix; a short word of your own is welcome, details of your own are not.",
    ),
}
"""By rule: the step it is about, and why that step is worth doing where the rule holds."""
_WHY_EXCEPTION = "The customer turned a limit down, and this playbook allows an exception to make it right."


@dataclass(frozen=True, slots=True)
class StepAdvice:
    """A step worth doing now."""

    step: Step
    probability: float
    reason: str
    phrasings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Avoidance:
    """Something not to do now."""

    subject: Label
    reason: str


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
        return Advice(
            steps=tuple(self._step(playbook, state, step, odds[step], customer) for step in ranked),
            position=position,
            pause_reason=pause_reason(playbook, state, position) if last_speaker is Role.AGENT else "",
            avoid=tuple(_avoid(playbook, state, position)),
            customer=state.moments[-1],
            playbook=playbook,
        )

    def _step(self, playbook: Playbook, state: State, step: Step, odds: float, customer: Floats) -> StepAdvice:
        asking = step is Step.REFLECT and playbook.rules.reflection_is_confirmed
        return StepAdvice(step, odds, _reason(playbook, state, step), self._examples(step, customer, asking=asking))

    def _examples(self, step: Step, customer: Floats, *, asking: bool) -> tuple[str, ...]:
        nearest = self._index.nearest(step, customer)
        first = (nearest.text,) if nearest else ()
        texts = list(dict.fromkeys((*first, *self._phrasings.get(step, ()))))
        if asking:
            texts.sort(key=lambda text: not text.endswith("?"))
        return tuple(texts[:PHRASINGS])


def _reason(playbook: Playbook, state: State, step: Step) -> str:
    """Why a step is worth doing here, with the promise that it would answer for where one was not kept."""
    why = _why(playbook, state, step)
    if step not in _MENDS_PROMISE:
        return why
    failed = [p for p in state.promises if p.status in (PromiseStatus.OVERDUE, PromiseStatus.BROKEN)]
    return f"{why} What was promised in turn {failed[-1].turn_index} was not kept." if failed else why


def _why(playbook: Playbook, state: State, step: Step) -> str:
    if step is Step.GO_FURTHER and exception_is_due(playbook, state):
        return _WHY_EXCEPTION
    by_rule = (why for rule, (about, why) in _WHY_BY_RULE.items() if about is step and getattr(playbook.rules, rule))
    return next(by_rule, _WHY[step])


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


def _avoid(playbook: Playbook, state: State, position: Position) -> list[Avoidance]:
    found: list[Avoidance] = []
    if remedy_is_early(playbook, state):
        found.append(Avoidance(Misstep.SOLVE_TOO_SOON, "The customer is upset and has not been heard yet."))
    if state.apologies >= playbook.rules.max_apologies > 0:
        found.append(Avoidance(Step.APOLOGIZE, f"It was said {state.apologies} times; another one adds nothing."))
    if state.is_upset:
        found.append(Avoidance(Misstep.DISMISS_FEELING, "The feeling is strong; do not correct or minimise it."))
        found.append(Avoidance(Misstep.DEFEND, "Explaining or justifying now sounds like arguing."))
    if state.act is CustomerAct.ASK and state.heard((Step.EMPATHIZE, Step.APOLOGIZE)):
        found.append(Avoidance(Misstep.SOLVE_TOO_LATE, "The customer was heard and now asks for the remedy."))
    if _is_unconfirmed(playbook, state, position):
        found.append(Avoidance(Misstep.NO_PAUSE, "The restatement waits for the customer's yes; no remedy before it."))
    if (position.resolved or state.remedied) and playbook.rules.satisfaction_by_person:
        found.append(Avoidance(Misstep.AUTOMATED_SURVEY, "Satisfaction is asked by a person here, not by a survey."))
    return found


def _is_unconfirmed(playbook: Playbook, state: State, position: Position) -> bool:
    """Whether the problem was said back, the playbook wants a yes to it, and there was none yet."""
    here = Step.REFLECT in position.stage.required_steps and Step.REFLECT in state.done
    return here and playbook.rules.reflection_is_confirmed and state.act not in WANTS_REMEDY
