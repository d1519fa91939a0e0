"""Ways to decide that learn from the corpus itself, each item judged by a model that saw nothing of its cluster."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from amends_eval.yardsticks.yardstick import Guess

FOLDS = 5
_ITERATIONS = 2000
_WORDS = r"(?u)\b\w+\b|[?!]"
"""Questions and exclamations tell as much as words do."""


def probed(
    features: Sequence[Sequence[float]],
    truth: Sequence[str],
    clusters: Sequence[str],
    positive: frozenset[str],
    seed: int,
) -> list[Guess]:
    """Guesses of a logistic regression over our readings, cross-validated by cluster.

    Source: Alain and Bengio (2016), Understanding intermediate layers using linear classifier probes.
    """
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=_ITERATIONS))
    return _cross_validated(model, np.asarray(features, dtype=np.float64), truth, clusters, positive, seed)


def words_probed(
    texts: Sequence[str], truth: Sequence[str], clusters: Sequence[str], positive: frozenset[str], seed: int
) -> list[Guess]:
    """Guesses of the same regression over weighted words and pairs of words: what a corpus gives away by itself."""
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=_WORDS),
        # Stronger than the usual weight: the vectors are short and there are many words.
        LogisticRegression(C=10.0, max_iter=_ITERATIONS),
    )
    return _cross_validated(model, np.asarray(texts, dtype=object), truth, clusters, positive, seed)


def _cross_validated(
    model: Any, rows: NDArray[Any], truth: Sequence[str], clusters: Sequence[str], positive: frozenset[str], seed: int
) -> list[Guess]:
    names = np.asarray(truth)
    guesses: list[Guess] = [Guess("")] * len(truth)
    for train, test in _folds(clusters, seed):
        # A fold of one class leaves nothing to learn but that class.
        fitted = (model if len(set(names[train])) > 1 else DummyClassifier()).fit(rows[train], names[train])
        chances = fitted.predict_proba(rows[test])
        wanted = [name in positive for name in fitted.classes_]
        for index, row in zip(test, chances, strict=True):
            guesses[index] = Guess(str(fitted.classes_[row.argmax()]), float(row[wanted].sum()) if positive else None)
    return guesses


def _folds(clusters: Sequence[str], seed: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    folds = min(FOLDS, len(set(clusters)))
    splitter = GroupKFold(folds, shuffle=True, random_state=seed)
    return list(splitter.split(np.zeros(len(clusters)), groups=np.asarray(clusters)))
