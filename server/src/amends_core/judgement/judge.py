"""Judges one reply in its conversation: the one way through the rooms of this folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from amends_core.conversation import Sentence, State
from amends_core.detection import Detector
from amends_core.encoder import Encoding, Floats
from amends_core.exemplars import ExemplarIndex
from amends_core.judgement import wording
from amends_core.judgement.answers import with_answer
from amends_core.judgement.care import care_of
from amends_core.judgement.confidence import confidence_of, unsure_reasons
from amends_core.judgement.custom import custom_findings
from amends_core.judgement.details import Details
from amends_core.judgement.evidence import Evidence, Gatherer, carries_time, filler_words, without_time
from amends_core.judgement.missteps import find_missteps
from amends_core.judgement.points import Seen, contributions, score_of, verdict_of
from amends_core.judgement.result import Judgement, StepAssessment, Verdict
from amends_core.judgement.rules import by_rules, without_allowed_disclosure
from amends_core.judgement.suggestions import suggest
from amends_core.playbooks import Playbook
from amends_core.stages import Position, expectations, locate
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
    embeddings: Sequence[Floats]
    """Of `state.sentences`, in their order."""
    customer: Encoding
    """Of the customer's last message."""
    details: Details
    """Of everything the customer has said."""


class Judge:
    """Judges replies by one model. Immutable, thread-safe, deterministic."""

    def __init__(self, detector: Detector, exemplars: Mapping[str, ExemplarIndex], phrasings: ExemplarIndex) -> None:
        """`exemplars` holds one index a playbook, by its name."""
        self._detector = detector
        self._exemplars = exemplars
        self._phrasings = phrasings

    def see(self, playbook: Playbook, past: Past, reply: Reply) -> Seen:
        """Gives all that the score of `reply`, which must hold at least one sentence, is made from."""
        return self._see(playbook, locate(playbook, past.state), past, reply)[0]

    def _see(self, playbook: Playbook, position: Position, past: Past, reply: Reply) -> tuple[Seen, Sequence[Sentence]]:
        """What the score is made from, and the sentences as the playbook lets them be read."""
        state = past.state
        embeddings = [encoding.embedding for encoding in reply.encodings]
        sentences = without_allowed_disclosure(playbook, reply.sentences, self._detector)
        gatherer = Gatherer(self._detector, self._exemplars[playbook.name], past.details)
        lines = gatherer.lines(sentences, embeddings)
        evidence = gatherer.gather(lines)
        if state.wants_answer:
            evidence = with_answer(evidence, lines, past.details)
        else:
            evidence = without_time(evidence, sentences, by_rule=playbook.rules.action_needs_time)
        expected = expectations(playbook, state, position)
        evidence = by_rules(playbook, state, expected, evidence, sentences)
        missteps = find_missteps(
            playbook, state, position.stage, sentences, embeddings, past.embeddings, evidence, self._detector
        )
        filler = 0 if state.wants_answer else filler_words(sentences, evidence)
        seen = Seen(state, expected, evidence, missteps, care_of(lines), filler)
        return seen, sentences

    def judge(self, playbook: Playbook, past: Past, reply: Reply, locale: str) -> Judgement:
        """Gives the judgement of `reply`, which must hold at least one sentence."""
        position = locate(playbook, past.state)
        seen, sentences = self._see(playbook, position, past, reply)
        state, expected, evidence, missteps = past.state, seen.expected, seen.evidence, seen.missteps
        shares = contributions(seen)
        timed = playbook.rules.action_needs_time and not state.wants_answer
        steps = {step: _assess(step, expected[step], evidence, sentences, timed=timed) for step in STEPS}
        score = score_of(shares)
        confidence = confidence_of(expected, evidence)
        reasons = unsure_reasons(confidence, state, reply.sentences, reply.encodings, locale)
        return Judgement(
            score=score,
            verdict=Verdict.UNSURE if reasons else verdict_of(score, missteps),
            confidence=confidence,
            unsure_reasons=reasons,
            contributions=shares,
            steps=steps,
            missteps=missteps,
            customer=state.moments[-1],
            suggestions=suggest(
                shares, steps, {finding.misstep for finding in missteps}, self._phrasings, past.customer.embedding
            ),
            playbook=playbook,
            stage=position.stage.name,
            sentences=tuple(reply.sentences),
            custom_steps=custom_findings(reply.sentences),
        )


def _assess(
    step: Step,
    expectation: Expectation,
    evidence: Mapping[Label, Evidence],
    sentences: Sequence[Sentence],
    *,
    timed: bool,
) -> StepAssessment:
    found = evidence[step]
    return StepAssessment(
        step=step,
        expectation=expectation,
        probability=found.probability,
        strength=found.strength,
        places=found.places,
        nearest=found.nearest,
        missing=_missing(step, expectation, found, sentences, timed=timed),
    )


def _missing(
    step: Step, expectation: Expectation, found: Evidence, sentences: Sequence[Sentence], *, timed: bool
) -> str:
    """What a step lacks; `timed`: an action is to carry a time."""
    if expectation is not Expectation.EXPECTED:
        return ""
    if found.remark:
        return found.remark
    if found.strength is Strength.ABSENT:
        return wording.ABSENT[step]
    if step is Step.TAKE_ACTION and timed and not carries_time(sentences, found.places):
        return wording.WITHOUT_TIME
    return wording.WEAK[step] if found.strength is Strength.WEAK else ""
