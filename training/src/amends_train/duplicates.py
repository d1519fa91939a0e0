"""Near-duplicates: rows so alike that one of them teaches nothing, or leaks a test row into training."""

from collections.abc import Sequence

import numpy as np
from amends_core.text import normalise
from sklearn.feature_extraction.text import TfidfVectorizer

NGRAM_COSINE = 0.86
"""TF-IDF cosine of character 3- to 5-grams from which two rows count as the same; found by reading pairs."""


def near_duplicates(texts: Sequence[str], others: Sequence[str] | None = None) -> list[tuple[int, int, float]]:
    """Gives pairs (index in `texts`, index in `others`, cosine) that are near-duplicates, likest first.

    Without `others`, pairs within `texts`, each once with the smaller index second.
    """
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), lowercase=True, sublinear_tf=True)
    left = [normalise(text) for text in texts]
    right = [normalise(text) for text in others] if others is not None else left
    vectorizer.fit([*left, *right] if others is not None else left)
    a, b = vectorizer.transform(left), vectorizer.transform(right)
    found: list[tuple[int, int, float]] = []
    for start in range(0, len(left), 512):
        block = (a[start : start + 512] @ b.T).tocoo()
        for row, column, value in zip(block.row + start, block.col, block.data, strict=True):
            if value >= NGRAM_COSINE and (others is not None or column < row):
                found.append((int(row), int(column), float(value)))
    return sorted(found, key=lambda pair: (-pair[2], pair[0], pair[1]))


def without_duplicates(texts: Sequence[str], groups: Sequence[str]) -> list[int]:
    """Indexes of the rows to keep: the first of each near-duplicate pair, and every row of a contrast group."""
    drop = {a for a, b, _ in near_duplicates(texts) if not groups[a] or groups[a] != groups[b]}
    return [index for index in np.arange(len(texts)).tolist() if index not in drop]
