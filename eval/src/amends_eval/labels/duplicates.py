"""Rows that say the same: within what was imported, and against what the model was trained on.

Three ways, each wider than the one before: the same after normalising; alike in characters; and, where asked,
alike to the encoder.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np
from amends_core.bundle import DEFAULT_BUNDLE, load_bundle
from amends_core.errors import AmendsError
from amends_core.text import normalise
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from amends_eval.datasets.rows import SentenceRow
from amends_eval.errors import DatasetError
from amends_eval.labels import table
from amends_eval.labels.columns import arranged

NEAR = 0.86
"""TF-IDF cosine of character 3- to 5-grams from which two texts count as near; found by reading pairs."""
ALIKE = 0.985
"""Cosine of the encoder from which two texts are reported. The encoder was trained to put sentences together that do
the same: of 1.1 million pairs of other sentences 1 in 100,000 reached .980, mostly paraphrases and bare questions."""
_BLOCK_CELLS = 4_000_000
"""Of a block of likenesses in memory: about 50 MB."""
_REPOSITORY = Path(__file__).parents[4] / "training/data/agents"
TRAINING = _REPOSITORY if _REPOSITORY.is_dir() else None
"""The training data, where this is a checkout of the repository."""

Way = Literal["exact", "near", "alike"]
Vector = NDArray[np.float32]
Pair = tuple[int, int, float]
"""Index on the left, index on the right, likeness."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text by its id."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Match:
    """Two texts that say the same."""

    id: str
    other: str
    way: Way
    likeness: float


def matches(
    texts: Sequence[Text], others: Sequence[Text] | None = None, embed: Callable[[str], Vector] | None = None
) -> list[Match]:
    """The texts that say what another says, by the narrowest way, exact first and then likest first.

    Args:
        texts: what is looked at.
        others: what they are compared with; None: those before them in `texts`.
        embed: the encoder, of unit length; None: that way is left out.
    """
    found = _exact(texts, others)
    # Once each: a phrase that stands there a hundred times makes no ten thousand pairs.
    left, right = _once(texts), _once(texts if others is None else others)
    ways: list[tuple[Way, Iterator[Pair]]] = []
    if left and right:
        ways.append(("near", _near(left, right)))
        if embed is not None:
            ways.append(("alike", _alike(left, right, embed)))
    for way, pairs in ways:
        known = {(match.id, match.other) for match in found}
        for row, column, likeness in pairs:
            pair = left[row].id, right[column].id
            if pair not in known and (others is not None or column < row):
                found.append(Match(*pair, way, likeness))
    order: tuple[Way, ...] = ("exact", "near", "alike")
    return sorted(found, key=lambda match: (order.index(match.way), -match.likeness, match.id, match.other))


def embedder(bundle: Path | None = None) -> Callable[[str], Vector]:
    """The encoder of a bundle, else of the embedded one; it reads a text once.

    Raises:
        DatasetError: the bundle is missing or damaged.
    """
    from amends_core.encoder import OnnxEncoder

    try:
        encoder = OnnxEncoder(load_bundle(bundle or DEFAULT_BUNDLE))
    except AmendsError as error:
        raise DatasetError(str(error)) from error
    return cache(lambda text: encoder.encode(text).embedding)


def training_texts(paths: Iterable[Path]) -> list[Text]:
    """Reads training rows: JSON lines or CSV with a column of text, or folders of them.

    Raises:
        DatasetError: a file cannot be read, has no text, or a folder holds none.
    """
    found: list[Text] = []
    for path in paths:
        files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
        if not files:
            raise DatasetError(f"{path} holds no .jsonl: name the training rows, a file or a folder")
        for file in files:
            found += texts_of(file)
    return found


def texts_of(path: Path) -> Iterator[Text]:
    """The texts of one file, by their id or else by file and line."""
    read = table.read(path)
    columns = arranged(read.columns, {}, labelled=False)
    place, named = columns.by_field["text"], columns.by_field.get("id")
    for record in read.records:
        if not record.problem and len(record.cells) == len(read.columns):
            yield Text(record.cells[named] if named is not None else f"{path.stem}:{record.line}", record.cells[place])


def as_texts(rows: Iterable[SentenceRow]) -> list[Text]:
    """Rows as texts."""
    return [Text(row.id, row.text) for row in rows]


def _exact(texts: Sequence[Text], others: Sequence[Text] | None) -> list[Match]:
    if others is None:
        groups: dict[str, list[str]] = {}
        for text in texts:
            groups.setdefault(_form(text.text), []).append(text.id)
        # Emoji alone are nothing once normalised.
        named = (ids for form, ids in groups.items() if form)
        return [Match(later, earlier, "exact", 1.0) for ids in named for earlier, later in pairwise(ids)]
    first: dict[str, str] = {}
    for other in others:
        first.setdefault(_form(other.text), other.id)
    first.pop("", None)
    return [Match(text.id, first[form], "exact", 1.0) for text in texts if (form := _form(text.text)) in first]


def _form(text: str) -> str:
    return normalise(text).casefold()


def _once(texts: Sequence[Text]) -> list[Text]:
    forms: dict[str, Text] = {}
    for text in texts:
        form = _form(text.text)
        if form:
            forms.setdefault(form, Text(text.id, form))
    return list(forms.values())


def _near(left: Sequence[Text], right: Sequence[Text]) -> Iterator[Pair]:
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, dtype=np.float32)
    try:
        vectorizer.fit(text.text for text in [*left, *right])
    except ValueError:
        # No text has a single n-gram.
        return
    a, b = (vectorizer.transform(text.text for text in side) for side in (left, right))
    for start, end in _blocks(len(left), len(right)):
        block = (a[start:end] @ b.T).tocoo()
        near = block.data >= NEAR
        yield from zip(
            (block.row[near] + start).tolist(), block.col[near].tolist(), block.data[near].tolist(), strict=True
        )


def _alike(left: Sequence[Text], right: Sequence[Text], embed: Callable[[str], Vector]) -> Iterator[Pair]:
    vectors = {text.text: embed(text.text) for text in [*left, *right]}
    a, b = (np.stack([vectors[text.text] for text in side]) for side in (left, right))
    for start, end in _blocks(len(left), len(right)):
        block = a[start:end] @ b.T
        rows, columns = np.nonzero(block >= ALIKE)
        yield from zip((rows + start).tolist(), columns.tolist(), block[rows, columns].tolist(), strict=True)


def _blocks(rows: int, columns: int) -> Iterator[tuple[int, int]]:
    height = max(1, _BLOCK_CELLS // max(1, columns))
    return ((start, start + height) for start in range(0, rows, height))
