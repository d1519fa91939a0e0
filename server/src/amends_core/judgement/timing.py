"""What came at the wrong time: a remedy too soon or too late, or no silence where one was called for."""

import re
from collections.abc import Mapping, Sequence
from itertools import takewhile

from amends_core.conversation import CustomerMoment, Sentence, State
from amends_core.detection import Detector
from amends_core.judgement.evidence import Evidence, place_of
from amends_core.judgement.result import Place
from amends_core.judgement.weights import ANSWER_WORDS
from amends_core.playbooks import Order, Playbook, Stage
from amends_core.stages import HEAT, WANTS_REMEDY, occasion_holds, remedy_is_early, restatement_is_refused
from amends_core.taxonomy import STEPS, CustomerAct, Label, Step
from amends_core.text import word_count, words_in

_SYMPATHY = (Step.EMPATHIZE, Step.APOLOGIZE, Step.LISTEN)
_REMEDY = (Step.TAKE_ACTION, Step.GO_FURTHER)
_ASKS_FORGIVENESS = re.compile(r"\b(?:forgiv\w+|pardon|accept (?:my|our)\b.*\bapolog\w+)", re.I)
_PLEA = re.compile(
    r"\b(?:(?:will|can|could|would) you|please|ask(?:ing)? you to|hope (?:that )?you(?:'ll| will| can))(?: \w+)?"
    r" (?:forgive|pardon) (?:us|me)\b|\b(?:your|for) forgiveness\b",
    re.I,
)
"""Asks to be forgiven in so many words, whether or not it reads as an apology."""
_PLEA_WORDS = frozenset({"forgive", "pardon", "forgiveness"})
"""Each match of `_PLEA` holds one of these."""
_ANSWER = (*_REMEDY, Step.CLARIFY, Step.STATE_LIMITS, Step.TAKE_OWNERSHIP)
_MOVES_ON = (*_REMEDY, Step.STATE_LIMITS)
"""What is not for the turn after whose feeling, question or restatement the agent should be silent."""
LETTER_WORDS = 60
"""A longer turn is a letter: it must say all at once, and nobody can be silent in it. Graded replies that move on after
a plea or a feeling are marked down for it where they are shorter, and praised where they are longer."""
_LOOKS_INTO = re.compile(r"\b(?:look(?:ing|ed)? (?:at|into)|checking|investigating|reading)\b", re.I)
"""An inquiry: taken for an action, and no remedy yet."""
_WAITING = frozenset({*WANTS_REMEDY, CustomerAct.VENT})
"""What a customer does whose request stands."""


def solve_too_soon(
    playbook: Playbook, state: State, sentences: Sequence[Sentence], detector: Detector
) -> tuple[Place, ...]:
    """The first remedy for an upset customer whom neither the reply up to there nor an earlier one has heard."""
    if not (remedy_is_early(playbook, state) or _breaks_order(playbook, state)):
        return ()
    done = set(state.done)
    for sentence in sentences:
        done |= {step for step in STEPS if detector.claims(sentence.reading, step)} - set(_REMEDY)
        if playbook.rules.allow_remedy(done):
            return ()
        if _is_remedy(sentence, detector):
            return (place_of(sentence),)
    return ()


def _is_remedy(sentence: Sentence, detector: Detector) -> bool:
    """Whether a remedy is what a sentence is for: not an inquiry, not a restatement with a word of action in it."""
    if not _remedies(sentence, detector) or _LOOKS_INTO.search(sentence.text):
        return False
    steps = sentence.reading.steps
    return word_count(sentence.text) >= ANSWER_WORDS and max(steps, key=lambda step: steps[step]) in _REMEDY


def _breaks_order(playbook: Playbook, state: State) -> bool:
    """Whether a remedy now breaks an order that is a rule: for any upset customer, however hot, who was not heard."""
    ruled = playbook.order is Order.RULE and state.is_upset and state.act not in WANTS_REMEDY
    return ruled and not playbook.rules.allow_remedy(state.done)


def _remedies(sentence: Sentence, detector: Detector) -> bool:
    return any(detector.claims(sentence.reading, step) for step in _REMEDY)


def solve_too_late(state: State, evidence: Mapping[Label, Evidence]) -> tuple[Place, ...]:
    """The sympathy of a reply that holds nothing else, though the customer was heard and waits for the remedy."""
    if not state.heard(_SYMPATHY) or not _request_stands(state):
        return ()
    if any(evidence[step].places and evidence[step].worth for step in _ANSWER):
        return ()
    return tuple(place for step in _SYMPATHY for place in evidence[step].places)


