"""Another name, number or gender is read as the same one, and what tells something stays."""

import pytest
from amends_core.text import parts_of
from amends_core.text.particulars import without_particulars
from hypothesis import given
from hypothesis import strategies as st

SAME = [
    # names, by where they stand
    ("Mrs Petrova, I hear you.", "Mr Nakamura, I hear you."),
    ("Thank you for speaking up, Dr. Delgado.", "Thank you for speaking up, Dr. Adeyemi."),
    ("Please accept our apology, Fatima, it came late.", "Please accept our apology, Brónagh, it came late."),
    ("What did you hope for, Tomasz?", "What did you hope for, Nguyen Thi?"),
    ("Hi Paolo, I've got your file open.", "Hi Nokuthula, I've got your file open."),
    ("hello O'Brien!", "hello Jean-Luc!"),
    ("Good afternoon, you're speaking with Anneliese.", "Good afternoon, you're speaking with Kofi."),
    ("I'm Deepak from the billing desk.", "I'm Hannah from the billing desk."),
    ("Rasheed, that must have hurt.", "Thorvald, that must have hurt."),
    # numbers, each kind by itself
    ("All this fuss for 8 cents?", "All this fuss for 35 cents?"),
    ("It took 3 days and 1,300 calls.", "It took 12 days and 900 calls."),
    ("Does a 4 o'clock slot suit you?", "Does an 11 o'clock slot suit you?"),
    ("I call at 9am.", "I call at 11am."),
    ("I call at 9:15 am, or at 16:40.", "I call at 10:45 am, or at 08:05."),
    ("19.99 euros went back.", "2,240.50 euros went back."),
    ("We take 10% off.", "We take 25% off."),
    ("Dial 0845 instead.", "Dial 0300 instead."),
    # genders
    ("She'll ring the wholesaler herself, it is hers.", "He'll ring the wholesaler himself, it is his."),
    ("I'll call her myself about her leg.", "I'll call him myself about his leg."),
    ("Poor her, tell her to wait.", "Poor him, tell him to wait."),
    ("Have you seen it, madam?", "Have you seen it, sir?"),
]
UNTOUCHED = [
    "I will call you on Monday, July 5th, 2025.",
    "However, we are open 24/7 in Paris.",
    "Unfortunately, Windows does not do that.",
    "Regrettably, it left. Hmm, wait.",
    "Thanks, Team, send me a DM, OK?",
    "Thank you, Monday works.",
    "1 day, 100 percent, version 2.0.1, the 2nd of 10/12.",
    "Here it is.",
    "",
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_another_name_number_or_gender_reads_the_same(one: str, other: str) -> None:
    assert parts_of(one) == parts_of(other)


@pytest.mark.parametrize("text", UNTOUCHED)
def test_what_tells_something_stays(text: str) -> None:
    assert without_particulars(text) == text


def test_what_the_other_side_said_before_is_read_so_too() -> None:
    assert parts_of("Yes.\x1eIs it 5 boxes, Ewa?") == parts_of("Yes.\x1eIs it 12 boxes, Chidi?")


_WRITTEN_NAMES = st.from_regex(r"[A-ZÀ-ÖØ-ÞŁŠŽ][a-zà-öø-ÿąłńšž]{2,12}", fullmatch=True).filter(
    lambda name: without_particulars(f"Hi {name}.") == "Hi Alex."
)
_TALK = st.sampled_from(
    ["Hi {}, it is here.", "It is here, {}!", "I'm {} and I help.", "Ask Ms {} for it.", "No {}, we can't."]
)


@given(_TALK, _WRITTEN_NAMES, _WRITTEN_NAMES)
def test_any_name_reads_as_any_other_where_names_stand(talk: str, one: str, other: str) -> None:
    assert parts_of(talk.format(one)) == parts_of(talk.format(other))


@pytest.mark.parametrize(
    "hostile", ["A" + "a" * 20_000, ", A" * 7_000, "her " * 5_000, "1," * 10_000, "Mr Aa Aa " * 2_000]
)
def test_hostile_text_is_read_in_time_that_grows_with_its_length(hostile: str) -> None:
    assert len(without_particulars(hostile)) <= len(hostile) * 2
