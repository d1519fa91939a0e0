"""Judges one reply in its conversation: the one way through the rooms of this folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from amends_core.conversation import Sentence, State
from amends_core.detection import Detector
from amends_core.encoder import Encoding
from amends_core.exemplars import ExemplarIndex
from amends_core.judgement import wording
from amends_core.judgement.confidence import confidence_of, unsure_reasons
from amends_core.judgement.custom import custom_findings
from amends_core.judgement.details import Details
from amends_core.judgement.evidence import Evidence, Gatherer, carries_time, filler_words, with_answer, without_time
from amends_core.judgement.missteps import find_missteps
from amends_core.judgement.points import contributions, score_of, verdict_of
from amends_core.judgement.result import Judgement, StepAssessment, Verdict
from amends_core.judgement.suggestions import suggest
from amends_core.playbooks import Playbook
from amends_core.stages import expectations, locate
from amends_core.taxonomy import STEPS, Expectation, Label, Step, Strength


@dataclass(frozen=True, slots=True)
class Reply:
    """The sentences of a reply, with their encodings in the same order."""

    sentences: Sequence[Sentence]
    encodings: Sequence[Encoding]


@dataclass(frozen=True, slots=True)
class Past:
    """What was said before the reply."""

    state: State
    sentence_encodings: Sequence[Encoding]
    """Of `state.sentences`, in their order."""
    customer: Encoding
    """Of the customer's last message."""
    customer_messages: Sequence[str]
    """Everything the customer has said."""


class Judge:
    """Judges replies by one model. Immutable, thread-safe, deterministic."""

    def __init__(self, detector: Detector, exemplars: Mapping[str, ExemplarIndex], phrasings: ExemplarIndex) -> None:
        """`exemplars` holds one index a playbook, by its name."""
        self._detector = detector
        self._exemplars = exemplars
        self._phrasings = phrasings

    def judge(self, playbook: Playbook, past: Past, reply: Reply, locale: str) -> Judgement:
        """Gives the judgement of `reply`, which must hold at least one sentence."""
        state = past.state
        embeddings = [encoding.embedding for encoding in reply.encodings]
        earlier = [encoding.embedding for encoding in past.sentence_encodings]
        gatherer = Gatherer(self._detector, self._exemplars[playbook.name], Details.of(past.customer_messages))
        evidence = gatherer.gather(reply.sentences, embeddings)
        if state.wants_answer:
            evidence = with_answer(evidence, reply.sentences)
        else:
            evidence = without_time(evidence, reply.sentences, by_rule=playbook.rules.action_needs_time)
        expected = expectations(playbook, state)
        missteps = find_missteps(
            playbook, state, reply.sentences, embeddings, earlier, evidence, self._detector, past.customer_messages
        )
        filler = 0 if state.wants_answer else filler_words(reply.sentences, evidence)
        shares = contributions(state, expected, evidence, missteps, filler)
        steps = {step: _assess(playbook, step, expected[step], evidence, reply.sentences) for step in STEPS}
        score = score_of(shares)
        confidence = confidence_of(expected, evidence)
        reasons = unsure_reasons(confidence, state, reply.encodings, locale)
        return Judgement(
            score=score,
            verdict=Verdict.UNSURE if reasons else verdict_of(score, missteps),
            confidence=confidence,
            unsure_reasons=reasons,
            contributions=shares,
            steps=steps,
            missteps=missteps,
            customer=state.moments[-1],
            suggestions=suggest(shares, steps, self._phrasings, past.customer.embedding),
            playbook=playbook,
            stage=locate(playbook, state).stage.name,
            sentences=tuple(reply.sentences),
            custom_steps=custom_findings(reply.sentences),
        )


def _assess(
    playbook: Playbook,
    step: Step,
    expectation: Expectation,
    evidence: Mapping[Label, Evidence],
    sentences: Sequence[Sentence],
) -> StepAssessment:
    found = evidence[step]
    return StepAssessment(
        step=step,
        expectation=expectation,
        probability=found.probability,
        strength=found.strength,
        places=found.places,
        nearest=found.nearest,
        missing=_missing(playbook, step, expectation, found, sentences),
    )


def _missing(
    playbook: Playbook, step: Step, expectation: Expectation, found: Evidence, sentences: Sequence[Sentence]
) -> str:
    if expectation is not Expectation.EXPECTED:
        return ""
    if found.strength is Strength.ABSENT:
        return wording.ABSENT[step]
    timed = step is Step.TAKE_ACTION and playbook.rules.action_needs_time
    if timed and not carries_time(sentences, found.places):
        return wording.WITHOUT_TIME
    return wording.WEAK[step] if found.strength is Strength.WEAK else ""
