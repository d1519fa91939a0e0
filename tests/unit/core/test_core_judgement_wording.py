"""What a sentence names in words: times that make a remedy concrete, figures that answer a question."""

import pytest
from amends_core.judgement.details import Details
from amends_core.judgement.evidence import names_time

TIMES = (
    "I will call you within 2 hours.",
    "It takes six hours.",
    "You hear from us in three working days.",
    "Give me half an hour.",
    "You have it in an hour.",
    "It is with you before noon.",
    "We turn it back on at midnight.",
    "I will ring you on Friday.",
)


@pytest.mark.parametrize("text", TIMES)
def test_a_time_is_read_in_digits_and_in_words(text: str) -> None:
    assert names_time(text)


@pytest.mark.parametrize("text", ["I will call you.", "I sent six of them.", "Somebody else has it."])
def test_a_number_alone_is_no_time(text: str) -> None:
    assert not names_time(text)


@pytest.mark.parametrize(
    "text", ["Sixteen of them.", "About forty.", "It costs half.", "At noon.", "On Fridays.", "Twelve."]
)
def test_a_figure_in_words_bears_on_the_question(text: str) -> None:
    assert Details().bears(text)


def test_words_without_a_figure_do_not_bear_on_it() -> None:
    assert not Details().bears("Nobody knows that here.")
