import contextlib

import pytest
from amends_core.taxonomy import SENTENCE_LABELS
from amends_eval.datasets.rows import Labels
from amends_eval.labels import notation
from amends_eval.labels.guide import MEANING
from amends_eval.labels.notation import NotationError
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("line", "labels", "optional"),
    [
        ("5:2 ?6", ("EMPATHIZE:2",), ("APOLOGIZE",)),
        ("?6, 5:2", ("EMPATHIZE:2",), ("APOLOGIZE",)),
        ("apol:1 SCR", ("APOLOGIZE:1", "SCRIPTED"), ()),
        ("take_a:2 take-o:1", ("TAKE_OWNERSHIP:1", "TAKE_ACTION:2"), ()),
        ("23 ?15", ("HOSTILITY",), ("DISMISS_FEELING",)),
        (" - ", (), ()),
    ],
)
def test_labels_are_typed_by_number_or_beginning(line: str, labels: tuple[str, ...], optional: tuple[str, ...]) -> None:
    assert notation.typed(line) == Labels(labels=labels, optional=optional)


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("", "nothing was typed"),
        ("5", "how strong is EMPATHIZE"),
        ("5:3", "how strong is EMPATHIZE"),
        ("20:1", "SELF_FOCUS is a misstep"),
        ("0", "there is no label 0"),
        ("24", "there is no label 24: the numbers go from 1 to 23"),
        ("take:1", "could be TAKE_OWNERSHIP or TAKE_ACTION"),
        ("sorry:1", "begins no label"),
        ("?", "begins no label"),
        ("5:1 ?5", "EMPATHIZE is named twice"),
        ("5:1 - ", "begins no label"),
    ],
)
def test_what_cannot_be_read_is_said_with_the_remedy(line: str, wrong: str) -> None:
    with pytest.raises(NotationError) as error:
        notation.typed(line)
    assert wrong in str(error.value)


@given(
    st.dictionaries(st.sampled_from(notation.NAMES), st.sampled_from([1, 2])),
    st.lists(st.sampled_from(notation.NAMES)),
)
def test_what_is_written_is_read_back(firm: dict[str, int], optional: list[str]) -> None:
    made = notation.labels(firm, optional)
    line = " ".join([*made.labels, *(f"?{name}" for name in made.optional)]) or notation.NONE
    assert notation.typed(line) == made


@given(st.text(max_size=30))
def test_whatever_is_typed_gives_labels_or_a_reason(line: str) -> None:
    # Any other error would end a labeller's session.
    with contextlib.suppress(NotationError):
        assert notation.typed(line)


def test_the_guide_explains_every_label_in_the_order_of_its_number() -> None:
    assert list(MEANING) == list(SENTENCE_LABELS)
    assert all(meaning for meaning, _ in MEANING.values())


def test_labels_are_read_back_in_words() -> None:
    assert (
        notation.in_words(notation.typed("5:2 6:1 def ?scr"))
        == "empathize strong, apologize weak, defend, maybe scripted"
    )
    assert notation.in_words(notation.typed("-")) == "no label"
