"""Exemplar phrases: the explanation of a label, and the way a company teaches its own.

Heads decide which labels a sentence carries; the exemplar nearest in meaning tells people why.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from amends_core.encoder import Floats
from amends_core.taxonomy import Label


class Nearest(NamedTuple):
    """The exemplar nearest to a sentence."""

    text: str
    similarity: float
    """Cosine, -1 to 1."""
    own: bool = False
    """Whether the company taught it, and it did not ship."""


class ExemplarIndex:
    """Finds the nearest exemplar of a label. Immutable, thread-safe."""

    def __init__(
        self,
        phrases: Mapping[Label, Sequence[str]],
        embeddings: Mapping[str, Floats],
        own: Mapping[Label, Sequence[str]] = MappingProxyType({}),
    ) -> None:
        """Indexes `phrases` by label, and a company's `own`; `embeddings` holds the unit vector of each phrase."""
        labels = dict.fromkeys((*phrases, *own))
        every = {label: (*own.get(label, ()), *phrases.get(label, ())) for label in labels}
        self._own = {label: frozenset(texts) for label, texts in own.items()}
        self._phrases = {label: texts for label, texts in every.items() if texts}
        self._matrices = {
            label: np.stack([embeddings[text] for text in texts]) for label, texts in self._phrases.items()
        }

    def nearest(self, label: Label, embedding: Floats) -> Nearest | None:
        """The phrase of `label` with the highest cosine to `embedding` (shape (dimension,)); None where it has none."""
        if label not in self._matrices:
            return None
        found = nearest_of(self._phrases[label], self._matrices[label], embedding)
        return Nearest(found.text, found.similarity, own=True) if found.text in self._own.get(label, ()) else found


def nearest_of(texts: Sequence[str], vectors: Floats, embedding: Floats) -> Nearest:
    """The text whose vector (a row of `vectors`) has the highest cosine to `embedding`; the first of equal ones."""
    similarities = vectors @ embedding
    best = int(similarities.argmax())
    return Nearest(texts[best], float(similarities[best]))


def all_phrases(sources: Iterable[Mapping[Label, Sequence[str]]]) -> tuple[str, ...]:
    """Every phrase of several mappings once, in a stable order."""
    return tuple(dict.fromkeys(text for source in sources for texts in source.values() for text in texts))
