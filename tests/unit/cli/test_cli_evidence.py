"""The reply is shown whole, each stretch in its colour and followed by its labels."""

import pytest
from amends.v1 import judgement_pb2
from amends_cli.evidence import Mark, find_marks, show_turn
from hypothesis import given
from hypothesis import strategies as st

TEXT = "I am sorry. Your fault."


def mark(start: int, end: int, label: str = "apologize", *, harms: bool = False) -> Mark:
    return Mark(turn_index=0, start=start, end=end, label=label, harms=harms)


def styled(text: str, marks: list[Mark]) -> list[tuple[str, str]]:
    shown = show_turn(text, marks)
    return [(shown.plain[span.start : span.end], str(span.style)) for span in shown.spans]


def test_marks_come_from_steps_and_missteps(judgement: judgement_pb2.Judgement) -> None:
    assert find_marks(judgement) == [
        Mark(0, 0, 29, "apologize", harms=False),
        Mark(0, 30, 64, "blame customer", harms=True),
    ]


def test_steps_are_green_and_missteps_red_with_their_labels_after_them() -> None:
    marks = [mark(0, 11), mark(12, 23, "blame customer", harms=True)]
    assert show_turn(TEXT, marks).plain == "I am sorry. [apologize] Your fault. [blame customer]"
    assert styled(TEXT, marks) == [
        ("I am sorry.", "green"),
        (" [apologize]", "italic dim green"),
        ("Your fault.", "red"),
        (" [blame customer]", "italic dim red"),
    ]


def test_a_sentence_that_is_both_is_red_and_has_both_labels() -> None:
    marks = [mark(0, 11), mark(0, 11, "non apology", harms=True)]
    assert show_turn(TEXT, marks).plain == "I am sorry. [apologize] [non apology] Your fault."
    assert styled(TEXT, marks)[0] == ("I am sorry.", "red")


def test_stretches_that_overlap_are_labelled_where_they_end() -> None:
    marks = [mark(0, 11), mark(5, 23, "defend", harms=True)]
    assert show_turn(TEXT, marks).plain == "I am sorry. [apologize] Your fault. [defend]"


@pytest.mark.parametrize("text", ["", "Fine."])
def test_turn_without_evidence_is_shown_plain(text: str) -> None:
    assert show_turn(text, []).plain == text


def test_offsets_count_code_points() -> None:
    assert show_turn("😡😡 Sorry.", [mark(3, 9)]).plain == "😡😡 Sorry. [apologize]"


def test_what_looks_like_markup_stays_text() -> None:
    assert show_turn("[red]Sorry.[/red]", [mark(0, 17)]).plain == "[red]Sorry.[/red] [apologize]"


@given(
    text=st.text(max_size=30),
    bounds=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=4),
)
def test_no_character_is_lost_or_doubled(text: str, bounds: list[tuple[int, int]]) -> None:
    marks = [mark(start, end, "label") for start, end in bounds]
    unlabelled = show_turn(text, marks).plain.replace(" [label]", "")
    assert unlabelled == show_turn(text, []).plain.replace(" [label]", "")
