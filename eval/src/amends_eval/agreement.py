"""How far the judges agree with each other, and beside it the model with each of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from amends_core.taxonomy import SENTENCE_LABELS

from amends_eval.datasets.catalogue import FOLDER, MODELS
from amends_eval.ratings import Ratings, Unit, Value, judged, said
from amends_eval.record import Record
from amends_eval.statistics.agreement import Level, alpha, as_decisions, kappa, mean_distance, micro_f1

_LABELS = [label.value for label in SENTENCE_LABELS]
_LEVELS: Mapping[str, Level] = {"upset": "interval", "grade": "ordinal", "strength": "ordinal"}
_ORDERS: Mapping[str, Sequence[float]] = {"grade": (0.0, 1.0, 2.0, 3.0, 4.0), "strength": (1.0, 2.0)}


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two raters on one thing."""

    dataset: str
    of: str
    """What was judged, such as `labels` or `act`."""
    raters: tuple[str, str]
    n: int
    """Units that both judged."""
    figures: Mapping[str, float | None]
    """By name: `micro_f1` (what either calls arguable left out), `micro_f1_strict` (the same taken as not given),
    `kappa`, `alpha`, `same` (share of equal judgements), `distance` (mean absolute difference), `accepted` (share of
    first advice that the judge accepts). None where it cannot be computed."""


def agreement(record: Record | None = None, folder: Path = FOLDER) -> list[Agreement]:
    """Every pair of judges on every dataset; with a record its model and each judge, too.

    Raises:
        DatasetError: a file of judgements cannot be read.
    """
    return [found for dataset in MODELS for found in _of_dataset(dataset, record, folder)]


def _of_dataset(dataset: str, record: Record | None, folder: Path) -> Iterator[Agreement]:
    people = judged(dataset, folder)
    pairs = [*combinations(people, 2)]
    if record:
        model = said(record, dataset)
        pairs += [(model, judge) for judge in people]
    for a, b in pairs:
        yield from (found for found in between(dataset, a, b) if found.n)


def between(dataset: str, a: Ratings, b: Ratings) -> Iterator[Agreement]:
    """How far two raters of a dataset agree, thing by thing."""
    yield _on_labels(dataset, a, b)
    for of in sorted(a.values.keys() & b.values.keys()):
        yield _on_values(dataset, of, a, b)
    yield _on_choices(dataset, a, b)


def _on_labels(dataset: str, a: Ratings, b: Ratings) -> Agreement:
    units = _shared(a.labels, b.labels)
    first, second = ([rater.labels[unit] for unit in units] for rater in (a, b))
    nothing: frozenset[str] = frozenset()
    either = [a.optional.get(unit, nothing) | b.optional.get(unit, nothing) for unit in units]
    decisions = [as_decisions(labels, either, _LABELS) for labels in (first, second)]
    figures = {
        "micro_f1": micro_f1(first, second, either),
        "micro_f1_strict": micro_f1(first, second, [nothing] * len(units)),
        "kappa": kappa(*decisions),
        "alpha": alpha([[float(so) for so in rater] for rater in decisions], "nominal"),
    }
    return Agreement(dataset, "labels", (a.rater, b.rater), len(units), figures)


def _on_values(dataset: str, of: str, a: Ratings, b: Ratings) -> Agreement:
    units = _shared(a.values[of], b.values[of])
    first, second = ([rater.values[of][unit] for unit in units] for rater in (a, b))
    level = _LEVELS.get(of, "nominal")
    figures = {"alpha": alpha(_coded(first, second), level)}
    if level == "interval":
        figures["distance"] = mean_distance(
            {unit: float(value) for unit, value in a.values[of].items()},
            {unit: float(value) for unit, value in b.values[of].items()},
        )
    else:
        figures["kappa"] = kappa(first, second, order=_ORDERS.get(of, ()))
        figures["same"] = _mean([x == y for x, y in zip(first, second, strict=True)])
    return Agreement(dataset, of, (a.rater, b.rater), len(units), figures)


def _on_choices(dataset: str, a: Ratings, b: Ratings) -> Agreement:
    units = _shared(a.choices, b.choices)
    first, second = ([rater.choices[unit] for unit in units] for rater in (a, b))
    if a.rater == "model":
        figures = {"accepted": _mean([bool(x & y) for x, y in zip(first, second, strict=True)])}
    else:
        figures = {"micro_f1": micro_f1(first, second, [frozenset[str]() for _ in units])}
    return Agreement(dataset, "next step", (a.rater, b.rater), len(units), figures)


def _shared(a: Mapping[Unit, Any], b: Mapping[Unit, Any]) -> list[Unit]:
    return sorted(a.keys() & b.keys())


def _coded(a: Sequence[Value], b: Sequence[Value]) -> list[list[float | None]]:
    """The values as numbers, which for names only says which are the same."""
    if all(isinstance(value, float) for value in (*a, *b)):
        return [[float(value) for value in rater] for rater in (a, b)]
    place = {value: float(index) for index, value in enumerate(sorted({*a, *b}, key=str))}
    return [[place[value] for value in rater] for rater in (a, b)]


def _mean(hits: Sequence[bool]) -> float | None:
    return sum(hits) / len(hits) if hits else None
