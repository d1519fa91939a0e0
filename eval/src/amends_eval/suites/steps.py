"""The 13 recovery steps in sentences."""

from functools import partial

from amends_core.taxonomy import STEPS

from amends_eval.suites.sentence_labels import DATASETS, measure_labels
from amends_eval.suites.suite import Suite

SUITE = Suite(
    name="steps",
    summary="The 13 recovery steps in sentences",
    datasets=DATASETS,
    measure=partial(measure_labels, "steps", [label.value for label in STEPS]),
)
