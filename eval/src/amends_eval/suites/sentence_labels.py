"""How well labels of sentences are found: what the suites `labels`, `steps` and `missteps` share."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from amends_eval.answers import SentenceAnswer
from amends_eval.datasets.rows import SentenceRow
from amends_eval.metrics import labels as figures
from amends_eval.metrics.labels import Decisions
from amends_eval.suites.measures import from_sums
from amends_eval.suites.suite import Answered, Metric, Outcome, SuiteResult

DATASETS = ("sentences", "real")


def measure_labels(
    suite: str, names: Sequence[str], answered: Mapping[str, Sequence[Answered]], seed: int
) -> SuiteResult:
    """F1, precision and recall of the labels named, over each dataset, and of each label by itself."""
    metrics: list[Metric] = []
    outcomes: list[Outcome] = []
    shown: dict[str, object] = {}
    for dataset, items in answered.items():
        decisions = decisions_of(items, names)
        metrics += _metrics(dataset, items, decisions, seed)
        outcomes += _outcomes(dataset, items, decisions)
        shown[f"{dataset}.confusion"] = _co_occurrence(decisions)
    return SuiteResult(suite=suite, metrics=tuple(metrics), outcomes=tuple(outcomes), figures=shown)


def decisions_of(items: Sequence[Answered], names: Sequence[str]) -> Decisions:
    """What is so and what was claimed; a refused question claims nothing."""
    rows = [item.row_as(SentenceRow) for item in items]
    answers = [item.answer(SentenceAnswer) for item in items]
    return Decisions(
        truth=_matrix([[name in row.strength for name in names] for row in rows], len(names)),
        claimed=_matrix(
            [[answer is not None and name in answer.claimed for name in names] for answer in answers], len(names)
        ),
        known=_matrix([[name not in row.optional for name in names] for row in rows], len(names)),
        names=names,
    )


def _matrix(cells: list[list[bool]], width: int) -> NDArray[np.bool_]:
    return np.array(cells, dtype=np.bool_).reshape(-1, width)


def _metrics(dataset: str, items: Sequence[Answered], decisions: Decisions, seed: int) -> list[Metric]:
    clusters = [item.row.cluster for item in items]
    counts = decisions.counts()
    width = len(decisions.names)
    whole = [
        from_sums(f"{dataset}.{name}", counts, clusters, statistic, seed)
        for name, statistic in (
            ("micro_f1", figures.micro_f1),
            ("macro_f1", figures.macro_f1),
            ("precision", figures.precision),
            ("recall", figures.recall),
        )
    ]
    each = [
        from_sums(f"{dataset}.{name}.{label}", counts[:, column::width], clusters, statistic, seed)
        for column, label in enumerate(decisions.names)
        for name, statistic in (
            ("f1", figures.micro_f1),
            ("precision", figures.precision),
            ("recall", figures.recall),
        )
    ]
    return whole + each


def _outcomes(dataset: str, items: Sequence[Answered], decisions: Decisions) -> list[Outcome]:
    wrong = ((decisions.truth != decisions.claimed) & decisions.known).any(axis=1)
    return [
        Outcome(
            dataset=dataset,
            id=item.row.id,
            ok=not wrong[index],
            confidence=_confidence(item, decisions.names),
            expected=_listed(decisions.names, decisions.truth[index]),
            found=_listed(decisions.names, decisions.claimed[index] & decisions.known[index]),
            slices=item.row.slices,
            cluster=item.row.cluster,
        )
        for index, item in enumerate(items)
    ]


def _confidence(item: Answered, names: Sequence[str]) -> float | None:
    """How far the least certain label lies from an even chance, 0 to 1."""
    answer = item.answer(SentenceAnswer)
    return min(abs(2 * answer.probability[name] - 1) for name in names) if answer else None


def _listed(names: Sequence[str], row: NDArray[np.bool_]) -> str:
    return ", ".join(name for name, so in zip(names, row, strict=True) if so) or "none"


def _co_occurrence(decisions: Decisions) -> Mapping[str, object]:
    """How often each label that is so (rows, and none) goes with each that was claimed (columns, and none)."""
    truth, claimed = decisions.truth & decisions.known, decisions.claimed & decisions.known
    with_none = [np.column_stack([each, ~each.any(axis=1)]).astype(int) for each in (truth, claimed)]
    return {"labels": [*decisions.names, "none"], "counts": (with_none[0].T @ with_none[1]).tolist()}
