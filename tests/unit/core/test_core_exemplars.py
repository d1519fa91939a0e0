"""Exemplars: the phrase nearest in meaning explains a label."""

import numpy as np
import pytest
from amends_core.exemplars import ExemplarIndex, all_phrases
from amends_core.taxonomy import Label, Misstep, Step
from core_builders import unit_vector

PHRASES: dict[Label, tuple[str, ...]] = {Step.THANK: ("thanks", "cheers"), Misstep.DEFEND: ("policy",), Step.LISTEN: ()}
INDEX = ExemplarIndex(PHRASES, {text: unit_vector(text) for text in ("thanks", "cheers", "policy")})


@pytest.mark.parametrize(
    ("label", "text"), [(Step.THANK, "thanks"), (Step.THANK, "cheers"), (Misstep.DEFEND, "policy")]
)
def test_phrase_itself_is_nearest_with_cosine_one(label: Label, text: str) -> None:
    nearest = INDEX.nearest(label, unit_vector(text))
    assert nearest is not None
    assert (nearest.text, nearest.similarity) == (text, pytest.approx(1, abs=1e-6))


def test_nearest_is_sought_among_the_phrases_of_the_label_alone() -> None:
    nearest = INDEX.nearest(Misstep.DEFEND, unit_vector("thanks"))
    assert nearest is not None
    assert nearest.text == "policy"
    assert nearest.similarity == pytest.approx(float(np.dot(unit_vector("thanks"), unit_vector("policy"))), abs=1e-6)


@pytest.mark.parametrize("label", [Step.LISTEN, Step.REFLECT])
def test_label_without_phrases_has_no_nearest(label: Label) -> None:
    assert INDEX.nearest(label, unit_vector("thanks")) is None


def test_first_of_equally_near_phrases_wins() -> None:
    index = ExemplarIndex({Step.THANK: ("one", "two")}, {"one": unit_vector("same"), "two": unit_vector("same")})
    nearest = index.nearest(Step.THANK, unit_vector("same"))
    assert nearest is not None
    assert nearest.text == "one"


def test_phrases_of_several_sources_come_once_in_order() -> None:
    assert all_phrases([PHRASES, {Step.THANK: ("new", "cheers")}]) == ("thanks", "cheers", "policy", "new")
