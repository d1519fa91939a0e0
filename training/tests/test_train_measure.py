"""Figures of the recipe on rows whose answers are known."""

from dataclasses import replace

import numpy as np
import pytest
from amends_core.taxonomy import SENTENCE_LABELS, Misstep, Step
from amends_train.measure import pairs_right
from amends_train.rows import VOICE
from train_builders import agent_row

SORRY = replace(agent_row("I am sorry.", "APOLOGIZE:2", "EMPATHIZE:1", name="a"), group="g")
SLY = replace(agent_row("I am sorry you feel so.", "NON_APOLOGY", "EMPATHIZE:1", name="b"), group="g")


def claimed(*labels: Step | Misstep) -> list[bool]:
    return [label in labels for label in SENTENCE_LABELS]


@pytest.mark.parametrize(
    ("first", "second", "right"),
    [
        ([Step.APOLOGIZE, Step.EMPATHIZE], [Misstep.NON_APOLOGY, Step.EMPATHIZE], 1.0),
        ([Step.APOLOGIZE], [Misstep.NON_APOLOGY, Step.THANK], 1.0),  # what does not set them apart does not count
        ([Step.APOLOGIZE], [Misstep.NON_APOLOGY, Step.APOLOGIZE], 0.0),
        ([Step.APOLOGIZE], [], 0.0),
    ],
)
def test_pairs_are_right_where_both_rows_have_what_sets_them_apart(
    first: list[Step | Misstep], second: list[Step | Misstep], right: float
) -> None:
    assert pairs_right([SORRY, SLY], np.array([claimed(*first), claimed(*second)])) == right


@pytest.mark.parametrize(
    "rows",
    [
        [SORRY, replace(SLY, group="h")],
        [replace(SORRY, group=""), replace(SLY, group="")],
        [replace(SORRY, kind=VOICE), replace(SLY, kind=VOICE)],
        [SORRY, replace(SLY, labels=SORRY.labels, optional=("NON_APOLOGY",))],
    ],
)
def test_rows_that_are_no_pair_measure_nothing(rows: list) -> None:  # type: ignore[type-arg]
    assert np.isnan(pairs_right(rows, np.zeros((2, 23), dtype=bool)))
