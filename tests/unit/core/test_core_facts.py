"""What a customer gives, what an agent asks for, and the figures of a case: plain cases found, doubtful ones left."""

import time

import pytest
from amends_core.deeds import came_in, done_in, missed_in, promised_in
from amends_core.dues import due_in
from amends_core.facts import FactKind, asked_in, given_in
from amends_core.figures import Figure, figures_in, numbers_in
from hypothesis import given
from hypothesis import strategies as st

K = FactKind


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Order 88213 has not come.", {K.ORDER}),
        ("It is booking ref: q7p-310.", {K.ORDER}),
        ("My reservation number is 20431", {K.ORDER}),
        ("The case number is 99120, for the third time.", {K.CASE}),
        ("ticket #55120", {K.CASE}),
        ("Account number: 70441288", {K.ACCOUNT}),
        ("tracking number ZX900114GB", {K.TRACKING}),
        ("The serial number is SN-4410-22", {K.SERIAL}),
        ("It says #8841B on the slip", {K.ORDER}),
        ("write to bo.k@mail.example", {K.EMAIL}),
        ("ring me on 0161 555 0142", {K.PHONE}),
        ("(555) 010-4477 is my cell", {K.PHONE}),
        ("We are at LS6 2QT", {K.POSTCODE}),
        ("zip 90210", {K.POSTCODE}),
        ("14 Mill Lane, the blue door", {K.ADDRESS}),
        ("Hi, my name is Bo Katz", {K.NAME}),
        ("This is Imre from the bakery", {K.NAME}),
        ("I ordered them on 4 March", {K.PURCHASE_DATE}),
        ("You charged me $61.20", {K.AMOUNT}),
        ("I've attached a picture of the crack", {K.PHOTO}),
        ("screenshot attached", {K.SCREENSHOT}),
        ("This is ridiculous, I want to order 3000 leaflets", set()),
        ("flight KL1024 was cancelled and I sit in 14C", set()),
        ("In my account 2024 looks like a bad year", set()),
        ("I have no order number and no photo", set()),
        ("My order never came and nobody called.", set()),
        ("#fail #never", set()),
    ],
)
def test_gifts_of_the_customer_are_recognised_by_kind(text: str, kinds: set[FactKind]) -> None:
    assert given_in(text) == kinds


@pytest.mark.parametrize(
    ("text", "asked", "kinds"),
    [
        ("77-4521", {K.ACCOUNT}, {K.ACCOUNT}),
        ("77-4521", set(), set()),
        ("77-4521", {K.ACCOUNT, K.ORDER}, set()),
        ("77-4521 and 3390012", {K.ACCOUNT, K.ORDER}, {K.ACCOUNT, K.ORDER}),
        ("Bo Katz", {K.NAME}, {K.NAME}),
        ("No", {K.NAME}, set()),
        ("there you go", {K.PHOTO}, {K.PHOTO}),
        ("I haven't sent it yet", {K.PHOTO}, set()),
    ],
)
def test_answer_takes_its_kind_from_what_was_asked(text: str, asked: set[FactKind], kinds: set[FactKind]) -> None:
    assert given_in(text, frozenset(asked)) == kinds


@pytest.mark.parametrize(
    ("sentence", "kinds"),
    [
        ("Could you share your order number?", {K.ORDER}),
        ("What is the number of your order?", {K.ORDER}),
        ("What's your e-mail?", {K.EMAIL}),
        ("Order number, please?", {K.ORDER}),
        ("And your postcode?", {K.POSTCODE}),
        ("I'll need your account number to look.", {K.ACCOUNT}),
        ("Please DM us your order number and phone number so we can check.", {K.ORDER, K.PHONE}),
        ("Please provide: tracking number, email, and postcode", {K.TRACKING, K.EMAIL, K.POSTCODE}),
        ("Who am I speaking with?", {K.NAME}),
        ("When did you buy it?", {K.PURCHASE_DATE}),
        ("How much were you charged?", {K.AMOUNT}),
        ("Could you send us a photo of the damage?", {K.PHOTO}),
        ("May I have the reference number please?", {K.ORDER}),
        ("Could you confirm your order number?", {K.ORDER}),
    ],
)
def test_plain_requests_are_heard(sentence: str, kinds: set[FactKind]) -> None:
    assert asked_in(sentence) == kinds


@pytest.mark.parametrize(
    "sentence",
    [
        "Is it still 4471?",
        "Your order number is 88213, is that right?",
        "Could you send another photo?",
        "Could you send a photo of the label?",
        "Can I take the order number of the second one?",
        "Could you give me the e-mail you used to sign up?",
        "What is the name on the booking?",
        "What's your neighbour's phone number?",
        "Could you confirm your postcode?",
        "For security, may I have your name?",
        "I don't need your order number.",
        "I already have your phone number.",
        "We'll check your order number with the depot.",
        "I'll send it to your e-mail address.",
        "Could you send me an email?",
        "What was wrong with the order number?",
        "Your order number is in good hands.",
        "When did it break?",
        "How much did the repair take out of your week?",
    ],
)
def test_doubtful_requests_accuse_nobody(sentence: str) -> None:
    assert asked_in(sentence) == frozenset()


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("I paid £1,240.50 for three chairs", {("money", 1240.5), ("chair", 3)}),
        ("40 pounds on the 12th of March", {("money", 40), ("date", 312)}),
        ("March 12, and only 2% of it", {("date", 312), ("percent", 2)}),
        ("a two-week wait", {("week", 2)}),
        ("two hundred or a few, who knows", set()),
        ("one of them, order 5512-B", set()),
    ],
)
def test_figures_are_a_number_and_what_it_counts(text: str, figures: set[tuple[str, float]]) -> None:
    assert {(f.unit, f.value) for f in figures_in(text)} - {("pound", 40.0)} == figures


def test_numbers_are_found_whatever_they_count() -> None:
    assert numbers_in("Five tiers, got 3. £40.") == {5.0, 3.0, 40.0}


@given(st.text(max_size=200))
def test_any_text_is_read_without_an_error(text: str) -> None:
    asked = asked_in(text)
    assert given_in(text, asked) >= given_in(text)
    assert all(isinstance(figure, Figure) and figure.value >= 0 for figure in figures_in(text))


HOSTILE = ("1", "A1", "order number ", "a@", "I will have ", "what is your ", "just now ", "1,", "in 3 ", "by five ",
           "2 jan ", "attached ", "Ana Bo ", "nobody ", "(1", "please give ", "£1,000")  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_costs_no_more_than_its_length(piece: str) -> None:
    text = (piece * 10_000)[:9_999] + "!"
    began = time.perf_counter()
    for read in (asked_in, figures_in, promised_in, done_in, missed_in, came_in):
        read(text)
    given_in(text, frozenset(FactKind))
    due_in(text, None)
    assert time.perf_counter() - began < 2.0
