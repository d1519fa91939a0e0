"""What each judge said of a dataset, and what a model said of it, in one form, so that any two can be compared."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import singledispatch
from itertools import combinations
from pathlib import Path
from typing import Any

from amends_eval.answers import (
    AdviceAnswer,
    ConversationAnswer,
    CustomerAnswer,
    ReplyAnswer,
    SentenceAnswer,
)
from amends_eval.datasets.catalogue import FOLDER, VERSION, json_lines
from amends_eval.record import Record

Unit = tuple[str, ...]
"""What is judged: a row, and within it a part, a turn, a label or a pair."""
Value = str | float | bool


@dataclass(frozen=True, slots=True)
class Ratings:
    """All that one judge or one model said of one dataset."""

    rater: str
    labels: dict[Unit, frozenset[str]] = field(default_factory=dict)
    optional: dict[Unit, frozenset[str]] = field(default_factory=dict)
    """Labels that could be given or withheld; a unit that has none need not be there."""
    values: dict[str, dict[Unit, Value]] = field(default_factory=dict)
    """By what is judged, such as `act`."""
    choices: dict[Unit, frozenset[str]] = field(default_factory=dict)
    """Next steps: those that a judge accepts, or the one that a model advises first."""

    def value(self, of: str, unit: Unit, value: Value | None) -> None:
        """Adds what was said, where anything was."""
        if value is not None:
            self.values.setdefault(of, {})[unit] = value


def judged(dataset: str, folder: Path = FOLDER) -> list[Ratings]:
    """What the judges of a dataset said, by name; both halves.

    Raises:
        DatasetError: a file cannot be read.
    """
    paths = sorted((folder / f"{dataset}-v{VERSION}" / "judges").glob("*.jsonl"))
    return [_judge(path) for path in paths]


def said(record: Record, dataset: str) -> Ratings:
    """What the model of a record said of a dataset. A baseline holds no answers, and so says nothing."""
    ratings = Ratings("model")
    scores: dict[str, dict[str, float]] = {}
    for line in record.answers:
        if line.dataset != dataset:
            continue
        if isinstance(line.answer, ReplyAnswer):
            scores.setdefault(line.id, {})[line.part] = line.answer.score
        else:
            _say(line.answer, ratings, (line.id, line.part) if line.part else (line.id,))
    for id_, found in scores.items():
        _say_scores(ratings, id_, found)
    return ratings


def _judge(path: Path) -> Ratings:
    ratings = Ratings(path.stem)
    for row in json_lines(path):
        id_: str = row["id"]
        unit = (id_, row["part"]) if "part" in row else (id_,)
        for key, read in _READ.items():
            if key in row:
                read(ratings, unit, row[key])
        if "optional" in row:
            ratings.optional[unit] = _bare(row["optional"])
    return ratings


def _labels(ratings: Ratings, unit: Unit, labels: Sequence[str]) -> None:
    ratings.labels[unit] = _bare(labels)
    for name, _, strength in (label.partition(":") for label in labels):
        if strength:
            ratings.value("strength", (*unit, name), float(strength))


def _bare(labels: Sequence[str]) -> frozenset[str]:
    return frozenset(label.partition(":")[0] for label in labels)


def _grades(ratings: Ratings, unit: Unit, grades: Sequence[float]) -> None:
    for index, grade in enumerate(grades):
        ratings.value("grade", (*unit, str(index)), float(grade))
    _order(ratings, unit, grades)


def _order(ratings: Ratings, unit: Unit, scores: Sequence[float]) -> None:
    """Which of each two is better; nothing where they are even."""
    for (i, first), (j, second) in combinations(enumerate(scores), 2):
        if first != second:
            ratings.value("order", (*unit, f"{i}, {j}"), "first" if first > second else "second")


def _turns(ratings: Ratings, unit: Unit, turns: Sequence[Mapping[str, Any]]) -> None:
    for index, turn in enumerate(turns):
        here = (*unit, str(index))
        ratings.value("act", here, turn.get("act"))
        ratings.value("upset", here, turn.get("upset"))
        if "labels" in turn:
            _labels(ratings, here, turn["labels"])
            ratings.optional[here] = _bare(turn.get("optional", ()))


def _choices(ratings: Ratings, unit: Unit, steps: Sequence[str]) -> None:
    ratings.choices[unit] = frozenset(steps)


def _as_value(of: str) -> Callable[[Ratings, Unit, Any], None]:
    return lambda ratings, unit, value: ratings.value(of, unit, value)


_READ: Mapping[str, Callable[[Ratings, Unit, Any], None]] = {
    "labels": _labels,
    "grades": _grades,
    "turns": _turns,
    "acceptable": _choices,
    **{name: _as_value(name) for name in ("act", "upset", "better", "pause")},
}


@singledispatch
def _say(_answer: object, _ratings: Ratings, _unit: Unit) -> None:
    """Adds an answer; one that was refused says nothing."""


@_say.register
def _(answer: SentenceAnswer, ratings: Ratings, unit: Unit) -> None:
    # Of an invariance pair the judges read the first side.
    here = unit[:1] if unit[0].startswith("invariance-") and unit[1:] == ("a",) else unit
    ratings.labels[here] = frozenset(answer.claimed)
    for name in answer.claimed:
        ratings.value("strength", (*here, name), 2.0 if name in answer.strong else 1.0)


@_say.register
def _(answer: CustomerAnswer, ratings: Ratings, unit: Unit) -> None:
    ratings.value("act", unit, answer.act)
    ratings.value("upset", unit, answer.upset)


@_say.register
def _(answer: AdviceAnswer, ratings: Ratings, unit: Unit) -> None:
    _choices(ratings, unit, [step for step, _ in answer.steps[:1]])
    ratings.value("pause", unit, answer.pause)


@_say.register
def _(answer: ConversationAnswer, ratings: Ratings, unit: Unit) -> None:
    for moment in answer.moments:
        ratings.value("act", (*unit, str(moment.turn)), moment.act)
        ratings.value("upset", (*unit, str(moment.turn)), moment.upset)


def _say_scores(ratings: Ratings, id_: str, scores: Mapping[str, float]) -> None:
    if scores.keys() == {"gamed", "honest"}:
        ratings.value("better", (id_,), "honest" if scores["honest"] > scores["gamed"] else "gamed")
    elif all(part.isdigit() for part in scores):
        _order(ratings, (id_,), [scores[str(index)] for index in range(len(scores))])
