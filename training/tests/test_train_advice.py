"""Weights of advice: what is fitted follows the rows, and reads back as it was written."""

from pathlib import Path

import numpy as np
import pytest
from amends_core.advice.features import STATE_FEATURES, STEP_FEATURES
from amends_core.advice.weights import Weights, dump, parse, shipped
from amends_core.taxonomy import STEPS
from amends_train.advice_fit import (
    Cases,
    _flat,
    _loss,
    calibrated,
    cross_validated,
    figures,
    first_step_error,
    fit,
    read_guides,
)
from scipy.optimize import check_grad

DATA = Path(__file__).parents[1] / "data"
FEATURES = len(STEP_FEATURES) + len(STATE_FEATURES) * len(STEPS)
HERE = list(STEP_FEATURES).index("here")


def _cases(count: int = 60) -> Cases:
    """The step that is `here` is acceptable, the one after it is wrong."""
    rng = np.random.default_rng(3)
    right = rng.integers(0, len(STEPS), count)
    seen = np.zeros((count, len(STEPS), FEATURES))
    seen[np.arange(count), right, HERE] = 1.0
    steps = np.eye(len(STEPS))
    return Cases(seen, steps[right], steps[(right + 1) % len(STEPS)], np.arange(count) % 3)


def test_feature_that_tells_the_right_step_gets_the_weight() -> None:
    weights = fit(_cases())
    assert weights.of_step[HERE] > 1
    assert np.abs(np.delete(weights.of_step, HERE)).max() < 0.01


def test_rule_of_a_guide_is_not_outvoted() -> None:
    cases, steps = _cases(), np.eye(len(STEPS))
    seen = cases.seen[:2].copy()
    turned = Cases(seen, steps[cases.wrong[:2].argmax(axis=1)], np.zeros((2, len(STEPS))), np.zeros(2))
    plain, held = fit(cases.only(np.arange(10))), fit(cases.only(np.arange(10)), turned)
    assert held.of_step[HERE] < plain.of_step[HERE]


def test_guides_that_ship_are_kept_by_the_weights_that_ship() -> None:
    guides = read_guides(DATA / "guides.yaml")
    first = (guides.seen @ _flat(shipped())).argmax(axis=1)
    assert guides.acceptable[np.arange(len(first)), first].all()


def test_weights_judge_rows_they_never_saw() -> None:
    cases = _cases()
    assert figures(cases, cross_validated(cases)) == {
        "first_acceptable": 1.0,
        "first_wrong": 0.0,
        "among_first_three": 1.0,
    }


def test_figures_of_a_case_worked_by_hand() -> None:
    steps = np.eye(len(STEPS))
    cases = Cases(np.zeros((2, 13, 1)), steps[[0, 1]], steps[[2, 0]], np.zeros(2))
    odds = np.array([[3.0, 2.0, 1.0, *[0.0] * 10], [3.0, 2.0, 1.0, *[0.0] * 10]])
    assert figures(cases, odds) == {"first_acceptable": 0.5, "first_wrong": 0.5, "among_first_three": 1.0}


def test_slope_is_that_of_the_loss() -> None:
    rng = np.random.default_rng(5)
    cases = Cases(
        rng.normal(size=(8, 13, 4)), *(np.eye(13)[rng.integers(0, 6, 8) + 6 * i] for i in range(2)), np.zeros(8)
    )
    ridge = np.full(4, 0.5)
    error = check_grad(lambda w: _loss(w, cases, ridge)[0], lambda w: _loss(w, cases, ridge)[1], rng.normal(size=4))
    assert error < 1e-4


def test_weights_read_back_as_they_were_written() -> None:
    rng = np.random.default_rng(9)
    made = Weights(rng.normal(size=len(STEP_FEATURES)), rng.normal(size=(len(STATE_FEATURES), len(STEPS))))
    read = parse(dump(made))
    assert read.of_step == pytest.approx(made.of_step, abs=0.005)
    assert read.of_state == pytest.approx(made.of_state, abs=0.005)


def test_scale_makes_probabilities_honest_where_several_steps_are_acceptable() -> None:
    rng = np.random.default_rng(11)
    odds = rng.normal(0, 2, (4000, 13))
    chance = np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True)
    truth = 1 / (1 + np.exp(-(1.3 * np.log(chance / (1 - chance)) + 0.9)))
    accepted = (rng.random(truth.shape) < truth).astype(float)
    cases = Cases(np.zeros((4000, 13, 1)), accepted, np.zeros_like(accepted), np.zeros(4000))
    plain = Weights(np.zeros(len(STEP_FEATURES)), np.zeros((len(STATE_FEATURES), len(STEPS))))
    scaled = calibrated(plain, cases, odds)
    assert (scaled.scale.slope, scaled.scale.intercept) == (pytest.approx(1.3, abs=0.1), pytest.approx(0.9, abs=0.15))
    assert first_step_error(scaled, cases, odds) < 0.03 < first_step_error(plain, cases, odds)
    assert (scaled.acceptance(chance).argsort() == chance.argsort()).all()
    assert parse(dump(scaled)).scale.slope == pytest.approx(scaled.scale.slope, abs=0.001)
