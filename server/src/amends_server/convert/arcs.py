"""Judged conversations as messages."""

from amends.v1 import arc_pb2, conversation_pb2, empathy_service_pb2
from amends_core.arc import AgentArc, Arc, JudgedReply, Milestone, Milestones, PlacedMisstep, ReplyMoment
from amends_core.deeds import Deed
from amends_core.promises import Promise, PromiseStatus

from amends_server.convert.judgements import contribution_to, judgement_to, signals_to
from amends_server.convert.labels import MISSTEP_VALUES, SEVERITY_VALUES, STEP_VALUES


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
                customer=signals_to(point.upset, point.act, point.act_probability),
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
        misstep=MISSTEP_VALUES[misstep.misstep],
        severity=SEVERITY_VALUES[misstep.severity],
    )


def _promise(promise: Promise) -> arc_pb2.Promise:
    return arc_pb2.Promise(
        span=conversation_pb2.Span(turn_index=promise.turn_index, start=promise.span.start, end=promise.span.end),
        speaker_id=promise.speaker_id,
        step=STEP_VALUES[promise.step],
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
        top=contribution_to(moment.top),
    )


def _agent(agent: AgentArc) -> arc_pb2.AgentArc:
    return arc_pb2.AgentArc(
        speaker_id=agent.speaker_id,
        turns=agent.turns,
        mean_score=agent.mean_score,
        steps=[arc_pb2.StepCount(step=STEP_VALUES[step], turns=turns) for step, turns in agent.steps.items()],
        missteps=[_placed(misstep) for misstep in agent.missteps],
        promises_made=len(agent.promises),
        promises_kept=sum(promise.status is PromiseStatus.KEPT for promise in agent.promises),
        first=_milestones(agent.first),
        best=_moment(agent.best),
        worst=_moment(agent.worst),
    )
