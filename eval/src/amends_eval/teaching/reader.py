"""Texts as the model encodes them, each once, and what is read in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from amends_core.bundle import DEFAULT_BUNDLE, load_bundle
from amends_core.detection import Detector
from amends_core.encoder import Encoding, Floats, OnnxEncoder
from amends_core.errors import BundleError
from amends_core.playbooks import misstep_exemplars, phrasings
from amends_core.scorer import taught_detector
from amends_core.taxonomy import SENTENCE_LABELS, Label
from amends_core.teaching import UNTAUGHT, OwnExemplars, Teaching
from amends_core.text import has_words, split
from numpy.typing import NDArray

from amends_eval.datasets import FOLDER, load
from amends_eval.datasets.catalogue import parse
from amends_eval.datasets.rows import SentenceRow
from amends_eval.errors import DatasetError, TargetError


class Reader:
    """Encodes by one bundle, and remembers."""

    def __init__(self, bundle_dir: Path | None) -> None:
        try:
            self.bundle = load_bundle(bundle_dir or DEFAULT_BUNDLE)
        except BundleError as error:
            raise TargetError(str(error)) from error
        self._encoder = OnnxEncoder(self.bundle)
        self._encodings: dict[str, Encoding] = {}

    def encode(self, text: str) -> Encoding:
        """The encoding of one sentence."""
        if text not in self._encodings:
            self._encodings[text] = self._encoder.encode(text)
        return self._encodings[text]

    def pieces(self, text: str) -> list[Encoding]:
        """The encodings of the sentences of a text, as the service splits it."""
        return [self.encode(span.of(text)) for span in split(text) if has_words(span.of(text))]

    def detector(self, exemplars: OwnExemplars | None = None) -> Detector:
        """A detector, taught by exemplars where there are some."""
        teaching = Teaching(exemplars) if exemplars else UNTAUGHT
        shipped = [text for source in (misstep_exemplars(), phrasings()) for texts in source.values() for text in texts]
        embeddings = {text: self.encode(text).embedding for text in (*shipped, *teaching.phrases)}
        return taught_detector(self.bundle.manifest, teaching, embeddings)

    def embeddings(self, texts: Sequence[str]) -> Floats:
        """Shape (texts, dimension)."""
        return np.array([self.encode(text).embedding for text in texts])


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """What was read in texts: the most of any of their sentences."""

    probability: NDArray[np.float64]
    """Shape (texts, len(SENTENCE_LABELS))."""
    claimed: NDArray[np.bool_]


def read_all(detector: Detector, pieces: Sequence[Sequence[Encoding]]) -> Readings:
    """Reads texts, each given by the encodings of its sentences; one without any claims nothing."""
    rows = [_most(detector, each) for each in pieces]
    probability = np.array(rows).reshape(-1, len(SENTENCE_LABELS))
    return Readings(probability, probability >= thresholds(detector.thresholds))


def thresholds(by_label: Mapping[Label, float]) -> NDArray[np.float64]:
    """In the order of the labels."""
    return np.array([by_label[label] for label in SENTENCE_LABELS])


def development_rows(datasets: Path = FOLDER) -> list[SentenceRow]:
    """The development sentences that ship."""
    return [row for row in load("sentences", "dev", datasets).rows if isinstance(row, SentenceRow)]


def own_rows(path: Path) -> list[SentenceRow]:
    """Labelled sentences of one's own.

    Raises:
        DatasetError: the file cannot be read, or a row breaks the schema.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"cannot read {path.name}: {error}; `amends eval import` writes such a file") from None
    return [row for row in parse(SentenceRow, text, path.name) if isinstance(row, SentenceRow)]


def _most(detector: Detector, pieces: Sequence[Encoding]) -> list[float]:
    readings = [detector.read_sentence(piece) for piece in pieces]
    return [max((reading.probability(label) for reading in readings), default=0.0) for label in SENTENCE_LABELS]
