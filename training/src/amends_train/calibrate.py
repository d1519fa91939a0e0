"""Calibration: logits to honest probabilities, and the probabilities from which a label is claimed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from amends_core.bundle import OUTPUTS, PlattScale
from amends_core.taxonomy import SENTENCE_MISSTEPS, STEPS, Misstep
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax
from sklearn.linear_model import LogisticRegression

from amends_train.rows import AgentRow, CustomerRow
from amends_train.targets import ACTS, COLUMN, UPSET, Floats, agent_target, column_of, customer_target

SHRINK = 20.0
"""Pseudo-rows by which a label's own scale is drawn to that of all labels of its kind: few positives, little say."""
MISSTEP_BETA = 0.5
"""Missteps are accusations: they are claimed where F-beta is highest, precision counting twice as much as recall."""
MISSTEP_FLOOR = 0.4
STEP_BETA = 1.0
"""Steps are claimed where F1 is highest."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a bundle's manifest says about probabilities."""

    scales: Mapping[str, PlattScale]
    thresholds: Mapping[str, float]
    act_temperature: float


def calibrate(
    agents: Sequence[AgentRow], agent_logits: Floats, customers: Sequence[CustomerRow], customer_logits: Floats
) -> Calibration:
    """Fits scales and thresholds on rows that trained nothing; logits have shape (rows, len(OUTPUTS))."""
    target, known = _stack([agent_target(row) for row in agents])
    scales: dict[str, PlattScale] = {}
    thresholds: dict[str, float] = {}
    for kind in (STEPS, SENTENCE_MISSTEPS):
        columns = [column_of(label) for label in kind]
        pooled = _platt(agent_logits[:, columns].ravel(), target[:, columns].ravel(), known[:, columns].ravel())
        for label, column in zip(kind, columns, strict=True):
            name = OUTPUTS[column]
            scales[name] = _drawn(pooled, agent_logits[:, column], target[:, column], known[:, column])
            probability = expit(scales[name].slope * agent_logits[:, column] + scales[name].intercept)
            truth, seen = target[:, column] > 0.5, known[:, column] > 0
            precise = isinstance(label, Misstep)
            thresholds[name] = _threshold(probability[seen], truth[seen], precise=precise)
    strong = [COLUMN[f"strong:{step}"] for step in STEPS]
    pooled = _platt(agent_logits[:, strong].ravel(), target[:, strong].ravel(), known[:, strong].ravel())
    scales.update({OUTPUTS[column]: pooled for column in strong})
    acts, upset = _stack([customer_target(row) for row in customers])[0], [row.upset for row in customers]
    scales["upset"] = _soft_platt(customer_logits[:, UPSET], np.array(upset))
    scales["care"] = PlattScale(1.0, 0.0)  # an expected grade, weighed by the judgement, which is fitted to grades
    return Calibration(scales, thresholds, _temperature(customer_logits[:, ACTS], acts[:, ACTS]))


def _stack(pairs: Sequence[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    return np.stack([pair[0] for pair in pairs]), np.stack([pair[1] for pair in pairs])


def _platt(logits: NDArray[np.floating], target: NDArray[np.floating], known: NDArray[np.floating]) -> PlattScale:
    """A logistic regression of truth on the logit; identity where only one class is seen."""
    seen = known > 0
    truth = target[seen] > 0.5
    if truth.all() or not truth.any():
        return PlattScale(1.0, 0.0)
    model = LogisticRegression(C=1e3).fit(logits[seen].reshape(-1, 1), truth)
    return PlattScale(max(0.05, float(model.coef_[0, 0])), float(model.intercept_[0]))


def _drawn(pooled: PlattScale, logits: Floats, target: Floats, known: Floats) -> PlattScale:
    """A label's own scale, drawn to the pooled one by SHRINK pseudo-positives."""
    own = _platt(logits, target, known)
    positives = float((target[known > 0] > 0.5).sum())
    share = positives / (positives + SHRINK)
    if positives == 0:
        return pooled
    mix = lambda a, b: share * a + (1 - share) * b  # noqa: E731  one line says it
    return PlattScale(mix(own.slope, pooled.slope), mix(own.intercept, pooled.intercept))


def _soft_platt(logits: Floats, target: NDArray[np.floating]) -> PlattScale:
    """Platt's scale for soft targets: each row counts for both classes, by its probability."""
    doubled = np.concatenate([logits, logits]).reshape(-1, 1)
    truth = np.concatenate([np.ones(len(target)), np.zeros(len(target))])
    model = LogisticRegression(C=1e3).fit(doubled, truth, sample_weight=np.concatenate([target, 1 - target]))
    return PlattScale(float(model.coef_[0, 0]), float(model.intercept_[0]))


def _threshold(probability: NDArray[np.floating], truth: NDArray[np.bool_], *, precise: bool) -> float:
    """The threshold of a label; the middle of the scale's half where too few positives are known to choose one."""
    if truth.sum() < 8:
        return 0.6 if precise else 0.5
    grid = np.round(np.arange(MISSTEP_FLOOR if precise else 0.25, 0.91, 0.01), 2)
    claimed = probability[:, None] >= grid
    hits = (claimed & truth[:, None]).sum(axis=0)
    precision = hits / np.maximum(1, claimed.sum(axis=0))
    recall = hits / truth.sum()
    square = (MISSTEP_BETA if precise else STEP_BETA) ** 2
    score = (1 + square) * precision * recall / np.maximum(1e-9, square * precision + recall)
    best = np.flatnonzero(score >= score.max() - 0.005)
    return float(np.median(grid[best]))


def _temperature(logits: Floats, target: Floats) -> float:
    """The temperature with the least cross-entropy.

    Source: Guo et al. (2017), On Calibration of Modern Neural Networks.
    """

    def loss(temperature: float) -> float:
        return float(-(log_softmax(logits / temperature, axis=1) * target).sum())

    return float(minimize_scalar(loss, bounds=(0.3, 5.0), method="bounded").x)
