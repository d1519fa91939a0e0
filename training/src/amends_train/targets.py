"""Rows as tensors: what each output of the network should say, and where nothing is known."""

from collections.abc import Mapping

import numpy as np
from amends_core.bundle import OUTPUTS, output_name
from amends_core.taxonomy import CUSTOMER_ACTS, SENTENCE_LABELS, STEPS, Label, Step
from numpy.typing import NDArray

from amends_train.rows import AgentRow, CustomerRow

COLUMN: Mapping[str, int] = {name: index for index, name in enumerate(OUTPUTS)}
ACTS = slice(COLUMN[f"act:{CUSTOMER_ACTS[0]}"], COLUMN[f"act:{CUSTOMER_ACTS[-1]}"] + 1)
UPSET = COLUMN["upset"]
CARE = COLUMN["care"]
NEXT = slice(COLUMN[f"next:{STEPS[0]}"], COLUMN[f"next:{STEPS[-1]}"] + 1)
BEST_GRADE = 4.0
"""Of a graded reply: 0 harms, 4 is excellent."""
OPEN_WEIGHT = 0.25
"""Of a step that is called neither acceptable nor wrong after a message: most likely it is not called for."""
SECOND_ACT_SHARE = 0.3
"""How much of an act's target an arguable second act takes."""

Floats = NDArray[np.float32]


def column_of(label: Label) -> int:
    """The column of a step or a sentence-level misstep in the logits."""
    return COLUMN[output_name(label)]


LABEL_COLUMNS = [column_of(label) for label in SENTENCE_LABELS]
"""Columns of the 23 labels, steps first."""
STEP_COLUMNS = LABEL_COLUMNS[: len(STEPS)]
STRONG_COLUMNS = [COLUMN[f"strong:{step}"] for step in STEPS]
"""Columns of how strongly each step is said, in the order of `STEP_COLUMNS`."""


def agent_target(row: AgentRow) -> tuple[Floats, Floats]:
    """Gives target and weight, each of shape (len(OUTPUTS),); weight 0 where nothing is known.

    Every step and misstep is known but the arguable ones; strength is known only where the step is there.
    """
    target = np.zeros(len(OUTPUTS), dtype=np.float32)
    weight = np.zeros(len(OUTPUTS), dtype=np.float32)
    for label in SENTENCE_LABELS:
        weight[column_of(label)] = label not in row.arguable
    for label, strength in row.firm.items():
        target[column_of(label)] = 1.0
        if isinstance(label, Step):
            target[COLUMN[f"strong:{label}"]] = strength == 2
            weight[COLUMN[f"strong:{label}"]] = 1.0
    return target, weight


def customer_target(row: CustomerRow) -> tuple[Floats, Floats]:
    """Gives target and weight, as `agent_target`: the acts' targets add up to 1, upset is a probability."""
    target = np.zeros(len(OUTPUTS), dtype=np.float32)
    weight = np.zeros(len(OUTPUTS), dtype=np.float32)
    weight[ACTS] = weight[UPSET] = 1.0
    share = SECOND_ACT_SHARE if row.second_act else 0.0
    target[COLUMN[f"act:{row.act}"]] = 1.0 - share
    if row.second_act:
        target[COLUMN[f"act:{row.second_act}"]] += share
    target[UPSET] = row.upset
    if row.acceptable:
        weight[NEXT] = OPEN_WEIGHT
        for step in row.acceptable:
            target[COLUMN[f"next:{step}"]] = 1.0
        for step in (*row.acceptable, *row.wrong):
            weight[COLUMN[f"next:{step}"]] = 1.0
    return target, weight


def graded_target(grade: float) -> tuple[Floats, Floats]:
    """Of a sentence that stands in a reply of that grade: its care is the reply's; of its labels nothing is known."""
    target = np.zeros(len(OUTPUTS), dtype=np.float32)
    weight = np.zeros(len(OUTPUTS), dtype=np.float32)
    target[CARE], weight[CARE] = grade / BEST_GRADE, 1.0
    return target, weight
