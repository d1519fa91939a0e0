"""The few figures that the recipe needs to choose and to gate. The evaluation harness measures in full."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from amends_core.bundle import OUTPUTS
from amends_core.taxonomy import CUSTOMER_ACTS, SENTENCE_LABELS, STEPS
from numpy.typing import NDArray
from sklearn.metrics import cohen_kappa_score, f1_score, precision_score, recall_score, roc_auc_score

from amends_train.calibrate import Calibration, scaled
from amends_train.rows import VOICE, AgentRow, CustomerRow
from amends_train.targets import ACTS, COLUMN, LABEL_COLUMNS, UPSET, Floats, agent_target

_MISSTEPS = slice(len(STEPS), None)
BINS = 15
"""Of the calibration error; as Guo et al. (2017) take them, On Calibration of Modern Neural Networks."""


def probabilities(logits: Floats, calibration: Calibration) -> NDArray[np.float64]:
    """Calibrated probabilities of the 23 labels, shape (rows, 23), steps first."""
    return scaled(logits[:, LABEL_COLUMNS], [calibration.scales[OUTPUTS[column]] for column in LABEL_COLUMNS])


def claims(logits: Floats, calibration: Calibration) -> NDArray[np.bool_]:
    """Which of the 23 labels each row is taken to carry, shape (rows, 23), steps first."""
    thresholds = np.array([calibration.thresholds[OUTPUTS[column]] for column in LABEL_COLUMNS])
    found: NDArray[np.bool_] = probabilities(logits, calibration) >= thresholds
    return found


def _labels(rows: Sequence[AgentRow]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which labels each row carries, and which are known of it; both of shape (rows, 23)."""
    targets, weights = zip(*(agent_target(row) for row in rows), strict=True)
    return np.stack(targets)[:, LABEL_COLUMNS] > 0.5, np.stack(weights)[:, LABEL_COLUMNS] > 0


def agent_figures(rows: Sequence[AgentRow], logits: Floats, calibration: Calibration) -> Mapping[str, float]:
    """F1, misstep precision and recall, calibration error and strength agreement; arguable labels left out."""
    truth, known = _labels(rows)
    probability = probabilities(logits, calibration)
    truth, claimed = truth & known, claims(logits, calibration) & known
    present = truth.any(axis=0)
    return {
        "rows": len(rows),
        "micro_f1": float(f1_score(truth, claimed, average="micro", zero_division=0)),
        "macro_f1": float(f1_score(truth[:, present], claimed[:, present], average="macro", zero_division=0)),
        "misstep_precision": float(
            precision_score(truth[:, _MISSTEPS], claimed[:, _MISSTEPS], average="micro", zero_division=0)
        ),
        "misstep_recall": float(
            recall_score(truth[:, _MISSTEPS], claimed[:, _MISSTEPS], average="micro", zero_division=0)
        ),
        "ece": calibration_error(probability[known], truth[known]),
        "strength_kappa": _strength_kappa(rows, logits, calibration),
    }


def customer_figures(rows: Sequence[CustomerRow], logits: Floats) -> Mapping[str, float]:
    """Macro-F1 of the act (an arguable second act counts as right) and AUC of upset against 0.5."""
    best = [CUSTOMER_ACTS[index].value for index in logits[:, ACTS].argmax(axis=1)]
    truth = [row.second_act if act == row.second_act else row.act for row, act in zip(rows, best, strict=True)]
    upset = [row.upset >= 0.5 for row in rows]
    return {
        "rows": len(rows),
        "act_macro_f1": float(f1_score(truth, best, average="macro", zero_division=0)),
        "upset_auc": float(roc_auc_score(upset, logits[:, UPSET])),
    }


def pairs_right(rows: Sequence[AgentRow], claimed: NDArray[np.bool_]) -> float:
    """Share of the pairs within contrast groups in which both rows are given just those labels that set them apart.

    `claimed` has shape (rows, 23); arguable labels set nothing apart. NaN where no row has a twin.
    """
    truth, known = _labels(rows)
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        if row.group and row.kind != VOICE:
            groups[row.group].append(index)
    right = [
        bool((truth[[a, b]] == claimed[[a, b]])[:, apart].all())
        for group in groups.values()
        for a, b in combinations(group, 2)
        if (apart := (truth[a] != truth[b]) & known[a] & known[b]).any()
    ]
    return float(np.mean(right)) if right else float("nan")


def per_label(rows: Sequence[AgentRow], logits: Floats, calibration: Calibration) -> Mapping[str, tuple[int, int, int]]:
    """True positives, false positives and false negatives by label."""
    truth, known = _labels(rows)
    claimed = claims(logits, calibration)
    counts = [(truth & claimed & known), (~truth & claimed & known), (truth & ~claimed & known)]
    return {
        label.value: (int(counts[0][:, i].sum()), int(counts[1][:, i].sum()), int(counts[2][:, i].sum()))
        for i, label in enumerate(SENTENCE_LABELS)
    }


def calibration_error(probability: NDArray[np.floating], truth: NDArray[np.bool_], bins: int = BINS) -> float:
    """Expected calibration error over bins of equal width.

    Source: Naeini et al. (2015), Obtaining Well Calibrated Probabilities Using Bayesian Binning.
    """
    place = np.minimum((probability * bins).astype(int), bins - 1)
    gaps = [
        (place == b).mean() * abs(probability[place == b].mean() - truth[place == b].mean())
        for b in range(bins)
        if (place == b).any()
    ]
    return float(sum(gaps))


def _strength_kappa(rows: Sequence[AgentRow], logits: Floats, calibration: Calibration) -> float:
    """Quadratic-weighted kappa of 0 absent, 1 weak, 2 strong over the steps that are there or claimed."""
    probability = probabilities(logits, calibration)
    truth: list[int] = []
    found: list[int] = []
    for i, row in enumerate(rows):
        for j, step in enumerate(STEPS):
            claimed = probability[i, j] >= calibration.thresholds[f"step:{step}"]
            if step in row.arguable or not (claimed or step in row.firm):
                continue
            scale = calibration.scales[f"strong:{step}"]
            strong = scale.slope * logits[i, COLUMN[f"strong:{step}"]] + scale.intercept >= 0
            truth.append(row.firm.get(step, 0))
            found.append((2 if strong else 1) if claimed else 0)
    kappa = float(cohen_kappa_score(truth, found, weights="quadratic"))
    return kappa if np.isfinite(kappa) else 0.0
