"""The missteps of a reply: those of its sentences, and those only the conversation can show."""

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from amends_core.conversation import Sentence, State
from amends_core.detection import Detector
from amends_core.encoder import Floats
from amends_core.judgement.evidence import Evidence, place_of
from amends_core.judgement.given import asked_again
from amends_core.judgement.result import MisstepFinding, Place
from amends_core.judgement.weights import REPEATED_COSINE, REPEATED_WORDS, SEVERITY
from amends_core.judgement.wording import HARM, RUSHED_PAST_GATE, SURVEY_BY_RULE
from amends_core.playbooks import Order, Playbook
from amends_core.stages import HEAT, WANTS_REMEDY, locate, occasion_holds, remedy_is_early
from amends_core.taxonomy import SENTENCE_MISSTEPS, STEPS, CustomerAct, Label, Misstep, Severity, Step
from amends_core.text import word_count

_SYMPATHY = (Step.EMPATHIZE, Step.APOLOGIZE, Step.LISTEN)
_REMEDY = (Step.TAKE_ACTION, Step.GO_FURTHER)
_ASKS_FORGIVENESS = re.compile(r"\b(?:forgiv\w+|pardon|accept (?:my|our)\b.*\bapolog\w+)", re.I)
_ANSWER = (*_REMEDY, Step.CLARIFY, Step.STATE_LIMITS, Step.TAKE_OWNERSHIP)


def find_missteps(
    playbook: Playbook,
    state: State,
    sentences: Sequence[Sentence],
    embeddings: Sequence[Floats],
    earlier: Sequence[Floats],
    evidence: Mapping[Label, Evidence],
    detector: Detector,
    said: Sequence[str],
) -> tuple[MisstepFinding, ...]:
    """Gives the missteps, gravest first.

    `earlier` holds the embeddings of `state.sentences`, `said` the customer's messages.
    """
    found = [_of_sentences(playbook, m, evidence[m]) for m in SENTENCE_MISSTEPS if evidence[m].places]
    whole = {
        Misstep.SOLVE_TOO_SOON: _solve_too_soon(playbook, state, sentences, detector),
        Misstep.SOLVE_TOO_LATE: _solve_too_late(state, evidence),
        Misstep.OVER_APOLOGIZED: _over_apologized(playbook, state, sentences, detector),
        Misstep.MISHEARD: tuple(asked_again(said, sentences)),
        Misstep.NO_PAUSE: _no_pause(playbook, sentences, detector),
        Misstep.REPEATED: tuple(_repeated(sentences, embeddings, state.sentences, earlier)),
    }
    found += [
        MisstepFinding(misstep, 1.0, severity_of(playbook, misstep), places, HARM[misstep])
        for misstep, places in whole.items()
        if places
    ]
    rushed = () if whole[Misstep.NO_PAUSE] else _past_gate(playbook, state, sentences, detector)
    if rushed:
        severity = severity_of(playbook, Misstep.NO_PAUSE)
        found.append(MisstepFinding(Misstep.NO_PAUSE, 1.0, severity, rushed, RUSHED_PAST_GATE))
    return tuple(sorted(found, key=lambda finding: (-finding.severity, -finding.probability, finding.misstep)))


def severity_of(playbook: Playbook, misstep: Misstep) -> Severity:
    """How much the misstep harms under the playbook."""
    if misstep in playbook.grave_missteps:
        return Severity.GRAVE
    return Severity.MAJOR if _is_survey_by_rule(playbook, misstep) else SEVERITY[misstep]


def _is_survey_by_rule(playbook: Playbook, misstep: Misstep) -> bool:
    return misstep is Misstep.AUTOMATED_SURVEY and playbook.rules.satisfaction_by_person


