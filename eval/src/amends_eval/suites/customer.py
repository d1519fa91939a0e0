"""What the customer's message tells: the act, and how upset they are."""

from collections.abc import Mapping, Sequence

import numpy as np
from amends_core.taxonomy import CUSTOMER_ACTS
from sklearn.metrics import roc_auc_score

from amends_eval.answers import CustomerAnswer
from amends_eval.datasets.rows import CustomerRow
from amends_eval.metrics.labels import Decisions, macro_f1
from amends_eval.suites.measures import from_sums, from_weights, share, share_right
from amends_eval.suites.suite import Answered, Metric, Outcome, Suite, SuiteResult

UPSET_FROM = 0.5
_ACTS = [act.value for act in CUSTOMER_ACTS]


def measure(answered: Mapping[str, Sequence[Answered]], seed: int) -> SuiteResult:
    """Macro-F1 of the act, AUC and error of upset. An arguable second act counts as right."""
    items = answered["customer"]
    read = [item for item in items if item.answer(CustomerAnswer)]
    clusters = [item.row.cluster for item in items]
    outcomes = [_outcome(item) for item in items]
    errors = [abs(_upset(item) - item.row_as(CustomerRow).upset) for item in read]
    metrics: list[Metric] = [
        from_sums("customer.act_macro_f1", _decisions(items).counts(), clusters, macro_f1, seed),
        share_right("customer.act_accuracy", outcomes, seed),
        _auc(read, seed),
        share("customer.upset_error", errors, [item.row.cluster for item in read], seed, higher_is_better=False),
    ]
    metrics += [_by_act(act, items, outcomes, seed) for act in _ACTS]
    return SuiteResult(
        suite="customer",
        metrics=tuple(metrics),
        outcomes=tuple(outcomes),
        figures={"customer.confusion": _confusion(items)},
    )


def _act(item: Answered) -> str:
    answer = item.answer(CustomerAnswer)
    return answer.act if answer else ""


def _upset(item: Answered) -> float:
    answer = item.answer(CustomerAnswer)
    assert answer is not None
    return answer.upset


def _true_act(item: Answered) -> str:
    """The act; the arguable second one where that is what was found."""
    row = item.row_as(CustomerRow)
    return row.second_act if row.second_act and _act(item) == row.second_act else row.act


def _decisions(items: Sequence[Answered]) -> Decisions:
    truth = np.array([[_true_act(item) == act for act in _ACTS] for item in items]).reshape(-1, len(_ACTS))
    claimed = np.array([[_act(item) == act for act in _ACTS] for item in items]).reshape(-1, len(_ACTS))
    return Decisions(truth=truth, claimed=claimed, known=np.ones_like(truth), names=_ACTS)


def _auc(items: Sequence[Answered], seed: int) -> Metric:
    """Chance that an upset customer is found more upset than a calm one.

    Source: Hanley and McNeil (1982), Radiology 143(1).
    """
    truth = np.array([item.row_as(CustomerRow).upset >= UPSET_FROM for item in items])
    found = np.array([_upset(item) for item in items])

    def weighted(weights: np.ndarray) -> float:
        kept = weights > 0
        if len(set(truth[kept].tolist())) < 2:
            return float("nan")
        return float(roc_auc_score(truth[kept], found[kept], sample_weight=weights[kept]))

    return from_weights("customer.upset_auc", [item.row.cluster for item in items], weighted, seed)


def _by_act(act: str, items: Sequence[Answered], outcomes: Sequence[Outcome], seed: int) -> Metric:
    own = [outcome for item, outcome in zip(items, outcomes, strict=True) if item.row_as(CustomerRow).act == act]
    return share_right(f"customer.recall.{act}", own, seed)


def _confusion(items: Sequence[Answered]) -> Mapping[str, object]:
    counts = [[sum(_true_act(i) == a and _act(i) == b for i in items) for b in _ACTS] for a in _ACTS]
    return {"labels": _ACTS, "counts": counts}


def _outcome(item: Answered) -> Outcome:
    row, answer = item.row_as(CustomerRow), item.answer(CustomerAnswer)
    also = f" or {row.second_act}" if row.second_act else ""
    return Outcome(
        dataset="customer",
        id=row.id,
        ok=answer is not None and answer.act in (row.act, row.second_act),
        confidence=answer.act_probability if answer else None,
        expected=f"{row.act}{also}, upset {row.upset:.2f}",
        found=f"{answer.act}, upset {answer.upset:.2f}" if answer else "refused",
        slices=row.slices,
        cluster=row.cluster,
    )


SUITE = Suite("customer", "What the customer does, and how upset they are", ("customer",), measure)
