"""Calibration: logits to honest probabilities, and the probabilities from which a label is claimed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from amends_core.bundle import OUTPUTS, UNSCALED, PlattScale
from amends_core.taxonomy import SENTENCE_MISSTEPS, STEPS
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression

from amends_train.rows import AgentRow, CustomerRow
from amends_train.targets import ACTS, STRONG_COLUMNS, UPSET, Floats, agent_target, column_of, customer_target

SHRINK = 20.0
"""Pseudo-positives by which a label's own scale and threshold are drawn to those of all labels of its kind: few
positives, little say. In split halves of the development rows the drawn thresholds keep F1 and take missteps on real
text from a precision of .79 to .84."""
MISSTEP_BETA = 0.6
"""Missteps are accusations: they are claimed where F-beta is highest, precision counting more than recall. In split
halves .6 gives a precision of .86 on real text, .7 one of .80, for two points of recall."""
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
        names = [OUTPUTS[column] for column in columns]
        fitted = _scales(agent_logits[:, columns], target[:, columns], known[:, columns])
        scales.update(zip(names, fitted, strict=True))
        said = scaled(agent_logits[:, columns], fitted)
        claimed_from = _thresholds(said, target[:, columns], known[:, columns], precise=kind is SENTENCE_MISSTEPS)
        thresholds.update(zip(names, claimed_from, strict=True))
    pooled = _platt(*(each[:, STRONG_COLUMNS].ravel() for each in (agent_logits, target, known)))
    scales.update({OUTPUTS[column]: pooled for column in STRONG_COLUMNS})
    acts, upset = _stack([customer_target(row) for row in customers])[0], [row.upset for row in customers]
    scales["upset"] = _soft_platt(customer_logits[:, UPSET], np.array(upset))
    scales["care"] = UNSCALED  # an expected grade, weighed by the judgement, which is fitted to grades
    scales.update({f"next:{step}": UNSCALED for step in STEPS})  # advice weighs them, fitted to labelled next steps
    return Calibration(scales, thresholds, _temperature(customer_logits[:, ACTS], acts[:, ACTS]))


def platt(logits: NDArray[np.floating], truth: NDArray[np.bool_]) -> PlattScale:
    """A logistic regression of truth on the logit, both of shape (n,); identity where only one class is seen.

    Truth counts a little less than whole, by how seldom a class was seen, so that classes which happen to lie apart are
    not taken for certain. The slope is .05 at least, so that the order of logits stays.

    Source: Platt (1999), Probabilistic Outputs for Support Vector Machines, section 2.2.
    """
    if truth.all() or not truth.any():
        return UNSCALED
    yes, no = np.count_nonzero(truth), np.count_nonzero(~truth)
    scale = _soft_platt(logits, np.where(truth, (yes + 1) / (yes + 2), 1 / (no + 2)))
    return PlattScale(max(0.05, scale.slope), scale.intercept)


def scaled(logits: NDArray[np.floating], scales: Sequence[PlattScale]) -> NDArray[np.float64]:
    """Calibrated probabilities of logits, a scale for each column; shapes (rows, scales)."""
    return np.column_stack([scale.probability(logits[:, column]) for column, scale in enumerate(scales)])


def _stack(pairs: Sequence[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    return np.stack([pair[0] for pair in pairs]), np.stack([pair[1] for pair in pairs])


def _platt(logits: NDArray[np.floating], target: NDArray[np.floating], known: NDArray[np.floating]) -> PlattScale:
    """The scale of the logits whose truth is known."""
    seen = known > 0
    return platt(logits[seen], target[seen] > 0.5)


def _scales(logits: Floats, target: Floats, known: Floats) -> list[PlattScale]:
    """Each label's own scale, drawn to that of all; shapes (rows, labels)."""
    pooled = _platt(logits.ravel(), target.ravel(), known.ravel())
    found = []
    for column in range(logits.shape[1]):
        own, share = _platt(logits[:, column], target[:, column], known[:, column]), _say(target, known, column)
        slope = _drawn(own.slope, pooled.slope, share)
        found.append(PlattScale(slope, _drawn(own.intercept, pooled.intercept, share)))
    return found


def _thresholds(said: NDArray[np.floating], target: Floats, known: Floats, *, precise: bool) -> list[float]:
    """Each label's own threshold, drawn to that of all; shapes (rows, labels)."""
    truth, seen = target > 0.5, known > 0
    pooled = _threshold(said[seen], truth[seen], precise=precise)
    found = []
    for column in range(said.shape[1]):
        own = _threshold(said[seen[:, column], column], truth[seen[:, column], column], precise=precise)
        found.append(_drawn(own, pooled, _say(target, known, column)))
    return found


def _say(target: Floats, known: Floats, column: int) -> float:
    """How far a label speaks for itself, 0 to 1."""
    positives = float((target[:, column][known[:, column] > 0] > 0.5).sum())
    return positives / (positives + SHRINK)


def _drawn(own: float, pooled: float, share: float) -> float:
    return share * own + (1 - share) * pooled


def _soft_platt(logits: NDArray[np.floating], target: NDArray[np.floating]) -> PlattScale:
    """Platt's scale for soft targets: each row counts for both classes, by its probability."""
    doubled = np.concatenate([logits, logits]).reshape(-1, 1)
    truth = np.concatenate([np.ones(len(target)), np.zeros(len(target))])
    model = LogisticRegression(C=1e3).fit(doubled, truth, sample_weight=np.concatenate([target, 1 - target]))
    return PlattScale(float(model.coef_[0, 0]), float(model.intercept_[0]))


def _threshold(probability: NDArray[np.floating], truth: NDArray[np.bool_], *, precise: bool) -> float:
    """The threshold with the highest F-beta; a cautious one where nothing is known to choose by."""
    if not truth.any():
        return 0.6 if precise else 0.5
    grid = np.round(np.arange(MISSTEP_FLOOR if precise else 0.25, 0.91, 0.01), 2)
    claimed = probability[:, None] >= grid
    hits = (claimed & truth[:, None]).sum(axis=0)
    precision = hits / np.maximum(1, claimed.sum(axis=0))
    recall = hits / truth.sum()
    square = (MISSTEP_BETA if precise else STEP_BETA) ** 2
    score = (1 + square) * precision * recall / np.maximum(1e-9, square * precision + recall)
    best = np.flatnonzero(score >= score.max() - 0.005)
    runs = np.split(best, np.flatnonzero(np.diff(best) > 1) + 1)  # the middle between two runs may be worse than both
    return float(np.median(grid[max(runs, key=len)]))


def _temperature(logits: Floats, target: Floats) -> float:
    """The temperature with the least cross-entropy.

    Source: Guo et al. (2017), On Calibration of Modern Neural Networks.
    """

    def loss(temperature: float) -> float:
        return float(-(log_softmax(logits / temperature, axis=1) * target).sum())

    return float(minimize_scalar(loss, bounds=(0.3, 5.0), method="bounded").x)
