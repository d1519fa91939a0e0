"""Builds the messages of the contract from plain text, the same for both clients."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from amends.v1 import conversation_pb2, empathy_service_pb2, playbook_service_pb2, taxonomy_pb2

from amends_client.errors import invalid_request

_SURROGATE = re.compile("[\ud800-\udfff]")


def customer(
    text: str,
    *,
    time: datetime | None = None,
    channel: taxonomy_pb2.Channel.ValueType = taxonomy_pb2.CHANNEL_UNSPECIFIED,
    speaker_id: str = "",
) -> conversation_pb2.Turn:
    """Gives a turn of the customer.

    Raises:
        InvalidRequest: the text holds half of a surrogate pair, or the time has no time zone.
    """
    return _turn(taxonomy_pb2.ROLE_CUSTOMER, text, time=time, channel=channel, speaker_id=speaker_id)


def agent(
    text: str,
    *,
    time: datetime | None = None,
    channel: taxonomy_pb2.Channel.ValueType = taxonomy_pb2.CHANNEL_UNSPECIFIED,
    speaker_id: str = "",
) -> conversation_pb2.Turn:
    """Gives a turn of the agent.

    Raises:
        InvalidRequest: the text holds half of a surrogate pair, or the time has no time zone.
    """
    return _turn(taxonomy_pb2.ROLE_AGENT, text, time=time, channel=channel, speaker_id=speaker_id)


def reply_request(
    turns: Sequence[conversation_pb2.Turn],
    reply: str | Sequence[str],
    *,
    playbook: str = "",
    locale: str = "",
    include_sentences: bool = False,
) -> empathy_service_pb2.ScoreReplyRequest:
    """Gives the request to judge a reply, for `batch_score_replies` or to be kept.

    Args:
        turns: the conversation before the reply, oldest first.
        reply: the reply, or its turns where it is sent as several.
        playbook: name of the playbook; empty: the server's default.
        locale: BCP 47 tag of the language; empty: English.
        include_sentences: whether the judgement also tells what was read in each sentence.

    Raises:
        InvalidRequest: a text holds half of a surrogate pair.
    """
    texts = (reply,) if isinstance(reply, str) else reply
    return empathy_service_pb2.ScoreReplyRequest(
        turns=turns,
        reply=[
            conversation_pb2.ReplyTurn(text=_checked(text, f"reply[{index}].text")) for index, text in enumerate(texts)
        ],
        playbook=_checked(playbook, "playbook"),
        locale=_checked(locale, "locale"),
        include_sentences=include_sentences,
    )


def conversation_request(
    turns: Sequence[conversation_pb2.Turn], *, playbook: str, locale: str
) -> empathy_service_pb2.ScoreConversationRequest:
    """Gives the request to judge a conversation."""
    return empathy_service_pb2.ScoreConversationRequest(
        turns=turns, playbook=_checked(playbook, "playbook"), locale=_checked(locale, "locale")
    )


def next_step_request(
    turns: Sequence[conversation_pb2.Turn], *, playbook: str, locale: str, max_steps: int
) -> empathy_service_pb2.NextStepRequest:
    """Gives the request for advice; 0 steps leave their number to the server."""
    return empathy_service_pb2.NextStepRequest(
        turns=turns,
        playbook=_checked(playbook, "playbook"),
        locale=_checked(locale, "locale"),
        max_steps=max_steps,
    )


def batch_request(
    items: Iterable[empathy_service_pb2.ScoreReplyRequest],
) -> empathy_service_pb2.BatchScoreRepliesRequest:
    """Gives the request to judge several replies."""
    return empathy_service_pb2.BatchScoreRepliesRequest(requests=items)


def coach_start(
    turns: Sequence[conversation_pb2.Turn], *, playbook: str, locale: str
) -> empathy_service_pb2.CoachStart:
    """Gives what opens a live conversation."""
    return empathy_service_pb2.CoachStart(
        turns=turns, playbook=_checked(playbook, "playbook"), locale=_checked(locale, "locale")
    )


def playbook_request(name: str) -> playbook_service_pb2.GetPlaybookRequest:
    """Gives the request for one playbook."""
    return playbook_service_pb2.GetPlaybookRequest(name=_checked(name, "name"))


def _turn(
    role: taxonomy_pb2.Role.ValueType,
    text: str,
    *,
    time: datetime | None,
    channel: taxonomy_pb2.Channel.ValueType,
    speaker_id: str,
) -> conversation_pb2.Turn:
    turn = conversation_pb2.Turn(
        role=role, text=_checked(text, "text"), channel=channel, speaker_id=_checked(speaker_id, "speaker_id")
    )
    if time is not None:
        turn.time.FromDatetime(_zoned(time))
    return turn


def _zoned(time: datetime) -> datetime:
    if time.tzinfo is None:
        raise invalid_request("time", "has no time zone: add one, such as datetime.timezone.utc", reason="TIME_ZONE")
    return time


def _checked(text: str, field: str) -> str:
    # protobuf would raise an error that carries the whole text.
    if not isinstance(text, str):
        raise TypeError(f"{field} must be str, not {type(text).__name__}")
    if _SURROGATE.search(text):
        raise invalid_request(
            field, "holds half of a surrogate pair, which is no text: decode it again from its source", reason="TEXT"
        )
    return text
