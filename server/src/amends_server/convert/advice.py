"""Advice as messages."""

from amends.v1 import advice_pb2
from amends_core.advice import Advice, Repair
from amends_core.issues import Issue
from amends_core.judgement import Place
from amends_core.taxonomy import STEPS, Label

from amends_server.convert.judgements import customer_to, spans_to
from amends_server.convert.labels import MISSTEP_VALUES, STEP_VALUES, steps_to, subject_to
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
        repairs=[_repair(each) for each in advice.repairs],
        only_asks=advice.only_asks,
        follow_up_due=bool(advice.follow_up_reason),
        follow_up_reason=advice.follow_up_reason,
        issues=[_issue(each, advice.customer.turn_index) for each in advice.issues],
    )


def _avoidance(subject: Label, reason: str) -> advice_pb2.Avoidance:
    return advice_pb2.Avoidance(
        **subject_to(subject),
        reason=reason,
    )


def _repair(repair: Repair) -> advice_pb2.Repair:
    return advice_pb2.Repair(
        misstep=MISSTEP_VALUES[repair.misstep],
        spans=spans_to(repair.places),
        text=repair.text,
        example=repair.example,
        steps=steps_to(step for step in STEPS if step in repair.steps),
    )


def _issue(issue: Issue, turn_index: int) -> advice_pb2.Issue:
    (span,) = spans_to([Place(turn_index, issue.span)])
    return advice_pb2.Issue(about=issue.topic.value if issue.topic else "", problem=issue.is_problem, span=span)
