"""Shows a judged conversation: a table of each reply, and the arc of the customer."""

from collections.abc import Iterator, Sequence

from amends.v1 import conversation_pb2, empathy_service_pb2
from rich.console import RenderableType
from rich.text import Text

from amends_cli.evidence import find_marks, show_turn
from amends_cli.judgement_view import brief, show_source
from amends_cli.tables import plain_table, stacked
from amends_cli.timeline_view import show_parts
from amends_cli.words import act_words


def show_conversation(
    response: empathy_service_pb2.ScoreConversationResponse, turns: Sequence[conversation_pb2.Turn]
) -> RenderableType:
    """Shows every reply with its evidence, the arc, the promises and the agents."""
    replies = [section for reply in response.replies for section in _reply(reply, turns)]
    parts = show_parts(response.arc, turns)
    return stacked((*replies, *_arc(response.arc), *parts, show_source(response.model, response.timings)))


def _reply(reply: empathy_service_pb2.JudgedReply, turns: Sequence[conversation_pb2.Turn]) -> Iterator[RenderableType]:
    table = plain_table(_title(reply), "turn", "reply")
    marks = find_marks(reply.judgement)
    for index in range(reply.first_turn_index, min(reply.last_turn_index + 1, len(turns))):
        here = [mark for mark in marks if mark.turn_index == index]
        table.add_row(str(index), show_turn(turns[index].text, here))
    yield table
    yield from brief(reply.judgement)


def _title(reply: empathy_service_pb2.JudgedReply) -> str:
    turns = f"turn {reply.first_turn_index}"
    if reply.last_turn_index != reply.first_turn_index:
        turns = f"turns {reply.first_turn_index} to {reply.last_turn_index}"
    return f"reply of {reply.speaker_id}, {turns}" if reply.speaker_id else f"reply, {turns}"


def _arc(arc: empathy_service_pb2.Arc) -> Iterator[RenderableType]:
    table = plain_table("arc of the customer", "turn", "upset", "", "act", "stage")
    for point in arc.points:
        upset = f"{point.customer.upset:.2f}"
        table.add_row(str(point.turn_index), upset, _bar(point.customer.upset), act_words(point.customer), point.stage)
    yield table
    yield Text(", ".join(_milestones(arc)))


def _bar(upset: float) -> Text:
    return Text("█" * round(upset * 20), style="red" if upset >= 0.5 else "green")


def _milestones(arc: empathy_service_pb2.Arc) -> Iterator[str]:
    yield f"upset changed by {arc.upset_change:+.2f}"
    if arc.HasField("mean_score"):
        yield f"mean score {arc.mean_score:.2f}"
    if arc.HasField("best_turn_index"):
        yield f"best reply at turn {arc.best_turn_index}"
    if arc.HasField("worst_turn_index"):
        yield f"worst at turn {arc.worst_turn_index}"
    yield _first("empathy", arc.first_empathy_turn_index if arc.HasField("first_empathy_turn_index") else None)
    yield _first("remedy", arc.first_remedy_turn_index if arc.HasField("first_remedy_turn_index") else None)


def _first(what: str, turn_index: int | None) -> str:
    return f"no {what}" if turn_index is None else f"first {what} at turn {turn_index}"
