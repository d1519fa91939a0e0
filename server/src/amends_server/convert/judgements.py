"""Judgements as messages."""

from collections.abc import Iterable
from typing import Any

from amends.v1 import conversation_pb2, judgement_pb2, taxonomy_pb2
from amends_core.conversation import CustomerMoment, Sentence
from amends_core.detection import Detector
from amends_core.exemplars import Nearest
from amends_core.judgement import (
    Change,
    Contribution,
    Judgement,
    MisstepFinding,
    Place,
    StepAssessment,
    Suggestion,
    Verdict,
)
from amends_core.taxonomy import CustomerAct, Expectation, Strength
from amends_core.teaching import CustomReading

from amends_server.convert.labels import ACT_VALUES, MISSTEP_VALUES, SEVERITY_VALUES, STEP_VALUES, subject_to
from amends_server.convert.playbooks import playbook_ref

_STRENGTHS = {strength: taxonomy_pb2.Strength.Value(f"STRENGTH_{strength.name}") for strength in Strength}
_EXPECTATIONS = {how: taxonomy_pb2.Expectation.Value(f"EXPECTATION_{how}") for how in Expectation}
_VERDICTS = {verdict: taxonomy_pb2.Verdict.Value(f"VERDICT_{verdict}") for verdict in Verdict}
_CHANGES = {change: judgement_pb2.Suggestion.Action.Value(f"ACTION_{change}") for change in Change}


def judgement_to(judgement: Judgement, detector: Detector | None = None) -> judgement_pb2.Judgement:
    """A judgement as a message; with a detector it tells what was read in each sentence.

    What every judgement holds many of is made where it stays: protobuf copies what is handed to it.
    """
    message = judgement_pb2.Judgement(
        score=judgement.score,
        verdict=_VERDICTS[judgement.verdict],
        confidence=judgement.confidence,
        unsure_reasons=judgement.unsure_reasons,
        missteps=[_misstep(found) for found in judgement.missteps],
        customer=customer_to(judgement.customer),
        suggestions=[_suggestion(suggestion) for suggestion in judgement.suggestions],
        playbook=playbook_ref(judgement.playbook),
        stage=judgement.stage,
        sentences=[_sentence(sentence, detector) for sentence in judgement.sentences] if detector else (),
        custom_steps=[_custom_step(found.reading, found.places) for found in judgement.custom_steps],
    )
    for share in judgement.contributions:
        message.contributions.add(**_contribution(share))
    for found in judgement.steps.values():
        _add_step(message, found)
    return message


def customer_to(moment: CustomerMoment) -> judgement_pb2.CustomerSignals:
    """What was read in the customer, as a message."""
    return signals_to(moment.upset, moment.reading.act, moment.reading.act_probability)


def signals_to(upset: float, act: CustomerAct, act_probability: float) -> judgement_pb2.CustomerSignals:
    """A message of what was read in the customer; both probabilities 0 to 1."""
    return judgement_pb2.CustomerSignals(upset=upset, act=ACT_VALUES[act], act_probability=act_probability)


def contribution_to(share: Contribution) -> judgement_pb2.Contribution:
    """What moved the score, as a message."""
    return judgement_pb2.Contribution(**_contribution(share))


def spans_to(places: Iterable[Place]) -> list[conversation_pb2.Span]:
    """Stretches of turns as messages, in order."""
    return [conversation_pb2.Span(turn_index=p.turn_index, start=p.span.start, end=p.span.end) for p in places]


def _exemplar(nearest: Nearest) -> judgement_pb2.Exemplar:
    return judgement_pb2.Exemplar(text=nearest.text, similarity=nearest.similarity, own=nearest.own)


def _sentence(sentence: Sentence, detector: Detector) -> judgement_pb2.SentenceReading:
    reading, span = sentence.reading, sentence.span
    return judgement_pb2.SentenceReading(
        span=conversation_pb2.Span(turn_index=sentence.turn_index, start=span.start, end=span.end),
        steps=[
            judgement_pb2.SentenceReading.StepReading(
                step=STEP_VALUES[step], probability=probability, strength=_STRENGTHS[detector.strength(reading, step)]
            )
            for step, probability in reading.steps.items()
        ],
        missteps=[
            judgement_pb2.SentenceReading.MisstepReading(
                misstep=MISSTEP_VALUES[misstep], probability=probability, claimed=detector.claims(reading, misstep)
            )
            for misstep, probability in reading.missteps.items()
        ],
        custom_steps=[_custom_step(custom) for custom in reading.custom_steps],
    )


def _custom_step(reading: CustomReading, places: Iterable[Place] = ()) -> judgement_pb2.CustomStepReading:
    return judgement_pb2.CustomStepReading(
        name=reading.step.name,
        version=reading.step.version,
        probability=reading.probability,
        claimed=reading.claimed,
        nearest_exemplar=_exemplar(reading.nearest),
        spans=spans_to(places),
    )


def _contribution(share: Contribution) -> dict[str, Any]:
    return {
        **subject_to(share.source),
        "points": share.points,
        "possible_points": share.possible_points,
        "reason": share.reason,
        "spans": spans_to(share.places) if share.places else None,
    }


def _add_step(message: judgement_pb2.Judgement, found: StepAssessment) -> None:
    step = message.steps.add(
        step=STEP_VALUES[found.step],
        expectation=_EXPECTATIONS[found.expectation],
        probability=found.probability,
        strength=_STRENGTHS[found.strength],
        missing=found.missing,
    )
    if found.places:
        step.spans.extend(spans_to(found.places))
    if found.nearest is not None:
        step.nearest_exemplar.CopyFrom(_exemplar(found.nearest))


def _misstep(found: MisstepFinding) -> judgement_pb2.MisstepFinding:
    return judgement_pb2.MisstepFinding(
        misstep=MISSTEP_VALUES[found.misstep],
        probability=found.probability,
        severity=SEVERITY_VALUES[found.severity],
        spans=spans_to(found.places),
        reason=found.reason,
        nearest_exemplar=_exemplar(found.nearest) if found.nearest else None,
    )


def _suggestion(suggestion: Suggestion) -> judgement_pb2.Suggestion:
    return judgement_pb2.Suggestion(
        action=_CHANGES[suggestion.change],
        **subject_to(suggestion.subject),
        text=suggestion.text,
        example=suggestion.example,
        expected_gain=suggestion.expected_gain,
    )