def _of_sentences(playbook: Playbook, misstep: Misstep, found: Evidence) -> MisstepFinding:
    reason = SURVEY_BY_RULE if _is_survey_by_rule(playbook, misstep) else HARM[misstep]
    severity = severity_of(playbook, misstep)
    return MisstepFinding(misstep, found.probability, severity, found.places, reason, found.nearest)


def _solve_too_soon(
    playbook: Playbook, state: State, sentences: Sequence[Sentence], detector: Detector
) -> tuple[Place, ...]:
    if not remedy_is_early(playbook, state):
        return ()
    done = set(state.done)
    for sentence in sentences:
        done |= {step for step in STEPS if detector.claims(sentence.reading, step)} - set(_REMEDY)
        if playbook.rules.allow_remedy(done):
            return ()
        if any(detector.claims(sentence.reading, step) for step in _REMEDY):
            return (place_of(sentence),)
    return ()


def _solve_too_late(state: State, evidence: Mapping[Label, Evidence]) -> tuple[Place, ...]:
    if state.act is not CustomerAct.ASK or not state.heard(_SYMPATHY):
        return ()
    if any(evidence[step].places for step in _ANSWER):
        return ()
    return tuple(place for step in _SYMPATHY for place in evidence[step].places)


def _over_apologized(
    playbook: Playbook, state: State, sentences: Sequence[Sentence], detector: Detector
) -> tuple[Place, ...]:
    most = playbook.rules.max_apologies
    if not most:
        return ()
    apologies = [place_of(s) for s in sentences if detector.claims(s.reading, Step.APOLOGIZE)]
    return tuple(apologies[max(0, most - state.apologies) :])


def _no_pause(playbook: Playbook, sentences: Sequence[Sentence], detector: Detector) -> tuple[Place, ...]:
    """A remedy in the turn in which the customer was asked for forgiveness: the question should stand alone."""
    stage = playbook.stage_of(Step.APOLOGIZE)
    if stage is None or not playbook.stages[stage].pause:
        return ()
    asked_in: int | None = None
    for sentence in sentences:
        if asked_in == sentence.turn_index and any(detector.claims(sentence.reading, step) for step in _REMEDY):
            return (place_of(sentence),)
        if detector.claims(sentence.reading, Step.APOLOGIZE) and _ASKS_FORGIVENESS.search(sentence.text):
            asked_in = sentence.turn_index
    return ()


def _past_gate(
    playbook: Playbook, state: State, sentences: Sequence[Sentence], detector: Detector
) -> tuple[Place, ...]:
    """A remedy in the turn that makes the stage reached, where that stage wants the customer's answer first.

    A customer who asks for the remedy is past the gate.
    """
    stage = locate(playbook, state).stage
    confirmed = playbook.rules.reflection_is_confirmed and Step.REFLECT in stage.required_steps
    if not (stage.pause or confirmed) or state.act in WANTS_REMEDY or not occasion_holds(stage.occasion, state):
        return ()
    always = confirmed or (playbook.order is Order.RULE and state.upset >= HEAT)
    made_in: int | None = None
    for sentence in sentences:
        if made_in == sentence.turn_index and any(detector.claims(sentence.reading, step) for step in _REMEDY):
            return (place_of(sentence),)
        if always or sentence.text.rstrip().endswith("?"):
            makes = any(detector.claims(sentence.reading, step) for step in stage.required_steps)
            made_in = sentence.turn_index if makes else made_in
    return ()


def _repeated(
    sentences: Sequence[Sentence], embeddings: Sequence[Floats], said: Sequence[Sentence], earlier: Sequence[Floats]
) -> Iterator[Place]:
    before = [e for s, e in zip(said, earlier, strict=True) if word_count(s.text) >= REPEATED_WORDS]
    if not before:
        return
    matrix = np.stack(before)
    for sentence, embedding in zip(sentences, embeddings, strict=True):
        if word_count(sentence.text) >= REPEATED_WORDS and float((matrix @ embedding).max()) >= REPEATED_COSINE:
            yield place_of(sentence)