def _request_stands(state: State) -> bool:
    """Whether the customer asked for a remedy, now or since an agent last answered, and still waits for it.

    Turning sympathy down before there was any remedy asks for one, too.
    """
    answered = max((state.last_done[step] for step in _ANSWER if step in state.last_done), default=-1)
    since = takewhile(lambda moment: moment.turn_index > answered, reversed(state.moments))
    return state.act in _WAITING and any(_requests(state, moment) for moment in since)


def _requests(state: State, moment: CustomerMoment) -> bool:
    act = moment.reading.act
    return act is CustomerAct.ASK or (
        act is CustomerAct.REJECT and not state.remedied and not _answers_plea(state, moment)
    )


def _answers_plea(state: State, moment: CustomerMoment) -> bool:
    """Whether a message follows on a plea to be forgiven: turning that down asks for nothing."""
    before = [sentence for sentence in state.sentences if sentence.turn_index < moment.turn_index]
    return any(_pleads(s.text) for s in before if s.turn_index == before[-1].turn_index)


def _pleads(text: str) -> bool:
    return not words_in(text).isdisjoint(_PLEA_WORDS) and _PLEA.search(text) is not None


def no_pause(playbook: Playbook, state: State, sentences: Sequence[Sentence], detector: Detector) -> tuple[Place, ...]:
    """Where a reply rushes on: past a plea to be forgiven, or past a stage after which the order is silent."""
    return _past_plea(playbook, sentences, detector) or _past_stage(playbook, state, sentences, detector)


def past_gate(
    playbook: Playbook, state: State, stage: Stage, sentences: Sequence[Sentence], detector: Detector
) -> tuple[Place, ...]:
    """A remedy in the turn that makes `stage`, the one reached, where that stage wants the customer's answer first.

    Or in any turn, where the answer was no yes. A customer who asks for the remedy is past the gate.
    """
    if restatement_is_refused(playbook, state):
        return tuple(place_of(sentence) for sentence in sentences if _is_remedy(sentence, detector))[:1]
    confirmed = playbook.rules.reflection_is_confirmed and Step.REFLECT in stage.required_steps
    if not (stage.pause or confirmed) or state.act in WANTS_REMEDY or not occasion_holds(stage.occasion, state):
        return ()
    always = confirmed or (playbook.order is Order.RULE and state.upset >= HEAT)
    made_in: int | None = None
    for sentence in _live(sentences):
        if made_in == sentence.turn_index and _remedies(sentence, detector):
            return (place_of(sentence),)
        if always or sentence.text.rstrip().endswith("?"):
            makes = any(detector.claims(sentence.reading, step) for step in stage.required_steps)
            made_in = sentence.turn_index if makes else made_in
    return ()


def _live(sentences: Sequence[Sentence]) -> list[Sentence]:
    """Those of turns that are no letters."""
    words: dict[int, int] = {}
    for sentence in sentences:
        words[sentence.turn_index] = words.get(sentence.turn_index, 0) + word_count(sentence.text)
    return [sentence for sentence in sentences if words[sentence.turn_index] <= LETTER_WORDS]


def _past_plea(playbook: Playbook, sentences: Sequence[Sentence], detector: Detector) -> tuple[Place, ...]:
    """A remedy in the turn in which the customer was asked for forgiveness: the question should stand alone."""
    stage = playbook.stage_of(Step.APOLOGIZE)
    if stage is None or not playbook.stages[stage].pause:
        return ()
    asked_in: int | None = None
    for sentence in _live(sentences):
        if asked_in == sentence.turn_index and _remedies(sentence, detector):
            return (place_of(sentence),)
        apologizes = detector.claims(sentence.reading, Step.APOLOGIZE) and _ASKS_FORGIVENESS.search(sentence.text)
        if apologizes or _pleads(sentence.text):
            asked_in = sentence.turn_index
    return ()


def _past_stage(
    playbook: Playbook, state: State, sentences: Sequence[Sentence], detector: Detector
) -> tuple[Place, ...]:
    """A later stage in the turn that first makes one after which the agent is silent, where order is a rule."""
    if playbook.order is not Order.RULE or state.act in WANTS_REMEDY or state.upset < HEAT:
        return ()
    turn_index, paused = -1, len(playbook.stages)
    for sentence in _live(sentences):
        made = [step for step in STEPS if detector.claims(sentence.reading, step)]
        stages = {step: index for step in made if (index := playbook.stage_of(step)) is not None}
        moves_on = sentence.turn_index == turn_index and any(stages.get(step, -1) > paused for step in _MOVES_ON)
        if moves_on and word_count(sentence.text) >= ANSWER_WORDS:
            return (place_of(sentence),)
        first = [i for i in stages.values() if playbook.stages[i].pause and not state.heard(playbook.stages[i].steps)]
        if first:
            turn_index, paused = sentence.turn_index, max(first)
    return ()
