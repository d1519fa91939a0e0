"""Between the contract's messages and the core's values. The only room that knows both."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from amends.v1 import (
    advice_pb2,
    arc_pb2,
    conversation_pb2,
    empathy_service_pb2,
    judgement_pb2,
    playbook_pb2,
    taxonomy_pb2,
)
from amends_core.advice import Advice
from amends_core.arc import AgentArc, Arc, JudgedReply, Milestone, Milestones, PlacedMisstep, ReplyMoment
from amends_core.conversation import CustomerMoment, Sentence, Turn
from amends_core.deeds import Deed
from amends_core.detection import Detector
from amends_core.errors import RequestError
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
from amends_core.playbooks import Playbook, Stage
from amends_core.promises import Promise, PromiseStatus
from amends_core.taxonomy import (
    CUSTOMER_ACTS,
    MISSTEPS,
    STEPS,
    CustomerAct,
    Expectation,
    Label,
    Role,
    Severity,
    Step,
    Strength,
)
from amends_core.teaching import CustomReading

_ROLES = {taxonomy_pb2.ROLE_CUSTOMER: Role.CUSTOMER, taxonomy_pb2.ROLE_AGENT: Role.AGENT}
_STEPS = {step: taxonomy_pb2.Step.Value(f"STEP_{step}") for step in STEPS}
_MISSTEPS = {misstep: taxonomy_pb2.Misstep.Value(f"MISSTEP_{misstep}") for misstep in MISSTEPS}
_ACTS = {act: taxonomy_pb2.CustomerAct.Value(f"CUSTOMER_ACT_{act}") for act in CUSTOMER_ACTS}
_STRENGTHS = {strength: taxonomy_pb2.Strength.Value(f"STRENGTH_{strength.name}") for strength in Strength}
_SEVERITIES = {severity: taxonomy_pb2.Severity.Value(f"SEVERITY_{severity.name}") for severity in Severity}
_EXPECTATIONS = {how: taxonomy_pb2.Expectation.Value(f"EXPECTATION_{how}") for how in Expectation}
_VERDICTS = {verdict: taxonomy_pb2.Verdict.Value(f"VERDICT_{verdict}") for verdict in Verdict}
_CHANGES = {change: judgement_pb2.Suggestion.Action.Value(f"ACTION_{change}") for change in Change}


def turns_from(turns: Sequence[conversation_pb2.Turn], path: str = "turns") -> list[Turn]:
    """The conversation of a request; `path` is where it stands there.

    Raises:
        RequestError: a time is none that a calendar has.
    """
    return [turn_from(turn, f"{path}[{index}]") for index, turn in enumerate(turns)]


def turn_from(turn: conversation_pb2.Turn, path: str) -> Turn:
    """One turn of a request; `path` is where it stands there.

    Raises:
        RequestError: its time is none that a calendar has.
    """
    return Turn(role_from(turn), turn.text, _time(turn, f"{path}.time"), turn.speaker_id)


def role_from(turn: conversation_pb2.Turn) -> Role:
    """Whose turn it is."""
    return _ROLES[turn.role]


def reply_from(request: empathy_service_pb2.ScoreReplyRequest, turns: Sequence[Turn]) -> list[str]:
    """The texts of the reply.

    Raises:
        RequestError: the times of the reply go back, or one is none that a calendar has.
    """
    latest = max((turn.time for turn in turns if turn.time is not None), default=None)
    for index, part in enumerate(request.reply):
        time = _time(part, f"reply[{index}].time")
        if time is None:
            continue
        if latest is not None and time < latest:
            raise RequestError(
                "the reply must not be earlier than what comes before it; check the clocks or leave time out",
                field=f"reply[{index}].time",
                reason="TURNS_OUT_OF_ORDER",
            )
        latest = time
    return [part.text for part in request.reply]


def judgement_to(judgement: Judgement, detector: Detector | None = None) -> judgement_pb2.Judgement:
    """A judgement as a message; with a detector it tells what was read in each sentence."""
    return judgement_pb2.Judgement(
        score=judgement.score,
        verdict=_VERDICTS[judgement.verdict],
        confidence=judgement.confidence,
        unsure_reasons=judgement.unsure_reasons,
        contributions=[_contribution(share) for share in judgement.contributions],
        steps=[_step(found) for found in judgement.steps.values()],
        missteps=[_misstep(found) for found in judgement.missteps],
        customer=_customer(judgement.customer),
        suggestions=[_suggestion(suggestion) for suggestion in judgement.suggestions],
        playbook=playbook_ref(judgement.playbook),
        stage=judgement.stage,
        sentences=[_sentence(sentence, detector) for sentence in judgement.sentences] if detector else (),
        custom_steps=[_custom_step(found.reading, found.places) for found in judgement.custom_steps],
    )


def advice_to(advice: Advice) -> advice_pb2.Advice:
    """Advice as a message."""
    return advice_pb2.Advice(
        steps=[
            advice_pb2.StepAdvice(
                step=_STEPS[each.step], probability=each.probability, reason=each.reason, phrasings=each.phrasings
            )
            for each in advice.steps
        ],
        stage=advice.position.stage.name,
        stage_index=advice.position.index,
        pause=bool(advice.pause_reason),
        pause_reason=advice.pause_reason,
        avoid=[_avoidance(each.subject, each.reason) for each in advice.avoid],
        customer=_customer(advice.customer),
        playbook=playbook_ref(advice.playbook),
        resolved=advice.position.resolved,
    )


def reply_to(reply: JudgedReply) -> empathy_service_pb2.JudgedReply:
    """A judged reply of a conversation as a message."""
    return empathy_service_pb2.JudgedReply(
        first_turn_index=reply.first_turn_index,
        last_turn_index=reply.last_turn_index,
        speaker_id=reply.speaker_id,
        judgement=judgement_to(reply.judgement),
    )


def arc_to(arc: Arc) -> empathy_service_pb2.Arc:
    """An arc as a message."""
    return empathy_service_pb2.Arc(
        points=[
            empathy_service_pb2.ArcPoint(
                turn_index=point.turn_index,
                customer=_signals(point.upset, point.act, point.act_probability),
                stage=point.stage,
                stage_index=point.stage_index,
            )
            for point in arc.points
        ],
        upset_change=arc.upset_change,
        mean_score=arc.mean_score,
        best_turn_index=arc.best_turn_index,
        worst_turn_index=arc.worst_turn_index,
        first_empathy_turn_index=arc.first_empathy_turn_index,
        first_remedy_turn_index=arc.first_remedy_turn_index,
        upset_start=arc.points[0].upset,
        upset_peak=arc.peak.upset,
        upset_peak_turn_index=arc.peak.turn_index,
        upset_end=arc.points[-1].upset,
        furthest_stage=arc.furthest_stage,
        furthest_stage_index=arc.furthest_stage_index,
        first=_milestones(arc.first),
        missteps=[_placed(misstep) for misstep in arc.missteps],
        promises=[_promise(promise) for promise in arc.promises],
        best=_moment(arc.best),
        worst=_moment(arc.worst),
        agents=[_agent(agent) for agent in arc.agents],
    )


def playbook_ref(playbook: Playbook) -> judgement_pb2.PlaybookRef:
    """Name, version and checksum of a playbook."""
    return judgement_pb2.PlaybookRef(name=playbook.name, version=playbook.version, sha256=playbook.sha256)


def playbook_to(playbook: Playbook, *, with_exemplars: bool) -> playbook_pb2.Playbook:
    """A playbook as a message."""
    rules = playbook.rules
    exemplars = playbook.exemplars.items() if with_exemplars else ()
    return playbook_pb2.Playbook(
        ref=playbook_ref(playbook),
        title=playbook.title,
        summary=playbook.summary,
        order=playbook_pb2.Playbook.Order.Value(f"ORDER_{playbook.order}"),
        stages=[_stage(stage) for stage in playbook.stages],
        rules=playbook_pb2.PlaybookRules(
            remedy_after=[playbook_pb2.StepGroup(steps=_steps(group)) for group in rules.remedy_after],
            max_apologies=rules.max_apologies,
            apology_names_nobody=rules.apology_names_nobody,
            action_needs_time=rules.action_needs_time,
            satisfaction_by_person=rules.satisfaction_by_person,
            reflection_is_confirmed=rules.reflection_is_confirmed,
            exception_allowed=rules.exception_allowed,
            self_disclosure_allowed=rules.self_disclosure_allowed,
        ),
        grave_missteps=[_MISSTEPS[misstep] for misstep in playbook.grave_missteps],
        exemplars=[playbook_pb2.StepExemplars(step=_STEPS[step], phrases=texts) for step, texts in exemplars],
    )


def _time(turn: conversation_pb2.Turn | conversation_pb2.ReplyTurn, field: str) -> datetime | None:
    if not turn.HasField("time"):
        return None
    try:
        return turn.time.ToDatetime(UTC)
    except (ValueError, OverflowError):
        raise RequestError(
            "must lie in the years 1 to 9999, with 0 to 999,999,999 nanos; mend it or leave time out",
            field=field,
            reason="TIME_OUT_OF_RANGE",
        ) from None


def _stage(stage: Stage) -> playbook_pb2.Stage:
    return playbook_pb2.Stage(
        name=stage.name,
        steps=_steps(stage.steps),
        occasion=playbook_pb2.Occasion.Value(f"OCCASION_{stage.occasion}"),
        optional_steps=_steps(stage.optional_steps),
        advance_on=[_ACTS[act] for act in stage.advance_on],
        pause=stage.pause,
        until_calm=stage.until_calm,
    )


def _steps(steps: Iterable[Step]) -> list[taxonomy_pb2.Step.ValueType]:
    return [_STEPS[step] for step in steps]


def _subject(label: Label | None) -> dict[str, Any]:
    """The member of a oneof that a label is; none for None."""
    if label is None:
        return {}
    return {"step": _STEPS[label]} if isinstance(label, Step) else {"misstep": _MISSTEPS[label]}


def _customer(moment: CustomerMoment) -> judgement_pb2.CustomerSignals:
    return _signals(moment.upset, moment.reading.act, moment.reading.act_probability)


def _signals(upset: float, act: CustomerAct, act_probability: float) -> judgement_pb2.CustomerSignals:
    return judgement_pb2.CustomerSignals(upset=upset, act=_ACTS[act], act_probability=act_probability)


def _milestones(first: Milestones) -> arc_pb2.Milestones:
    return arc_pb2.Milestones(
        empathy=_milestone(first.empathy), apology=_milestone(first.apology), remedy=_milestone(first.remedy)
    )


def _milestone(milestone: Milestone | None) -> arc_pb2.Milestone | None:
    if milestone is None:
        return None
    return arc_pb2.Milestone(
        turn_index=milestone.turn_index, customer_turns=milestone.customer_turns, seconds=milestone.seconds
    )


def _placed(misstep: PlacedMisstep) -> arc_pb2.PlacedMisstep:
    return arc_pb2.PlacedMisstep(
        turn_index=misstep.turn_index,
        speaker_id=misstep.speaker_id,
        misstep=_MISSTEPS[misstep.misstep],
        severity=_SEVERITIES[misstep.severity],
    )


def _promise(promise: Promise) -> arc_pb2.Promise:
    return arc_pb2.Promise(
        span=conversation_pb2.Span(turn_index=promise.turn_index, start=promise.span.start, end=promise.span.end),
        speaker_id=promise.speaker_id,
        step=_STEPS[promise.step],
        deeds=[arc_pb2.Deed.Value(f"DEED_{deed}") for deed in Deed if deed in promise.deeds],
        due=promise.due,
        status=arc_pb2.PromiseStatus.Value(f"PROMISE_STATUS_{promise.status}"),
        settled_turn_index=promise.settled_turn_index,
    )


def _moment(moment: ReplyMoment | None) -> arc_pb2.ReplyMoment | None:
    if moment is None:
        return None
    return arc_pb2.ReplyMoment(
        turn_index=moment.turn_index,
        speaker_id=moment.speaker_id,
        score=moment.score,
        top=_contribution(moment.top),
    )


def _agent(agent: AgentArc) -> arc_pb2.AgentArc:
    return arc_pb2.AgentArc(
        speaker_id=agent.speaker_id,
        turns=agent.turns,
        mean_score=agent.mean_score,
        steps=[arc_pb2.StepCount(step=_STEPS[step], turns=turns) for step, turns in agent.steps.items()],
        missteps=[_placed(misstep) for misstep in agent.missteps],
        promises_made=len(agent.promises),
        promises_kept=sum(promise.status is PromiseStatus.KEPT for promise in agent.promises),
        first=_milestones(agent.first),
        best=_moment(agent.best),
        worst=_moment(agent.worst),
    )


def _spans(places: Iterable[Place]) -> list[conversation_pb2.Span]:
    return [conversation_pb2.Span(turn_index=p.turn_index, start=p.span.start, end=p.span.end) for p in places]


def _exemplar(nearest: Nearest | None) -> judgement_pb2.Exemplar | None:
    return (
        judgement_pb2.Exemplar(text=nearest.text, similarity=nearest.similarity, own=nearest.own) if nearest else None
    )


def _sentence(sentence: Sentence, detector: Detector) -> judgement_pb2.SentenceReading:
    reading, span = sentence.reading, sentence.span
    return judgement_pb2.SentenceReading(
        span=conversation_pb2.Span(turn_index=sentence.turn_index, start=span.start, end=span.end),
        steps=[
            judgement_pb2.SentenceReading.StepReading(
                step=_STEPS[step], probability=probability, strength=_STRENGTHS[detector.strength(reading, step)]
            )
            for step, probability in reading.steps.items()
        ],
        missteps=[
            judgement_pb2.SentenceReading.MisstepReading(
                misstep=_MISSTEPS[misstep], probability=probability, claimed=detector.claims(reading, misstep)
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
        spans=_spans(places),
    )


def _step(found: StepAssessment) -> judgement_pb2.StepAssessment:
    return judgement_pb2.StepAssessment(
        step=_STEPS[found.step],
        expectation=_EXPECTATIONS[found.expectation],
        probability=found.probability,
        strength=_STRENGTHS[found.strength],
        spans=_spans(found.places),
        nearest_exemplar=_exemplar(found.nearest),
        missing=found.missing,
    )


def _misstep(found: MisstepFinding) -> judgement_pb2.MisstepFinding:
    return judgement_pb2.MisstepFinding(
        misstep=_MISSTEPS[found.misstep],
        probability=found.probability,
        severity=_SEVERITIES[found.severity],
        spans=_spans(found.places),
        reason=found.reason,
        nearest_exemplar=_exemplar(found.nearest),
    )


def _contribution(share: Contribution) -> judgement_pb2.Contribution:
    return judgement_pb2.Contribution(
        **_subject(share.source),
        points=share.points,
        possible_points=share.possible_points,
        reason=share.reason,
        spans=_spans(share.places),
    )


def _suggestion(suggestion: Suggestion) -> judgement_pb2.Suggestion:
    return judgement_pb2.Suggestion(
        action=_CHANGES[suggestion.change],
        **_subject(suggestion.subject),
        text=suggestion.text,
        example=suggestion.example,
        expected_gain=suggestion.expected_gain,
    )


def _avoidance(subject: Label, reason: str) -> advice_pb2.Avoidance:
    return advice_pb2.Avoidance(
        **_subject(subject),
        reason=reason,
    )
