"""Advice as messages."""

from amends.v1 import advice_pb2
from amends_core.advice import Advice
from amends_core.taxonomy import Label

from amends_server.convert.judgements import customer_to
from amends_server.convert.labels import STEP_VALUES, subject_to
from amends_server.convert.playbooks import playbook_ref


def advice_to(advice: Advice) -> advice_pb2.Advice:
    """Advice as a message."""
    return advice_pb2.Advice(
        steps=[
            advice_pb2.StepAdvice(
                step=STEP_VALUES[each.step], probability=each.probability, reason=each.reason, phrasings=each.phrasings
            )
            for each in advice.steps
        ],
        stage=advice.position.stage.name,
        stage_index=advice.position.index,
        pause=bool(advice.pause_reason),
        pause_reason=advice.pause_reason,
        avoid=[_avoidance(each.subject, each.reason) for each in advice.avoid],
        customer=customer_to(advice.customer),
        playbook=playbook_ref(advice.playbook),
        resolved=advice.position.resolved,
    )


def _avoidance(subject: Label, reason: str) -> advice_pb2.Avoidance:
    return advice_pb2.Avoidance(
        **subject_to(subject),
        reason=reason,
    )
