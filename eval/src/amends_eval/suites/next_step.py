"""Advice on the next step: acceptable, or plainly wrong, and silent where silence is called for."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from amends_eval.answers import AdviceAnswer
from amends_eval.datasets.rows import NextStepRow
from amends_eval.metrics.calibration import risk_coverage
from amends_eval.suites.measures import share
from amends_eval.suites.suite import Answered, Metric, Outcome, Suite, SuiteResult

_FIRST_FEW = 3


def measure(answered: Mapping[str, Sequence[Answered]], seed: int) -> SuiteResult:
    """First advice acceptable, one of the first three, first plainly wrong, pause right; whole and by playbook."""
    items = answered["next-step"]
    playbooks = sorted({item.row_as(NextStepRow).playbook for item in items})
    metrics = _metrics("next-step", items, seed)
    for playbook in playbooks:
        own = [item for item in items if item.row_as(NextStepRow).playbook == playbook]
        metrics += [_first(f"next-step.{playbook}.first_acceptable", own, seed)]
    outcomes = [_outcome(item) for item in items]
    certainty = np.array([outcome.confidence or 0.0 for outcome in outcomes])
    curve = risk_coverage(certainty, np.array([not outcome.ok for outcome in outcomes]))
    return SuiteResult(
        suite="next-step",
        metrics=tuple(metrics),
        outcomes=tuple(outcomes),
        figures={"next-step.risk_coverage": curve},
    )


def _metrics(prefix: str, items: Sequence[Answered], seed: int) -> list[Metric]:
    clusters = [item.row.cluster for item in items]
    paused = [item for item in items if item.row_as(NextStepRow).pause is not None]
    among = [bool(set(_advised(item)[:_FIRST_FEW]) & set(item.row_as(NextStepRow).acceptable)) for item in items]
    wrong = [_advised(item)[:1] != [] and _advised(item)[0] in item.row_as(NextStepRow).wrong for item in items]
    return [
        _first(f"{prefix}.first_acceptable", items, seed),
        share(f"{prefix}.among_first_three", among, clusters, seed),
        share(f"{prefix}.first_wrong", wrong, clusters, seed, higher_is_better=False),
        share(f"{prefix}.pause_right", [_pause_right(i) for i in paused], [i.row.cluster for i in paused], seed),
        share(f"{prefix}.baseline.most_frequent", _always(_most_frequent(items), items), clusters, seed),
    ]


def _first(name: str, items: Sequence[Answered], seed: int) -> Metric:
    right = [bool(set(_advised(item)[:1]) & set(item.row_as(NextStepRow).acceptable)) for item in items]
    return share(name, right, [item.row.cluster for item in items], seed)


def _advised(item: Answered) -> Sequence[str]:
    answer = item.answer(AdviceAnswer)
    return [step for step, _ in answer.steps] if answer else []


def _pause_right(item: Answered) -> bool:
    answer = item.answer(AdviceAnswer)
    return answer is not None and answer.pause == item.row_as(NextStepRow).pause


def _most_frequent(items: Sequence[Answered]) -> str:
    return Counter(item.row_as(NextStepRow).acceptable[0].value for item in items).most_common(1)[0][0] if items else ""


def _always(step: str, items: Sequence[Answered]) -> list[bool]:
    return [step in item.row_as(NextStepRow).acceptable for item in items]


def _outcome(item: Answered) -> Outcome:
    row, answer, advised = item.row_as(NextStepRow), item.answer(AdviceAnswer), _advised(item)
    return Outcome(
        dataset="next-step",
        id=row.id,
        ok=bool(advised) and advised[0] in row.acceptable,
        confidence=answer.steps[0][1] if answer and answer.steps else None,
        expected=", ".join(row.acceptable),
        found=", ".join(advised[:_FIRST_FEW]) or "refused",
        slices={**row.slices, "plainly wrong": "yes" if advised and advised[0] in row.wrong else "no"},
        cluster=row.cluster,
    )


SUITE = Suite("next-step", "Advice on the next step, and when to be silent", ("next-step",), measure)
