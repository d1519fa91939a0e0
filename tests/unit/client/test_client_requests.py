"""Plain text becomes messages, and what cannot is refused without being quoted."""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest
from amends.v1 import conversation_pb2, taxonomy_pb2
from amends_client import InvalidRequest, agent, customer, reply_request

Speak = Callable[..., conversation_pb2.Turn]

SECRET = "my card is 4111 \ud800"


@pytest.mark.parametrize("speak", [customer, agent])
def test_turn_holds_what_it_was_given(speak: Speak) -> None:
    time = datetime(2026, 11, 22, 10, 30, tzinfo=timezone(timedelta(hours=1)))
    turn = speak("Hello.", time=time, channel=taxonomy_pb2.CHANNEL_CHAT, speaker_id="a7")
    assert (turn.text, turn.channel, turn.speaker_id) == ("Hello.", taxonomy_pb2.CHANNEL_CHAT, "a7")
    assert turn.time.ToJsonString() == "2026-11-22T09:30:00Z"


def test_turn_without_time_has_none() -> None:
    assert not customer("Hello.").HasField("time")


def test_time_without_zone_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="time zone") as caught:
        customer("Hello.", time=datetime(2026, 11, 22, 10, 30))
    assert caught.value.violations[0].field == "time"


@pytest.mark.parametrize(
    ("build", "field"),
    [
        (lambda: customer(SECRET), "text"),
        (lambda: agent(SECRET), "text"),
        (lambda: customer("Hello.", speaker_id=SECRET), "speaker_id"),
        (lambda: reply_request([], ["fine", SECRET]), "reply[1].text"),
        (lambda: reply_request([], "fine", playbook=SECRET), "playbook"),
        (lambda: reply_request([], "fine", locale=SECRET), "locale"),
    ],
)
def test_half_a_surrogate_pair_is_refused_without_quoting_the_text(build: Callable[[], object], field: str) -> None:
    with pytest.raises(InvalidRequest, match="surrogate") as caught:
        build()
    error = caught.value
    assert error.violations[0].field == field
    assert "4111" not in f"{error!r} {error} {error.violations} {error.__context__!r}"


@pytest.mark.parametrize("text", [b"bytes", 5, None])
def test_text_that_is_no_string_is_a_type_error(text: object) -> None:
    with pytest.raises(TypeError, match=f"text must be str, not {type(text).__name__}"):
        customer(text)  # type: ignore[arg-type]


def test_text_beyond_the_basic_plane_is_kept() -> None:
    assert customer("so late 😡").text == "so late 😡"
