"""Slips of the fingers are put right, and nothing else is."""

import pytest
from amends_core.text import spelling
from amends_core.text.spelling import corrected
from hypothesis import given
from hypothesis import strategies as st

SLIPS = [
    ("Your patiense with tihs mess has been remarkabel.", "Your patience with this mess has been remarkable."),
    ("im gutted but yuo did sgin for it", "im gutted but you did sign for it"),
    ("Rign the compnay, its their wrie", "ring the company, its their wire"),
    ("I promissed tuesday", "I promised tuesday"),
    ("we ahve it", "we have it"),
]
UNTOUCHED = [
    "Priya, Mrs Nakamura and Oluwaseun are on the line.",
    "I apologise, and I've authorised it.",
    "Abeg no vex, we dey sort am.",
    "Aye, it wasnae your fault, pal.",
    "pls dm ur acct no, thx",
    "Write to halp@shpo.example or see shpo.example/retrun, ref wrie-2.",
    "<url> <number>",
    "qzx wvut plmokn",
    "SORYR",
    "",
]


@pytest.mark.parametrize(("text", "meant"), SLIPS)
def test_slips_are_put_right(text: str, meant: str) -> None:
    assert corrected(text) == meant


@pytest.mark.parametrize("text", UNTOUCHED)
def test_names_short_forms_addresses_and_many_englishes_stay(text: str) -> None:
    assert corrected(text) == text


def test_a_word_of_three_letters_is_only_taken_for_a_swap() -> None:
    assert corrected("the tge adn") == "the tge and"


def test_what_is_no_mistyped_english_stays_and_is_not_looked_up() -> None:
    foreign = "Kaikki tilaukset myöhästyivät viikolla eikä kukaan vastannut yhteydenottoihin vaikka lupasitte " * 20
    before = spelling.meant.cache_info()
    assert corrected(foreign) == foreign
    assert spelling.meant.cache_info() == before


@given(st.text(alphabet="abcdefgh '.-@<>/", max_size=80))
def test_only_letters_of_words_change(text: str) -> None:
    def frame(text: str) -> list[str]:
        return [sign for sign in text if not sign.isalpha()]

    assert frame(corrected(text)) == frame(text)
