"""Shows a conversation in a few lines: turn by turn, what was promised, how each agent fared."""

from collections.abc import Iterator, Mapping, Sequence

from amends.v1 import arc_pb2, conversation_pb2, empathy_service_pb2, taxonomy_pb2
from rich.console import RenderableType
from rich.text import Text

from amends_cli.judgement_view import short_score, source_word
from amends_cli.tables import plain_table
from amends_cli.words import BAD, GOOD, act_words, misstep_word, step_word, word

_STATUS_COLOURS: Mapping[int, str] = {
    arc_pb2.PROMISE_STATUS_KEPT: GOOD,
    arc_pb2.PROMISE_STATUS_OVERDUE: BAD,
    arc_pb2.PROMISE_STATUS_BROKEN: BAD,
}


def show_timeline(
    response: empathy_service_pb2.ScoreConversationResponse, turns: Sequence[conversation_pb2.Turn]
) -> Iterator[RenderableType]:
    """Shows a line for each turn, the milestones, the best and the worst reply, then `show_parts`."""
    arc = response.arc
    table = plain_table("timeline", "turn", "who", "score", "upset", "", "act", "stage", "missteps")
    replies = {reply.first_turn_index: reply for reply in response.replies}
    points = {point.turn_index: point for point in arc.points}
    for index, turn in enumerate(turns):
        if index in points:
            table.add_row(*_customer(points[index]))
        elif turn.role == taxonomy_pb2.ROLE_AGENT:
            table.add_row(*_agent(index, turn, replies.get(index), arc))
    yield table
    yield Text(", ".join(_milestones(arc)))
    if arc.HasField("best"):
        yield _moment("best", arc.best)
        yield _moment("worst", arc.worst)
    yield from show_parts(arc, turns)


def show_parts(arc: empathy_service_pb2.Arc, turns: Sequence[conversation_pb2.Turn]) -> Iterator[RenderableType]:
    """Shows the promises, and where several agents took part, each of them."""
    if arc.promises:
        yield _promises(arc.promises, turns)
    if len(arc.agents) > 1:
        yield _agents(arc.agents)


def _customer(point: empathy_service_pb2.ArcPoint) -> Sequence[str | Text]:
    turn, upset, act = str(point.turn_index), point.customer.upset, act_words(point.customer)
    return turn, "customer", "", f"{upset:.2f}", _bar(upset), act, point.stage, ""


def _agent(
    index: int,
    turn: conversation_pb2.Turn,
    reply: empathy_service_pb2.JudgedReply | None,
    arc: empathy_service_pb2.Arc,
) -> Sequence[str | Text]:
    score = short_score(reply.judgement) if reply else Text()
    missteps = ", ".join(misstep_word(each.misstep) for each in arc.missteps if each.turn_index == index)
    return str(index), turn.speaker_id or "agent", score, "", "", "", "", Text(missteps, style=BAD)


def _bar(upset: float) -> Text:
    return Text("█" * round(upset * 10), style=BAD if upset >= 0.5 else GOOD)


def _milestones(arc: empathy_service_pb2.Arc) -> Iterator[str]:
    yield f"upset changed by {arc.upset_change:+.2f}"
    if arc.furthest_stage:
        yield f"peak {arc.upset_peak:.2f} at turn {arc.upset_peak_turn_index}"
        yield f"furthest stage {arc.furthest_stage}"
    if arc.HasField("mean_score"):
        yield f"mean score {arc.mean_score:.2f}"
    for what in ("empathy", "apology", "remedy"):
        yield _first(what, getattr(arc.first, what)) if arc.first.HasField(what) else f"no {what}"


def _first(what: str, milestone: arc_pb2.Milestone) -> str:
    waited = f", after {_duration(milestone.seconds)}" if milestone.HasField("seconds") else ""
    return f"first {what} at turn {milestone.turn_index}{waited}"


def _duration(seconds: float) -> str:
    """Gives a time as people say it: seconds under two minutes, then minutes, hours or days."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _moment(name: str, moment: arc_pb2.ReplyMoment) -> Text:
    top = f"{source_word(moment.top)}: {moment.top.reason}"
    return Text(f"{name} reply at turn {moment.turn_index}, {moment.score:g}; {top}")


def _promises(promises: Sequence[arc_pb2.Promise], turns: Sequence[conversation_pb2.Turn]) -> RenderableType:
    table = plain_table("promises", "turn", "who", "said", "by when", "status")
    for promise in promises:
        span = promise.span
        said = turns[span.turn_index].text[span.start : span.end] if span.turn_index < len(turns) else ""
        table.add_row(str(span.turn_index), promise.speaker_id or "agent", said, promise.due, _status(promise))
    return table


def _status(promise: arc_pb2.Promise) -> Text:
    status = word(arc_pb2.PromiseStatus.DESCRIPTOR, promise.status)
    at = f" at turn {promise.settled_turn_index}" if promise.HasField("settled_turn_index") else ""
    return Text(f"{status}{at}", style=_STATUS_COLOURS.get(promise.status, ""))


def _agents(agents: Sequence[arc_pb2.AgentArc]) -> RenderableType:
    table = plain_table("agents", "who", "turns", "mean score", "steps", "missteps", "promises kept")
    for agent in agents:
        table.add_row(
            agent.speaker_id or "agent",
            str(agent.turns),
            f"{agent.mean_score:.2f}" if agent.HasField("mean_score") else "",
            ", ".join(f"{step_word(each.step)} {each.turns}" for each in agent.steps),
            Text(", ".join(f"{misstep_word(m.misstep)} at {m.turn_index}" for m in agent.missteps), style=BAD),
            f"{agent.promises_kept} of {agent.promises_made}" if agent.promises_made else "",
        )
    return table
