"""What the error explorer is given: every outcome, what was asked and answered. Small, for it says nothing twice."""

import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from amends_core.taxonomy import Misstep

from amends_eval.answers import Answer, SentenceAnswer
from amends_eval.questions import NextStep, Question, ScoreConversation, ScoreReply
from amends_eval.record import AnswerLine, Record
from amends_eval.suites.suite import Outcome

Texts: TypeAlias = Mapping[tuple[str, str, str], Question]
"""What was asked, by dataset, row and part."""
LEAST_PROBABILITY = 0.05
"""Below it a label says nothing: there are 23 of them for each sentence."""
_LABEL = re.compile(r"\b[A-Z]+(?:_[A-Z]+)*\b")
_Key = tuple[str, str, str, str]
_Item = tuple[str, str]
_Asked = tuple[str, str, str]
_SAID = ("reason", "exemplar")


class _Pool:
    """Values that are said once and referred to by index."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._index: dict[Hashable, int] = {}

    def index(self, key: Hashable, value: object) -> int:
        """The place of a value, which its key stands for."""
        if key not in self._index:
            self._index[key] = len(self.values)
            self.values.append(value)
        return self._index[key]


@dataclass(frozen=True, slots=True)
class _Pools:
    phrases: _Pool = field(default_factory=_Pool)
    """What was expected and what was found."""
    sayings: _Pool = field(default_factory=_Pool)
    """Reasons and exemplars."""
    slices: _Pool = field(default_factory=_Pool)
    turns: _Pool = field(default_factory=_Pool)
    """Whole conversations."""


def payload(record: Record, other: Record | None = None, texts: Texts | None = None) -> dict[str, Any]:
    """Everything that the explorer shows, as plain values.

    Outcomes are rows of `columns`. Items hold the parts that were asked: the question where `texts` has it, the answer,
    and the other run's answer where an outcome changed. What is said more than once is an index: into `items`,
    `phrases` (expected, found), `sayings` (reasons, exemplars), `slices` and `turns`.
    """
    pools = _Pools()
    before = {_key(suite, each): each for suite, each in _outcomes(other)}
    changed = {(o.dataset, o.id) for suite, o in _outcomes(record) if _differs(o, before.get(_key(suite, o)))}
    items = _items(record, _answers(other, changed), texts or {}, pools)
    place = {item: index for index, item in enumerate(items)}
    rows = [
        _row(suite, outcome, before.get(_key(suite, outcome)), place, pools) for suite, outcome in _outcomes(record)
    ]
    return {
        "columns": ["suite", "item", "part", "ok", "confidence", "expected", "found", "slices", "wasOk", "wasFound"],
        "outcomes": rows,
        "suites": list(record.suites),
        "phrases": pools.phrases.values,
        "sayings": pools.sayings.values,
        "slices": pools.slices.values,
        "turns": pools.turns.values,
        "items": list(items.values()),
        "labels": sorted(
            {label for phrase in pools.phrases.values for label in _LABEL.findall(phrase) if len(label) > 1}
        ),
        "missteps": [misstep.value for misstep in Misstep],
        "withTexts": bool(texts),
        "withOther": other is not None,
    }


def _outcomes(record: Record | None) -> Iterable[tuple[str, Outcome]]:
    suites = record.suites if record else {}
    return ((name, outcome) for name, result in suites.items() for outcome in result.outcomes)


def _key(suite: str, outcome: Outcome) -> _Key:
    return suite, outcome.dataset, outcome.id, outcome.part


def _differs(outcome: Outcome, before: Outcome | None) -> bool:
    return before is not None and before.ok != outcome.ok


def _answers(other: Record | None, wanted: set[_Item]) -> Mapping[_Asked, Answer]:
    lines: Sequence[AnswerLine] = other.answers if other else ()
    return {(line.dataset, line.id, line.part): line.answer for line in lines if (line.dataset, line.id) in wanted}


def _items(record: Record, others: Mapping[_Asked, Answer], texts: Texts, pools: _Pools) -> dict[_Item, dict[str, Any]]:
    items: dict[_Item, dict[str, Any]] = {
        (o.dataset, o.id): {"dataset": o.dataset, "id": o.id, "parts": []} for _, o in _outcomes(record)
    }
    for line in record.answers:
        if item := items.get((line.dataset, line.id)):
            key = (line.dataset, line.id, line.part)
            item["parts"].append(_part(line, texts.get(key), others.get(key), pools))
    return items


def _part(line: AnswerLine, question: Question | None, other: Answer | None, pools: _Pools) -> dict[str, Any]:
    found: dict[str, Any] = {"part": line.part, "answer": _answer(line.answer, pools.sayings)}
    if question is not None:
        found["question"] = _question(question, pools.turns)
    if other is not None:
        found["was"] = _answer(other, pools.sayings)
    return found


def _question(question: Question, turns: _Pool) -> dict[str, Any]:
    found = {name: value for name, value in question.model_dump(mode="json").items() if value}
    if isinstance(question, ScoreReply | NextStep | ScoreConversation):
        found["turns"] = turns.index(question.turns, [turn.model_dump() for turn in question.turns])
    return found


def _answer(answer: Answer, sayings: _Pool) -> dict[str, Any]:
    found: dict[str, Any] = _shrunk(answer.model_dump(mode="json"), sayings)
    if isinstance(answer, SentenceAnswer):
        found["probability"] = _likely(found["probability"], answer.claimed)
    return found


def _likely(probability: Mapping[str, float], claimed: Sequence[str]) -> list[tuple[str, float]]:
    kept = [(name, value) for name, value in probability.items() if value > LEAST_PROBABILITY or name in claimed]
    return sorted(kept, key=lambda each: -each[1])


def _shrunk(value: Any, sayings: _Pool) -> Any:
    """Rounded, and each reason and exemplar as the index of what is said."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {
            name: sayings.index(each, each) if name in _SAID else _shrunk(each, sayings) for name, each in value.items()
        }
    return [_shrunk(each, sayings) for each in value] if isinstance(value, list) else value


def _row(suite: str, outcome: Outcome, before: Outcome | None, place: Mapping[_Item, int], pools: _Pools) -> list[Any]:
    phrases = pools.phrases
    cut = {name: value for name, value in outcome.slices.items() if value}
    return [
        suite,
        place[outcome.dataset, outcome.id],
        outcome.part,
        outcome.ok,
        None if outcome.confidence is None else round(outcome.confidence, 3),
        phrases.index(outcome.expected, outcome.expected),
        phrases.index(outcome.found, outcome.found),
        pools.slices.index(tuple(cut.items()), cut),
        before.ok if before else None,
        phrases.index(before.found, before.found) if before else None,
    ]
