"""F1, precision and recall over counts, against scikit-learn."""

import numpy as np
import pytest
from amends_eval.metrics.labels import Decisions, macro_f1, micro_f1, precision, recall
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import f1_score, precision_score, recall_score

cells = arrays(np.bool_, st.tuples(st.integers(1, 12), st.just(4)))
cubes = arrays(np.bool_, st.tuples(st.just(3), st.integers(1, 12), st.just(4)))


def decisions(truth: np.ndarray, claimed: np.ndarray, known: np.ndarray) -> Decisions:
    return Decisions(truth=truth, claimed=claimed, known=known, names=list("abcd"))


@given(cubes)
def test_micro_figures_are_scikit_learns_over_what_is_known(cube: np.ndarray) -> None:
    truth, claimed, known = cube
    sums = decisions(truth, claimed, known).counts().sum(axis=0)
    y, x = truth[known], claimed[known]
    for ours, theirs, some in (
        (micro_f1, f1_score, (y | x).any()),
        (precision, precision_score, x.any()),
        (recall, recall_score, y.any()),
    ):
        if some:
            assert float(ours(sums)) == pytest.approx(theirs(y, x, zero_division=0.0))
        else:
            assert np.isnan(ours(sums))


@given(cubes)
def test_macro_f1_is_scikit_learns_over_labels_that_occur_or_are_claimed(cube: np.ndarray) -> None:
    truth, claimed, known = cube
    each = [
        f1_score(truth[known[:, i], i], claimed[known[:, i], i], zero_division=0.0)
        for i in range(4)
        if ((truth | claimed) & known)[:, i].any()
    ]
    found = macro_f1(decisions(truth, claimed, known).counts().sum(axis=0))
    assert np.isnan(found) if not each else float(found) == pytest.approx(np.mean(each))


@given(cells)
def test_resamples_are_computed_at_once_as_one_by_one(truth: np.ndarray) -> None:
    counts = decisions(truth, ~truth[::-1], np.ones_like(truth)).counts()
    stacked = np.stack([counts.sum(axis=0), 2 * counts[0]])
    np.testing.assert_allclose(macro_f1(stacked), [macro_f1(row) for row in stacked])
