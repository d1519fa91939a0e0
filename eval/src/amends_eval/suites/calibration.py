"""Whether a probability means what it says, and what is gained by leaving the unsure ones to people."""

from collections.abc import Mapping, Sequence

import numpy as np
from amends_core.taxonomy import SENTENCE_LABELS

from amends_eval.answers import SentenceAnswer
from amends_eval.metrics import calibration as figures
from amends_eval.statistics.bootstrap import Floats
from amends_eval.suites.measures import from_sums, share
from amends_eval.suites.sentence_labels import DATASETS, decisions_of
from amends_eval.suites.suite import Answered, Metric, Suite, SuiteResult

_NAMES = [label.value for label in SENTENCE_LABELS]


def measure(answered: Mapping[str, Sequence[Answered]], seed: int) -> SuiteResult:
    """Expected calibration error, Brier score and risk at coverage over all labels; arguable ones left out."""
    metrics: list[Metric] = []
    shown: dict[str, object] = {}
    for dataset, items in answered.items():
        read = [item for item in items if item.answer(SentenceAnswer)]
        decisions = decisions_of(read, _NAMES)
        probability = _probabilities(read)
        bins = figures.bin_sums(probability, decisions.truth, decisions.known)
        clusters = [item.row.cluster for item in read]
        squared = (probability - decisions.truth) ** 2 * decisions.known
        metrics += [
            from_sums(f"{dataset}.ece", bins, clusters, figures.expected_error, seed, higher_is_better=False),
            share(
                f"{dataset}.brier", (squared.sum(axis=1) / len(_NAMES)).tolist(), clusters, seed, higher_is_better=False
            ),
        ]
        certainty = np.abs(2 * probability - 1).min(axis=1)
        wrong = ((decisions.truth != decisions.claimed) & decisions.known).any(axis=1)
        curve = figures.risk_coverage(certainty, wrong)
        metrics += [_risk(f"{dataset}.risk_at_80", certainty, wrong, clusters, seed)] if read else []
        shown[f"{dataset}.reliability"] = {"bins": figures.reliability(bins.sum(axis=0))}
        shown[f"{dataset}.risk_coverage"] = curve
    return SuiteResult(suite="calibration", metrics=tuple(metrics), outcomes=(), figures=shown)


def _probabilities(items: Sequence[Answered]) -> Floats:
    rows = [[answer.probability[name] for name in _NAMES] for item in items if (answer := item.answer(SentenceAnswer))]
    return np.array(rows, dtype=np.float64).reshape(-1, len(_NAMES))


def _risk(name: str, certainty: Floats, wrong: np.ndarray, clusters: Sequence[str], seed: int) -> Metric:
    """Share of sentences with a wrong label among the four fifths that the model is surest of."""
    kept = np.argsort(-certainty, kind="stable")[: max(1, int(0.8 * len(certainty)))]
    return share(name, wrong[kept].tolist(), [clusters[i] for i in kept], seed, higher_is_better=False)


SUITE = Suite("calibration", "Whether a probability means what it says", DATASETS, measure)
