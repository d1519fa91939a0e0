"""Replies of different grade to one conversation: does the better one score higher?"""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

import numpy as np
from amends_core.taxonomy import STEPS

from amends_eval.answers import ReplyAnswer
from amends_eval.datasets.rows import RankedRow
from amends_eval.statistics.bootstrap import ratio
from amends_eval.suites.measures import from_sums, share
from amends_eval.suites.suite import Answered, Metric, Outcome, Suite, SuiteResult

APART = 1.0
"""Least difference of grade that makes a pair: nearer ones the judges saw otherwise."""
REFUSED = -1.0
"""Scores below any reply that can be judged."""
_KIND_WORDS = re.compile(
    r"\b(sorry|apolog\w*|understand\w*|appreciate\w*|thank\w*|please|sincere\w*|frustrat\w*)\b", re.I
)
_STEPS = {step.value for step in STEPS}

Scores = Callable[[Answered], Sequence[float]]


def measure(answered: Mapping[str, Sequence[Answered]], seed: int) -> SuiteResult:
    """Share of pairs in the right order, and of conversations whose best reply comes first; baselines beside."""
    items = answered["ranked"]
    metrics = [*_metrics("ranked", items, scores, seed)]
    for name, baseline in _BASELINES.items():
        metrics += _metrics(f"ranked.baseline.{name}", items, baseline, seed)
    longer = [item for item in items if _longest_is_worst(item)]
    metrics += _metrics("ranked.where_longest_is_worst", longer, scores, seed)
    return SuiteResult(suite="ranked", metrics=tuple(metrics), outcomes=tuple(_outcome(item) for item in items))


def scores(item: Answered) -> Sequence[float]:
    """The score of each reply, in the row's order."""
    answers = (item.answer(ReplyAnswer, str(index)) for index in range(len(item.row_as(RankedRow).replies)))
    return [answer.score if answer else REFUSED for answer in answers]


def _metrics(prefix: str, items: Sequence[Answered], scored: Scores, seed: int) -> list[Metric]:
    clusters = [item.row.cluster for item in items]
    pairs = np.array([_pairs(_grades(item), scored(item)) for item in items], dtype=np.float64).reshape(-1, 2)
    best = [_best_first(_grades(item), scored(item)) for item in items]
    return [
        from_sums(f"{prefix}.pairs_in_order", pairs, clusters, ratio, seed),
        share(f"{prefix}.best_chosen", best, clusters, seed),
    ]


def _pairs(grades: Sequence[float], found: Sequence[float]) -> tuple[float, int]:
    """How many pairs are in order, a tie counting half, of how many."""
    apart = [(a, b) for a, b in combinations(range(len(grades)), 2) if abs(grades[a] - grades[b]) >= APART]
    right = (np.sign(grades[a] - grades[b]) * np.sign(found[a] - found[b]) for a, b in apart)
    return float(sum((sign + 1) / 2 for sign in right)), len(apart)


def _best_first(grades: Sequence[float], found: Sequence[float]) -> float:
    """Chance that a reply drawn from those with the highest score is one of the best."""
    top = [grade for grade, score in zip(grades, found, strict=True) if score == max(found)]
    return sum(grade == max(grades) for grade in top) / len(top)


def _grades(item: Answered) -> Sequence[float]:
    return [reply.grade for reply in item.row_as(RankedRow).replies]


def _longest_is_worst(item: Answered) -> bool:
    replies = item.row_as(RankedRow).replies
    longest = max(replies, key=lambda reply: len(reply.text))
    return longest.grade == min(reply.grade for reply in replies)


def _lengths(item: Answered) -> Sequence[float]:
    return [len(reply.text) for reply in item.row_as(RankedRow).replies]


def _kind_words(item: Answered) -> Sequence[float]:
    return [len(_KIND_WORDS.findall(reply.text)) for reply in item.row_as(RankedRow).replies]


def _step_probabilities(item: Answered) -> Sequence[float]:
    answers = (item.answer(ReplyAnswer, str(index)) for index in range(len(item.row_as(RankedRow).replies)))
    return [sum(f.probability for f in answer.findings if f.label in _STEPS) if answer else 0.0 for answer in answers]


_BASELINES: Mapping[str, Scores] = {
    "length": _lengths,
    "kind_words": _kind_words,
    "step_probabilities": _step_probabilities,
}


def _outcome(item: Answered) -> Outcome:
    grades, found = _grades(item), scores(item)
    right, pairs = _pairs(grades, found)
    return Outcome(
        dataset="ranked",
        id=item.row.id,
        ok=bool(pairs) and right == pairs,
        expected="grades " + " ".join(f"{grade:g}" for grade in grades),
        found="scores " + " ".join(f"{score:g}" for score in found),
        slices=item.row.slices,
        cluster=item.row.cluster,
    )


SUITE = Suite("ranked", "Replies of different grade to one conversation, in the right order", ("ranked",), measure)
