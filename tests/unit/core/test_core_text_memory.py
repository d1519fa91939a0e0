"""What texts are remembered, and that no pattern is passed over where it would match."""

import re
from collections.abc import Callable

import pytest
from amends_core import deeds, facts, figures
from amends_core.text import remembered, shared_words, words_in
from amends_core.text.memory import LONGEST
from hypothesis import given, settings
from hypothesis import strategies as st

Gate = Callable[[str], bool]


def test_a_text_is_read_once() -> None:
    read: list[str] = []
    length = remembered(lambda text: read.append(text) or len(text))
    assert [length("late again"), length("late again"), length("so sorry")] == [10, 10, 8]
    assert read == ["late again", "so sorry"]


def test_a_long_text_is_not_kept() -> None:
    read: list[str] = []
    length = remembered(lambda text: read.append(text) or len(text))
    long = "a" * (LONGEST + 1)
    assert length(long) == length(long) == LONGEST + 1
    assert len(read) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I'll RING you", {"i", "ll", "ring", "you"}),
        ("order4471, re-sent", {"order", "re", "sent"}),
        ("K\u0130nd\u0131y \u017fent to \u212ate", {"kindiy", "sent", "to", "kte"}),
        ("", set()),
    ],
)
def test_words_are_runs_of_letters_as_patterns_see_them(text: str, words: set[str]) -> None:
    assert words_in(text) == words


def has_one_of(words: frozenset[str]) -> Gate:
    return lambda text: not words_in(text).isdisjoint(words)


def tried_for(kind: facts.FactKind) -> Gate:
    return lambda text: kind in dict(facts._worth_trying(text))


GATES: dict[str, tuple[re.Pattern[str], Gate]] = {
    "future": (deeds._FUTURE, has_one_of(deeds._FUTURE_WORDS)),
    "wanting": (deeds._WANTING, has_one_of(deeds._WANTING_WORDS)),
    "done": (deeds._ANY["done"], deeds._may_report),
    "back": (deeds._REFERS_BACK, has_one_of(deeds._BACK_WORDS)),
    "came": (deeds._ANY["came"], has_one_of(deeds._CAME_WORDS)),
    "cue": (facts._CUE, facts._may_ask),
    "who": (facts._WHO, has_one_of(frozenset({"who", "name"}))),
    "when": (facts._WHEN_BOUGHT, has_one_of(frozenset({"when", "date"}))),
    "how much": (facts._HOW_MUCH, has_one_of(frozenset({"much"}))),
    "number": (figures._ANY, figures._may_count),
    "count": (figures._COUNT, figures._may_count),
    "money": (figures._MONEY, figures._may_be_money),
    **{kind.value: (pattern, tried_for(kind)) for kind, pattern in (facts._NUMBERED | facts._PLAIN).items()},
}


@pytest.mark.parametrize("name", GATES)
@settings(max_examples=60)
@given(data=st.data())
def test_a_pattern_is_tried_wherever_it_matches(name: str, data: st.DataObject) -> None:
    pattern, gate = GATES[name]
    assert gate(data.draw(st.from_regex(pattern)))


@pytest.mark.parametrize(
    ("other", "share"),
    [("we send it TODAY!", 1.0), ("We sent it today.", 0.6), ("Sorry.", 0.0), ("", 0.0)],
)
def test_shared_words_are_told_whatever_their_case_and_order(other: str, share: float) -> None:
    assert shared_words("Today we send it.", other) == share == shared_words(other, "Today we send it.")
    assert shared_words("", "42") == 1.0
