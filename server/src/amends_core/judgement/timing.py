"""What came at the wrong time: a remedy too soon or too late, or no silence where one was called for."""

import re
from collections.abc import Mapping, Sequence
from itertools import takewhile

from amends_core.conversation import UPSET, CustomerMoment, Sentence, State
from amends_core.detection import Detector
from amends_core.figures import numbers_in
from amends_core.judgement.evidence import Evidence, place_of
from amends_core.judgement.result import Place
from amends_core.judgement.weights import ANSWER_WORDS
from amends_core.playbooks import Order, Playbook, Stage
from amends_core.stages import CONCERN, HEAT, WANTS_REMEDY, occasion_holds, restatement_is_refused
from amends_core.taxonomy import STEPS, CustomerAct, Label, Step
from amends_core.text import word_count, words_in

_SYMPATHY = (Step.EMPATHIZE, Step.APOLOGIZE, Step.LISTEN)
_REMEDY = (Step.TAKE_ACTION, Step.GO_FURTHER)
_HEARING = frozenset({Step.LISTEN, Step.REFLECT, Step.EMPATHIZE, Step.APOLOGIZE, Step.TAKE_OWNERSHIP})
"""What hears an upset customer where the playbook does not say."""
_READY = frozenset({*WANTS_REMEDY, CustomerAct.ACCEPT})
"""What a customer does for whom no remedy is too soon."""
UNHEARD_UPSET = 0.6
"""From this upset on a remedy alone is too soon where order is a preference; from UPSET on where it is a rule."""
CARING = 0.85
"""From this care on a sentence has met the customer, whatever its labels: of 124 graded replies to an upset customer
with a remedy and no hearing that a label knows, 28 of the 35 above it are good ones, and 6 of the 89 below it."""
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
_SALUTATION = re.compile(r"dear (?!me\b|oh\b)\w", re.I)
"""How a letter begins, however short it is."""
_LOOKS_INTO = re.compile(r"\b(?:look(?:ing|ed)? (?:at|into)|checking|investigating|reading)\b", re.I)
"""An inquiry: taken for an action, and no remedy yet."""
_WAITING = frozenset({*WANTS_REMEDY, CustomerAct.VENT})
"""What a customer does whose request stands."""


def solve_too_soon(
    playbook: Playbook, state: State, sentences: Sequence[Sentence], detector: Detector
) -> tuple[Place, ...]:
    """The first remedy of a reply to an upset customer who was heard neither in it nor earlier.

    Where order is a rule, hearing must come before the remedy; elsewhere it may come behind it, and a sentence that
    cares in words that no label knows counts as well.
    """
    by_rule = playbook.order is Order.RULE
    if state.act in _READY or state.upset < (UPSET if by_rule else UNHEARD_UPSET):
        return ()
    first = next((i for i, sentence in enumerate(sentences) if _is_remedy(sentence, detector)), None)
    if first is None:
        return ()
    if not by_rule and any(sentence.reading.care >= CARING for sentence in sentences):
        return ()
    before = sentences[: first + 1] if by_rule else sentences
    return () if _is_heard(playbook, (*state.sentences, *before)) else (place_of(sentences[first]),)


def _is_heard(playbook: Playbook, said: Sequence[Sentence]) -> bool:
    """Whether the playbook would have an upset customer given a remedy after these sentences of agents."""
    done = {label for sentence in said for label in sentence.reading.claimed if isinstance(label, Step)}
    return playbook.rules.allow_remedy(done) if playbook.rules.remedy_after else not done.isdisjoint(_HEARING)


def _is_remedy(sentence: Sentence, detector: Detector) -> bool:
    """Whether a remedy is what a sentence is for: not an inquiry, not a restatement with a word of action in it."""
    if not _remedies(sentence, detector) or _LOOKS_INTO.search(sentence.text):
        return False
    steps = sentence.reading.steps
    return word_count(sentence.text) >= ANSWER_WORDS and max(steps, key=lambda step: steps[step]) in _REMEDY


def _remedies(sentence: Sentence, detector: Detector) -> bool:
    return any(detector.claims(sentence.reading, step) for step in _REMEDY)


def solve_too_late(
    state: State, sentences: Sequence[Sentence], evidence: Mapping[Label, Evidence]
) -> tuple[Place, ...]:
    """The sympathy of a reply that holds nothing else, though the customer was heard and waits for the remedy."""
    if not state.heard(_SYMPATHY) or not _request_stands(state):
        return ()
    if any(evidence[step].places and evidence[step].worth for step in _ANSWER):
        return ()
    harm = {place_of(sentence) for sentence in sentences if sentence.reading.harms}
    found = [place for step in _SYMPATHY for place in evidence[step].places if place not in harm]
    return () if any(_tells_figure(sentence, state) for sentence in sentences) else tuple(found)


def _tells_figure(sentence: Sentence, state: State) -> bool:
    """Whether a sentence names a number that the customer did not: an answer, in words that no label may know."""
    apologizes = Step.APOLOGIZE in sentence.reading.claimed
    return not apologizes and not numbers_in(sentence.text) <= state.case.numbers


def _request_stands(state: State) -> bool:
    """Whether the customer asked for a remedy, now or since an agent last answered, and still waits for it.

    What they asked before anybody had heard them, they said in anger. Turning sympathy down before there was any
    remedy asks for one, too.
    """
    if state.act not in _WAITING:
        return False
    answered = max((state.last_done[step] for step in _ANSWER if step in state.last_done), default=-1)
    since = takewhile(lambda moment: moment.turn_index > max(answered, _first_heard(state)), reversed(state.moments))
    return any(_requests(state, moment) for moment in since)


def _first_heard(state: State) -> int:
    """The turn in which an agent first showed sympathy; the customer's last where none did."""
    turns = (s.turn_index for s in state.sentences if any(step in s.reading.claimed for step in _SYMPATHY))
    return next(turns, state.moments[-1].turn_index)


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
    live = _live(sentences)
    return _past_plea(playbook, state, live, detector) or _past_stage(playbook, state, live, detector)


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
    letters = {sentence.turn_index for sentence in sentences if _SALUTATION.match(sentence.text)}
    return [s for s in sentences if words[s.turn_index] <= LETTER_WORDS and s.turn_index not in letters]


def _past_plea(
    playbook: Playbook, state: State, sentences: Sequence[Sentence], detector: Detector
) -> tuple[Place, ...]:
    """A remedy in the turn in which the customer was asked for forgiveness: the question should stand alone."""
    stage = playbook.stage_of(Step.APOLOGIZE)
    if stage is None or not playbook.stages[stage].pause or state.act in WANTS_REMEDY or state.upset < CONCERN:
        return ()
    asked_in: int | None = None
    for sentence in sentences:
        if asked_in == sentence.turn_index and _is_remedy(sentence, detector):
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
    for sentence in sentences:
        made = [step for step in STEPS if detector.claims(sentence.reading, step)]
        stages = {step: index for step in made if (index := playbook.stage_of(step)) is not None}
        moves_on = sentence.turn_index == turn_index and any(stages.get(step, -1) > paused for step in _MOVES_ON)
        if moves_on and word_count(sentence.text) >= ANSWER_WORDS:
            return (place_of(sentence),)
        first = [i for i in stages.values() if playbook.stages[i].pause and not state.heard(playbook.stages[i].steps)]
        if first:
            turn_index, paused = sentence.turn_index, max(first)
    return ()
