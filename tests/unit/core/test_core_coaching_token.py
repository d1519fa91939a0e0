"""Breaking off and going on: a resumed conversation is told what an unbroken one is, and a wrong token is refused."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from amends_core.coaching import Answer, Coach, StaleToken
from amends_core.conversation import Turn
from amends_core.errors import RequestError
from amends_core.playbooks import PlaybookLibrary
from amends_core.taxonomy import Misstep, Role
from coaching_builders import Event, Live, replies, says
from core_builders import SAID, SORRY, VENTS, World, said
from hypothesis import given
from hypothesis import strategies as st

PLAYBOOKS = ["unified", "connect_first", "defuse_and_retain", "empathy_first", "listen_apologize_reflect", "six_steps"]

texts = st.lists(st.sampled_from([*SAID, "Okay.", "👍"]), min_size=1, max_size=3).map(" ".join)
turns = st.builds(Turn, st.sampled_from(Role), texts, st.just(None), st.sampled_from(["", "ana", "bo"]))
events = st.builds(Event, turns, st.booleans())


@given(
    opening=st.lists(turns, max_size=3),
    events=st.lists(events, min_size=1, max_size=10),
    breaks=st.sets(st.integers(0, 9)),
    playbook=st.sampled_from(PLAYBOOKS),
)
def test_a_broken_conversation_goes_on_as_if_it_had_never_broken(
    world: World, opening: list[Turn], events: list[Event], breaks: set[int], playbook: str
) -> None:
    whole, broken = Live(world, playbook=playbook), Live(world, playbook=playbook)
    assert whole.open(*opening) == broken.open(*opening)
    for index, event in enumerate(events):
        if index in breaks:
            token, spoken = broken.token, broken.session.turns
            broken = Live(world, playbook=playbook)
            assert broken.open(*spoken, token=token) == Answer()
        assert broken.play(event) == whole.play(event)
        assert broken.token == whole.token


@given(st.lists(events, min_size=1, max_size=10))
def test_the_next_event_after_a_break_encodes_what_it_would_have_encoded(world: World, events: list[Event]) -> None:
    whole = Live(world)
    whole.open()
    whole.play_all(events[:-1])
    again = Live(world)
    again.open(*whole.session.turns, token=whole.token)
    for live in (whole, again):
        live.encoded.clear()
        live.play(events[-1])
    assert set(again.encoded) <= {*whole.encoded, *whole.session.encodings}


@pytest.fixture
def live(world: World) -> Live:
    live = Live(world)
    live.open()
    live.play_all([says(VENTS), replies(SORRY)])
    return live


def refusal(live: Live, *turns: Turn, token: bytes, coach: Coach | None = None, **terms: str) -> RequestError:
    with pytest.raises(RequestError) as caught:
        (coach or live.coach).opened(turns, terms.get("playbook", ""), terms.get("locale", ""), token)
    return caught.value


def test_a_token_is_small_and_holds_nothing_that_was_said(live: Live) -> None:
    assert len(live.token) < 400
    words = {word for text in (VENTS, SORRY) for word in text.split() if len(word) > 4}
    assert words
    assert not any(word.encode() in live.token for word in words)


def test_a_token_does_not_grow_with_the_conversation(live: Live) -> None:
    before = len(live.token)
    live.play_all([says(f"{VENTS} {number}") for number in range(50)])
    assert len(live.token) < before + 100


@pytest.mark.parametrize(
    "damage",
    [
        lambda token: token[:-1],
        lambda token: token + b" ",
        lambda token: b"\x02" + token[1:],
        lambda token: token.replace(b"unified", b"Unified"),
        lambda token: b"\x01",
        lambda token: bytes(16384),
    ],
)
def test_a_damaged_token_is_refused(live: Live, damage: object) -> None:
    error = refusal(live, *live.session.turns, token=damage(live.token))  # type: ignore[operator]
    assert (error.field, error.reason) == ("start.resume_token", "BAD_TOKEN")
    assert "without the token" in str(error)


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"7", b"{}", b"\xff", b"[" * 16000, b'{"standing": 3}', b'{"standing": {"steps": []}}'],
)
def test_a_forged_token_is_refused_and_never_an_error_of_ours(live: Live, content: bytes) -> None:
    forged = b"\x01" + sha256(content).digest()[:4] + content
    assert refusal(live, *live.session.turns, token=forged).reason == "BAD_TOKEN"


def test_a_token_of_an_older_release_opens_the_conversation(live: Live) -> None:
    assert live.session.standing
    told = json.loads(live.token[5:])["standing"]
    assert set(told) == {"steps", "stage", "pause", "resolved"}
    assert live.coach.opened(live.session.turns, token=live.token).after.standing == live.session.standing


def test_what_is_to_be_repaired_survives_a_break(live: Live) -> None:
    assert live.session.standing
    standing = replace(live.session.standing, repairs=(Misstep.DEFEND,), issues=2, follow_up_due=True)
    token = live.coach.token(replace(live.session, standing=standing))
    assert len(token) < 400
    assert live.coach.opened(live.session.turns, token=token).after.standing == standing


@pytest.mark.parametrize("change", [{"steps": []}, {"steps": ["RUN"]}, {"steps": 3}, {"more": 1}, {"repairs": ["RUN"]}])
def test_forged_advice_is_refused(live: Live, change: dict[str, object]) -> None:
    fields = json.loads(live.token[5:])
    fields["standing"] |= change
    content = json.dumps(fields).encode()
    forged = b"\x01" + sha256(content).digest()[:4] + content
    assert refusal(live, *live.session.turns, token=forged).reason == "BAD_TOKEN"


@pytest.mark.parametrize(
    "turns",
    [
        [],
        said(VENTS),
        said(VENTS, SORRY, VENTS),
        said(SORRY, VENTS),
        [Turn(Role.CUSTOMER, VENTS), Turn(Role.AGENT, SORRY, speaker_id="bo")],
        [Turn(Role.CUSTOMER, VENTS), Turn(Role.AGENT, SORRY, datetime(2026, 1, 1, tzinfo=UTC))],
    ],
)
def test_a_token_opens_no_other_conversation(live: Live, turns: list[Turn]) -> None:
    error = refusal(live, *turns, token=live.token)
    assert (error.field, error.reason) == ("start.turns", "TOKEN_MISMATCH")


def test_a_token_opens_no_other_playbook_or_locale(live: Live) -> None:
    turns = live.session.turns
    assert refusal(live, *turns, token=live.token, playbook="six_steps").field == "start.playbook"
    assert refusal(live, *turns, token=live.token, locale="de").field == "start.turns"


def test_a_token_of_another_model_is_stale(live: Live, world: World) -> None:
    error = refusal(live, *live.session.turns, token=live.token, coach=Coach(world.scorer, "model-b"))
    assert isinstance(error, StaleToken)
    assert (error.field, error.reason) == ("start.resume_token", "STALE_TOKEN")


def test_a_token_of_another_version_of_the_playbook_is_stale(live: Live, library: PlaybookLibrary) -> None:
    newer = PlaybookLibrary([replace(playbook, version="99.0") for playbook in library])
    error = refusal(live, *live.session.turns, token=live.token, coach=Coach(World(newer).scorer, "model-a"))
    assert isinstance(error, StaleToken)


def test_times_survive_a_break(world: World) -> None:
    live, now = Live(world), datetime(2026, 1, 1, tzinfo=UTC)
    live.open(Turn(Role.CUSTOMER, VENTS, now))
    again = Live(world)
    again.open(Turn(Role.CUSTOMER, VENTS, now), token=live.token)
    with pytest.raises(RequestError, match="in order of time"):
        again.play(Event(Turn(Role.AGENT, SORRY, now - timedelta(seconds=1))))
