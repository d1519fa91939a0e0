"""The sentences that are to be labelled, without anything that others said of them."""

import itertools
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from amends_eval.answers import SentenceAnswer
from amends_eval.datasets import Half, load
from amends_eval.datasets.rows import SentenceRow
from amends_eval.errors import DatasetError
from amends_eval.labels import table
from amends_eval.labels.columns import arranged
from amends_eval.record import Record

_BANDS = 3
"""Equally many sentences each, from the least to the most certain."""
_SHARES = (0.5, 0.3, 0.2)
"""Of a sample from each band: mostly where the model is unsure, and enough elsewhere to see it be wrong and certain."""
_NOTHING = "none"


@dataclass(frozen=True, slots=True)
class Item:
    """A sentence and what the customer said before it."""

    id: str
    text: str
    context: str = ""


@dataclass(frozen=True, slots=True)
class Unsure:
    """A sentence and how the model stands to it; the labeller sees the sentence alone."""

    item: Item
    certainty: float
    """How far the least certain label lies from an even chance, 0 to 1."""
    predicted: str
    """The likeliest label claimed, or none."""


def read_items(path: Path, told: Mapping[str, str]) -> list[Item]:
    """Reads CSV or JSON lines; labels in it are not read.

    Args:
        path: the file.
        told: field to column, as `columns.arranged` takes it; `text`, `context` and `id` count.

    Raises:
        DatasetError: the file cannot be read, a record is damaged, or an id is there twice.
    """
    read = table.read(path)
    columns = arranged(read.columns, told, labelled=False)
    place = {field: columns.by_field.get(field) for field in ("id", "text", "context")}
    items: list[Item] = []
    for record in read.records:
        if record.problem or len(record.cells) < len(read.columns):
            raise DatasetError(f"{path.name}:{record.line}: {record.problem or 'cells are missing'}: mend it first")
        cells = {field: "" if at is None else record.cells[at].strip() for field, at in place.items()}
        if cells["text"]:
            items.append(Item(cells["id"] or f"{path.stem}:{record.line}", cells["text"], cells["context"]))
    if len({item.id for item in items}) < len(items):
        raise DatasetError(f"{path.name}: ids are there more than once: give each row its own, or --map id= for none")
    return items


def items_of(record: Record, folder: Path, real_texts: Path | None) -> list[Unsure]:
    """The sentences of a record of an evaluation, with what the model said of them.

    Raises:
        DatasetError: its data cannot be read, or is not what the record was made with.
    """
    found: list[Unsure] = []
    for name, used in record.header.datasets.items():
        if name not in {"sentences", "real"}:
            continue
        half: Half = used.half
        data = load(name, half, folder, real_texts)
        if data.sha256 != used.sha256:
            raise DatasetError(f"{name} is not what the record was made with: name its folder with --datasets")
        rows = {row.id: row for row in data.rows if isinstance(row, SentenceRow)}
        for line in record.answers:
            if line.dataset == name and isinstance(line.answer, SentenceAnswer) and line.id in rows:
                row = rows[line.id]
                found.append(unsure(Item(row.id, row.text, row.context), line.answer))
    return found


def unsure(item: Item, answer: SentenceAnswer) -> Unsure:
    """How the model stands to a sentence."""
    certainty = min(abs(2 * probability - 1) for probability in answer.probability.values())
    predicted = max(answer.claimed, key=lambda name: answer.probability[name], default=_NOTHING)
    return Unsure(item, certainty, predicted)


def sampled(items: Sequence[Item], size: int | None, seed: int) -> list[Item]:
    """So many items in an order by chance; None: all, in theirs."""
    if size is None:
        return list(items)
    return random.Random(seed).sample(items, min(size, len(items)))  # noqa: S311


def stratified(items: Sequence[Unsure], size: int, seed: int) -> list[Item]:
    """A sample by certainty and predicted label: of each band of certainty its share, the labels by turns.

    The order is by chance, so that a labeller cannot tell a sentence's stratum by its place.
    """
    rng = random.Random(seed)  # noqa: S311
    ordered = sorted(items, key=lambda each: (each.certainty, each.item.id))
    cuts = [round(len(ordered) * band / _BANDS) for band in range(_BANDS + 1)]
    queues = [_by_turns(ordered[start:end], rng) for start, end in itertools.pairwise(cuts)]
    wanted = [round(size * share) for share in _SHARES]
    chosen = [item for queue, number in zip(queues, wanted, strict=True) for item in queue[:number]]
    # What a small band could not give, or rounding left over, comes from the least certain that are left.
    rest = [item for queue, number in zip(queues, wanted, strict=True) for item in queue[number:]]
    chosen = [*chosen, *rest][:size]
    rng.shuffle(chosen)
    return chosen


def _by_turns(band: Sequence[Unsure], rng: random.Random) -> list[Item]:
    """One of each predicted label, then another of each: rare labels come first."""
    strata: dict[str, list[Item]] = {}
    for each in band:
        strata.setdefault(each.predicted, []).append(each.item)
    for stratum in strata.values():
        rng.shuffle(stratum)
    longest = max(map(len, strata.values()), default=0)
    order = sorted(strata)
    return [strata[name][turn] for turn in range(longest) for name in order if turn < len(strata[name])]
