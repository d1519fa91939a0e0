"""The 10 missteps in sentences: accusations, so precision comes first."""

from functools import partial

from amends_core.taxonomy import SENTENCE_MISSTEPS

from amends_eval.suites.sentence_labels import DATASETS, measure_labels
from amends_eval.suites.suite import Suite

SUITE = Suite(
    name="missteps",
    summary="The 10 missteps in sentences: accusations, so precision comes first",
    datasets=DATASETS,
    measure=partial(measure_labels, "missteps", [label.value for label in SENTENCE_MISSTEPS]),
)
