"""How strongly a step is made: absent, weak or strong."""

from collections.abc import Mapping, Sequence

import numpy as np
from amends_core.taxonomy import STEPS
from sklearn.metrics import cohen_kappa_score

from amends_eval.answers import SentenceAnswer
from amends_eval.datasets.rows import SentenceRow
from amends_eval.suites.measures import from_weights, share_right
from amends_eval.suites.sentence_labels import DATASETS
from amends_eval.suites.suite import Answered, Metric, Outcome, Suite, SuiteResult

_LEVELS = (0, 1, 2)
_WORDS = ("absent", "weak", "strong")


def measure(answered: Mapping[str, Sequence[Answered]], seed: int) -> SuiteResult:
    """Agreement on strength over every step of every sentence, and where the step is there; arguable ones left out."""
    metrics: list[Metric] = []
    outcomes: list[Outcome] = []
    figures: dict[str, object] = {}
    for dataset, items in answered.items():
        grades = [grade for item in items for grade in _grades(dataset, item)]
        metrics += _metrics(dataset, grades, seed)
        outcomes += _touched(grades)
        figures[f"{dataset}.confusion"] = _confusion(grades)
    return SuiteResult(suite="strength", metrics=tuple(metrics), outcomes=tuple(outcomes), figures=figures)


def _grades(dataset: str, item: Answered) -> list[Outcome]:
    row, answer = item.row_as(SentenceRow), item.answer(SentenceAnswer)
    found = {step.value: _strength(answer, step.value) for step in STEPS if step not in row.optional}
    return [
        Outcome(
            dataset=dataset,
            id=row.id,
            part=step,
            ok=row.strength.get(step, 0) == strength,
            confidence=answer.probability[step] if answer else None,
            expected=_WORDS[row.strength.get(step, 0)],
            found=_WORDS[strength],
            slices=row.slices,
            cluster=row.cluster,
        )
        for step, strength in found.items()
    ]


def _touched(grades: Sequence[Outcome]) -> list[Outcome]:
    """Those in which the step is there or was claimed."""
    return [grade for grade in grades if {grade.expected, grade.found} != {"absent"}]


def _strength(answer: SentenceAnswer | None, step: str) -> int:
    if answer is None or step not in answer.claimed:
        return 0
    return 2 if step in answer.strong else 1


def _metrics(dataset: str, grades: Sequence[Outcome], seed: int) -> list[Metric]:
    # Where both say that the step is there, weak against strong is a question of its own.
    both = [grade for grade in grades if "absent" not in (grade.expected, grade.found)]
    return [
        _kappa(f"{dataset}.kappa", grades, seed),
        _kappa(f"{dataset}.kappa_where_touched", _touched(grades), seed),
        _kappa(f"{dataset}.kappa_where_present", both, seed),
        share_right(f"{dataset}.accuracy_where_present", both, seed),
    ]


def _kappa(name: str, grades: Sequence[Outcome], seed: int) -> Metric:
    """Cohen's kappa with quadratic weights.

    Source: Cohen (1968), Weighted kappa, Psychological Bulletin 70(4).
    """
    truth = np.array([_WORDS.index(grade.expected) for grade in grades])
    found = np.array([_WORDS.index(grade.found) for grade in grades])

    def weighted(weights: np.ndarray) -> float:
        if len({*truth[weights > 0], *found[weights > 0]}) < 2:
            return float("nan")
        return float(cohen_kappa_score(truth, found, labels=_LEVELS, weights="quadratic", sample_weight=weights))

    return from_weights(name, [grade.cluster for grade in grades], weighted, seed)


def _confusion(grades: Sequence[Outcome]) -> Mapping[str, object]:
    counts = [[sum(g.expected == a and g.found == b for g in grades) for b in _WORDS] for a in _WORDS]
    return {"labels": list(_WORDS), "counts": counts}


SUITE = Suite("strength", "How strongly a step is made: absent, weak or strong", DATASETS, measure)
