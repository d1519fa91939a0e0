"""How many matters a message raises: several only where it plainly does, each by its topic and its place."""

import pytest
from amends_core.issues import MOST, READ_CHARACTERS, Topic, issues_in

SEVERAL = [
    ("What time do you close, and my order arrived broken", [Topic.HOURS, Topic.DAMAGE]),
    ("late parcel + double charge", [Topic.DELIVERY, Topic.CHARGE]),
    ("My parcel is late and I was charged twice.", [Topic.DELIVERY, Topic.CHARGE]),
    ("My internet is down; you billed me twice!", [Topic.CONNECTION, Topic.CHARGE]),
    ("my parcel hasn\u2019t arrived, my account was locked", [Topic.DELIVERY, Topic.ACCESS]),
    ("I cant log in. And when do you open tomorrow?", [Topic.ACCESS, Topic.HOURS]),
    ("You sent me the wrong lamp. Also my other parcel is late.", [Topic.WRONG_ITEM, Topic.DELIVERY]),
    ("The app keeps crashing and how much is the blue kettle?", [Topic.APP, Topic.PRICE]),
    ("Where's my order? Also, can I change the name on my account?", [Topic.DELIVERY, None]),
    ("Do you offer group rates, and is the shuttle accessible?", [None, None]),
    ("Two questions. Who is my adjuster? When will someone look at the car?", [None, None]),
    ("Is there a lift? One more thing, do you have the lamp in stock?", [None, Topic.STOCK]),
]
ONE = [
    ("My order came late and broken.", Topic.DELIVERY),
    ("It arrived cracked and I want a refund.", Topic.DAMAGE),
    ("My parcel is late and still no refund.", Topic.DELIVERY),
    ("The app keeps crashing and I can't log in.", Topic.APP),
    ("My parcel is late. I said my parcel is late!", Topic.DELIVERY),
    ("Are you kidding me? My parcel is late!", Topic.DELIVERY),
    ("My parcel is late. How could you do this, and do you even care?", Topic.DELIVERY),
    ("If my parcel is late and you charged me twice, what happens?", Topic.CHARGE),
    ("How do I change my delivery address?", Topic.ADDRESS),
    ("What time do you close? Also, when?", Topic.HOURS),
    ("Where is my refund?", Topic.REFUND),
]
NONE = [
    "",
    "Thanks, the parcel that was late has arrived.",
    "You tell me to calm down and I will not.",
    "Is the boiler safe? Should we be sleeping here?",
    "I did what you said and it did it again.",
    "And when I come for it, must I stand at that window, or can it be somebody else?",
    "What I want, and please do not send me a number, is an answer.",
]


@pytest.mark.parametrize(("message", "topics"), SEVERAL)
def test_matters_of_a_message_are_told_apart(message: str, topics: list[Topic | None]) -> None:
    assert [issue.topic for issue in issues_in(message)] == topics


@pytest.mark.parametrize(("message", "topic"), ONE)
def test_a_cause_its_remedy_and_a_reproach_are_no_second_matter(message: str, topic: Topic) -> None:
    assert [issue.topic for issue in issues_in(message)] == [topic]


@pytest.mark.parametrize("message", NONE)
def test_what_is_not_plain_is_not_counted(message: str) -> None:
    assert len(issues_in(message)) < 2


def test_problem_is_told_from_a_question() -> None:
    assert [issue.is_problem for issue in issues_in(SEVERAL[0][0])] == [False, True]


def test_each_matter_has_its_clause() -> None:
    message = "Hello \U0001f600 my parcel is late, and I was charged twice!"
    assert [issue.span.of(message) for issue in issues_in(message)] == [
        "Hello \U0001f600 my parcel is late",
        "and I was charged twice!",
    ]


def test_no_more_than_a_handful_is_counted() -> None:
    message = " ".join(f"Also, do you have the lamp number {number}?" for number in range(20))
    assert len(issues_in(message)) == MOST


def test_what_stands_far_behind_in_a_long_message_is_not_read() -> None:
    far = f"My parcel is late. {'It was a long day. ' * (READ_CHARACTERS // 19)}"
    assert [issue.topic for issue in issues_in(f"{far} I was charged twice.")] == [Topic.DELIVERY]
