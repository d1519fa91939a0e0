"""What a request says, as the core takes it."""

from collections.abc import Sequence
from datetime import UTC, datetime

from amends.v1 import conversation_pb2, empathy_service_pb2, taxonomy_pb2
from amends_core.conversation import Turn
from amends_core.errors import RequestError
from amends_core.taxonomy import Role

_ROLES = {taxonomy_pb2.ROLE_CUSTOMER: Role.CUSTOMER, taxonomy_pb2.ROLE_AGENT: Role.AGENT}


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
