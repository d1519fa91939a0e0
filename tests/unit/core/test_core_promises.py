"""A promise is noticed where an agent makes one, and its fate where the conversation shows it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from amends_core.deeds import Deed, came_in, done_in, missed_in, promised_in
from amends_core.dues import due_in
from amends_core.promises import Commitment, Promises, PromiseStatus
from amends_core.taxonomy import Role, Step
from amends_core.text import Span
from hypothesis import given
from hypothesis import strategies as st

D, S = Deed, PromiseStatus
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
"""A Wednesday."""


@pytest.mark.parametrize(
    ("text", "deeds"),
    [
        ("I'll ring you back by six.", {D.CONTACT}),
        ("You'll have your money on Friday.", {D.MONEY}),
        ("Rosa will drop the new keys off tonight.", {D.DELIVERY}),
        ("We're going to repair it tomorrow.", {D.REPAIR}),
        ("I will cancel the second booking.", {D.CHANGE}),
        ("I'll ask the depot and let you know.", {D.INQUIRY, D.CONTACT}),
        ("A technician will visit on Monday.", {D.VISIT}),
        ("You'll hear from us.", {D.CONTACT}),
        ("I'll be honest with you.", set()),
        ("You'll have to call us.", set()),
        ("I won't call again.", set()),
        ("If you send it back, I'll refund it.", set()),
        ("Shall I refund it?", set()),
        ("I'll see if I can refund it.", set()),
        ("We'll try to call.", set()),
        ("I've refunded it.", set()),
        ("Nobody will call you.", set()),
    ],
)
def test_promise_is_plain_and_unconditional(text: str, deeds: set[Deed]) -> None:
    assert promised_in(text) == deeds


@pytest.mark.parametrize(
    ("text", "deeds"),
    [
        ("I've refunded the fee.", {D.MONEY}),
        ("Your refund has gone through.", {D.MONEY}),
        ("It's on its way.", {D.DELIVERY}),
        ("Rosa has fixed the lift.", {D.REPAIR}),
        ("We spoke to the depot.", {D.INQUIRY}),
        ("Following up on Tuesday's call: all is well.", {D.CONTACT}),
        ("As promised, here is where we are.", {D.CONTACT}),
        ("I'll be following up.", set()),
        ("You've sent us the form.", set()),
        ("It was sent to the wrong house.", set()),
        ("I haven't called them yet.", set()),
        ("Once it is fixed you may test it.", set()),
    ],
)
def test_deed_is_reported_as_done(text: str, deeds: set[Deed]) -> None:
    assert done_in(text) == deeds


@pytest.mark.parametrize(
    ("text", "missed", "came"),
    [
        ("Nobody rang.", {D.CONTACT}, set()),
        ("It's nine and still no refund.", {D.MONEY}, set()),
        ("The engineer never turned up.", {D.VISIT}, set()),
        ("I haven't received the replacement.", {D.DELIVERY}, set()),
        ("You said you'd fix it!", {D.REPAIR}, set()),
        ("You promised!", set(Deed), set()),
        ("Nobody rang last time either.", set(), set()),
        ("I called and nobody cared.", set(), set()),
        ("You didn't tell me about any engineer.", set(), set()),
        ("The refund arrived, thank you.", set(), {D.MONEY}),
        ("Thanks for calling back.", set(), {D.CONTACT}),
        ("My parcel has come!", set(), {D.DELIVERY}),
        ("Will it have arrived by noon?", set(), set()),
    ],
)
def test_customer_tells_what_came_and_what_did_not(text: str, missed: set[Deed], came: set[Deed]) -> None:
    assert missed_in(text) == missed
    assert came_in(text) == came


@pytest.mark.parametrize(
    ("text", "due", "hours"),
    [
        ("I'll call in an hour.", "in an hour", 1),
        ("You'll hear within 3 to 5 hours.", "within 3 to 5 hours", 5),
        ("It is fixed within the week.", "within the week", 7 * 24),
        ("In 5 business days it is there.", "In 5 business days", 9 * 24),
        ("I'll ring by five.", "by five", 24),
        ("I'll ring before 9:30 am.", "before 9:30 am", 24),
        ("You'll have it today.", "today", 24),
        ("By the end of the day it is done.", "By the end of the day", 24),
        ("I'll write by noon tomorrow.", "by noon tomorrow", 48),
        ("We come next week.", "next week", 14 * 24),
        ("I'll do it right away.", "right away", 24),
        ("You'll have it by Friday.", "by Friday", 12 + 48 + 14),
        ("You'll have it on Wednesday morning.", "on Wednesday morning", 12 + 7 * 24 + 14),
        ("I'll see to it shortly.", "", None),
        ("It costs 5 pounds.", "", None),
    ],
)
def test_due_time_is_the_latest_it_can_mean(text: str, due: str, hours: float | None) -> None:
    found = due_in(text, NOON)
    assert found.text == due
    assert found.at == (None if hours is None else NOON + timedelta(hours=hours))
    assert due_in(text, None).at is None


@given(st.text(max_size=80), st.datetimes(timezones=st.just(UTC)))
def test_due_time_never_lies_before_the_promise(text: str, said_at: datetime) -> None:
    for sentence in (text, f"I'll call by five {text}", f"{text} on Sunday", f"within 99 months {text}"):
        at = due_in(sentence, said_at).at
        assert at is None or at >= said_at


Said = tuple[Role, str, float]
C, A = Role.CUSTOMER, Role.AGENT
CALL, REFUND = "I'll call you by five.", "You'll have the refund by Friday."


def after(*said: Said, timed: bool = True, steps: Sequence[Step] = (Step.TAKE_ACTION,)) -> Promises:
    """The promises of a conversation; each turn is who, what and the hours since noon."""
    promises = Promises()
    for index, (role, text, hours) in enumerate(said):
        time = NOON + timedelta(hours=hours) if timed else None
        if role is C:
            promises = promises.after_customer(text, index, time)
        else:
            promises = promises.after_agent([Commitment(text, Span(0, len(text)), steps)], index, "jo", time)
    return promises


@pytest.mark.parametrize(
    ("later", "status", "settled"),
    [
        ([], S.OPEN, None),
        ([(C, "Fine.", 1)], S.OPEN, None),
        ([(A, "As promised, I'm calling you back.", 4)], S.KEPT, 1),
        ([(C, "Hello?", 30)], S.OVERDUE, 1),
        ([(C, "Hello?", 30), (A, "I called the depot and have an update.", 31)], S.KEPT, 2),
        ([(C, "Hello?", 30), (C, "Nobody called.", 31)], S.BROKEN, 2),
        ([(C, "It's seven and nobody called.", 7)], S.BROKEN, 1),
        ([(C, "Nobody called.", 7), (A, "As promised, I'm calling back.", 8)], S.BROKEN, 1),
        ([(C, "Nobody ever called me back.", 0.05)], S.OPEN, None),
        ([(C, "Nobody called last time either.", 7)], S.OPEN, None),
        ([(C, "Still no refund.", 7)], S.OPEN, None),
        ([(C, "Thanks for calling.", 3)], S.KEPT, 1),
    ],
)
def test_fate_of_a_promised_call(later: list[Said], status: PromiseStatus, settled: int | None) -> None:
    (promise,) = after((A, CALL, 0), *later).made[:1]
    assert (promise.status, promise.settled_turn_index) == (status, settled)
    assert (promise.due, promise.speaker_id, promise.deeds) == ("by five", "jo", {D.CONTACT})


def test_complaint_that_was_there_before_the_promise_breaks_it_only_once_it_is_due() -> None:
    before = (C, "Nobody called me.", -1.0)
    assert after(before, (A, CALL, 0), (C, "Nobody called, I tell you.", 2)).made[0].status is S.OPEN
    assert after(before, (A, CALL, 0), (C, "And again nobody called.", 2), timed=False).made[0].status is S.OPEN
    assert after(before, (A, CALL, 0), (C, "Nobody called.", 30)).made[0].status is S.BROKEN


def test_without_times_nothing_is_overdue() -> None:
    assert after((A, CALL, 0), (C, "Hello?", 900), timed=False).made[0].status is S.OPEN


def test_promises_are_settled_each_by_its_own_deed() -> None:
    made = after((A, CALL, 0), (A, REFUND, 0.1), (A, "The refund has gone through.", 1)).made
    assert [promise.status for promise in made] == [S.OPEN, S.KEPT]


def test_sentence_that_takes_no_promising_step_promises_nothing() -> None:
    assert after((A, CALL, 0), steps=(Step.EMPATHIZE,)).made == ()


TURNS = st.lists(
    st.tuples(
        st.sampled_from([C, A]),
        st.sampled_from(
            [CALL, REFUND, "Nobody called.", "The refund arrived.", "As promised, I'm calling back.", "Hm."]
        ),
        st.floats(0, 40),
    ),
    max_size=12,
).map(lambda turns: sorted(turns, key=lambda turn: turn[2]))


@given(TURNS, st.booleans())
def test_promises_are_never_lost_and_never_unsettled(turns: list[Said], timed: bool) -> None:
    rank = {S.OPEN: 0, S.OVERDUE: 1, S.KEPT: 2, S.BROKEN: 2}
    for end in range(len(turns)):
        before, now = after(*turns[:end], timed=timed).made, after(*turns[: end + 1], timed=timed).made
        assert [p.turn_index for p in now[: len(before)]] == [p.turn_index for p in before]
        for old, new in zip(before, now, strict=False):
            assert rank[new.status] >= rank[old.status]
            assert new == old or rank[old.status] < 2
        for promise in now:
            assert (promise.status is S.OPEN) == (promise.settled_turn_index is None)
            assert promise.settled_turn_index is None or promise.settled_turn_index > promise.turn_index
