"""All 23 labels of sentences: steps and missteps together."""

from functools import partial

from amends_core.taxonomy import SENTENCE_LABELS

from amends_eval.suites.sentence_labels import DATASETS, measure_labels
from amends_eval.suites.suite import Suite

SUITE = Suite(
    name="labels",
    summary="All 23 labels of sentences: steps and missteps together",
    datasets=DATASETS,
    measure=partial(measure_labels, "labels", [label.value for label in SENTENCE_LABELS]),
)
