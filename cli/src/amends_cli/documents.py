"""Reads conversations written as JSON, one document or one a line, and tells where one is broken."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, NoReturn, TypeVar

from amends.v1 import conversation_pb2, taxonomy_pb2
from amends_client import agent, customer

from amends_cli.conversations import Conversation
from amends_cli.failures import InputError

_TURN_KEYS = ("role", "text", "time", "channel", "speaker_id")
_CONVERSATION_KEYS = ("turns", "reply", "playbook", "locale")
_SPEAKERS: Mapping[str, Callable[..., conversation_pb2.Turn]] = {"customer": customer, "agent": agent}
_WORD = re.compile(r"[A-Za-z_]{1,32}")
_CHANNELS = {
    name.removeprefix("CHANNEL_").lower(): channel for name, channel in taxonomy_pb2.Channel.items() if channel
}
_NO_CHANNEL = taxonomy_pb2.CHANNEL_UNSPECIFIED

_T = TypeVar("_T")


def read_document(text: str) -> Conversation:
    """Reads one JSON document.

    Raises:
        InputError: it is not JSON, or not a conversation.
    """
    return _conversation(_parse(text, first_line=1), line=None)


def read_lines(text: str) -> list[Conversation]:
    """Reads JSON lines; blank lines are passed over.

    Raises:
        InputError: a line is not JSON, or not a conversation.
    """
    lines = enumerate(text.split("\n"), start=1)
    return [_conversation(_parse(line, first_line=number), line=number) for number, line in lines if line.strip()]


def is_object(line: str) -> bool:
    """Tells whether a line alone is a whole JSON object."""
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _parse(text: str, *, first_line: int) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(
            f"is not JSON: {error.msg} at column {error.colno}", line=first_line + error.lineno - 1
        ) from None
    except (ValueError, RecursionError):
        raise InputError(
            "is not usable JSON: a number is too long, or it is nested too deep", line=first_line
        ) from None


class _Place:
    """Where in the input a value lies, for the message about it."""

    def __init__(self, path: str, line: int | None) -> None:
        self._path = path
        self._line = line

    def at(self, key: str | int) -> "_Place":
        step = f"[{key}]" if isinstance(key, int) else f".{key}" if self._path else key
        return _Place(f"{self._path}{step}", self._line)

    def refuse(self, problem: str) -> NoReturn:
        raise InputError(f"{self._path}: {problem}" if self._path else problem, line=self._line)


def _conversation(value: object, *, line: int | None) -> Conversation:
    place = _Place("", line)
    fields = _object(value, place, _CONVERSATION_KEYS)
    return Conversation(
        turns=tuple(_turns(fields.get("turns"), place.at("turns"))),
        reply=_reply(fields["reply"], place.at("reply")) if "reply" in fields else (),
        playbook=_string(fields.get("playbook", ""), place.at("playbook")),
        locale=_string(fields.get("locale", ""), place.at("locale")),
    )


def _turns(value: object, place: _Place) -> Iterator[conversation_pb2.Turn]:
    if not isinstance(value, list) or not value:
        place.refuse('must be a list of at least one turn, such as {"role": "customer", "text": "…"}')
    for index, item in enumerate(value):
        yield _turn(item, place.at(index))


def _turn(value: object, place: _Place) -> conversation_pb2.Turn:
    fields = _object(value, place, _TURN_KEYS)
    speak = _choice(fields.get("role"), place.at("role"), _SPEAKERS)
    text = _string(fields.get("text"), place.at("text"))
    time = _time(fields["time"], place.at("time")) if "time" in fields else None
    channel = _choice(fields["channel"], place.at("channel"), _CHANNELS) if "channel" in fields else _NO_CHANNEL
    speaker_id = _string(fields.get("speaker_id", ""), place.at("speaker_id"))
    return speak(text, time=time, channel=channel, speaker_id=speaker_id)


def _reply(value: object, place: _Place) -> tuple[str, ...]:
    if isinstance(value, list) and value:
        return tuple(_string(item, place.at(index)) for index, item in enumerate(value))
    if not isinstance(value, str):
        place.refuse("must be a string, or a list of at least one string")
    return (_string(value, place),)


def _object(value: object, place: _Place, known: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        place.refuse(f"must be an object with the keys {', '.join(known)}")
    unknown = [key for key in value if key not in known]
    if unknown:
        # A key that is no plain word may be conversation text in the wrong place.
        name = f"the unknown key {unknown[0]!r}" if _WORD.fullmatch(unknown[0]) else "an unknown key"
        place.refuse(f"has {name}: known are {', '.join(known)}")
    return value


def _string(value: object, place: _Place) -> str:
    if not isinstance(value, str):
        place.refuse("must be a string")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        place.refuse("holds half of a surrogate pair, which is no text: write the whole pair")
    return value


def _choice(value: object, place: _Place, choices: Mapping[str, _T]) -> _T:
    if not isinstance(value, str) or value.lower() not in choices:
        place.refuse(f"must be one of {', '.join(choices)}")
    return choices[value.lower()]


def _time(value: object, place: _Place) -> datetime:
    try:
        time = datetime.fromisoformat(_string(value, place))
    except ValueError:
        place.refuse("must be a time of ISO 8601, such as 2026-11-22T09:30:00Z")
    if time.tzinfo is None:
        place.refuse("has no time zone: end it with Z or an offset such as +01:00")
    return time
