"""Exemplar phrases: the explanation of a label, and the way a company teaches its own.

Heads decide which labels a sentence carries; the exemplar nearest in meaning tells people why.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from amends_core.encoder import Floats
from amends_core.taxonomy import Label


@dataclass(frozen=True, slots=True)
class Nearest:
    """The exemplar nearest to a sentence."""

    text: str
    similarity: float
    """Cosine, -1 to 1."""


class ExemplarIndex:
    """Finds the nearest exemplar of a label. Immutable, thread-safe."""

    def __init__(self, phrases: Mapping[Label, Sequence[str]], embeddings: Mapping[str, Floats]) -> None:
        """Indexes `phrases` by label; `embeddings` holds the unit vector of each phrase."""
        self._phrases = {label: tuple(texts) for label, texts in phrases.items() if texts}
        self._matrices = {
            label: np.stack([embeddings[text] for text in texts]) for label, texts in self._phrases.items()
        }

    def nearest(self, label: Label, embedding: Floats) -> Nearest | None:
        """The phrase of `label` with the highest cosine to `embedding` (shape (dimension,)); None where it has none."""
        if label not in self._matrices:
            return None
        similarities = self._matrices[label] @ embedding
        best = int(similarities.argmax())
        return Nearest(self._phrases[label][best], float(similarities[best]))


def all_phrases(sources: Iterable[Mapping[Label, Sequence[str]]]) -> tuple[str, ...]:
    """Every phrase of several mappings once, in a stable order."""
    return tuple(dict.fromkeys(text for source in sources for texts in source.values() for text in texts))
