"""The tests between two runs, each against a second way to compute it."""

from itertools import product

import numpy as np
import pytest
from amends_eval.metrics.labels import micro_f1
from amends_eval.statistics.bootstrap import Floats, ratio
from amends_eval.statistics.paired import difference_of_independent, difference_of_sums, flips, holm
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

SEED = 3


def hits(*values: int) -> Floats:
    return np.array([[value, 1.0] for value in values])


def singles(count: int) -> list[str]:
    return [f"{index:03d}" for index in range(count)]


def test_randomisation_finds_the_p_value_of_trying_every_swap() -> None:
    before, after = hits(0, 0, 0, 0, 1, 1, 0, 0), hits(1, 1, 1, 1, 0, 1, 1, 0)
    moved = (after - before)[:, 0]
    observed = abs(moved.sum())
    sums = [abs(sum(s * m for s, m in zip(signs, moved, strict=True))) for signs in product((1, -1), repeat=8)]
    exact = float(np.mean([total >= observed for total in sums]))
    assert difference_of_sums(before, after, singles(8), ratio, SEED).p == pytest.approx(exact, abs=0.015)


def test_randomisation_and_mcnemar_agree_where_every_item_stands_alone() -> None:
    rng = np.random.default_rng(0)
    before, after = rng.random(200) < 0.5, rng.random(200) < 0.62
    found = difference_of_sums(hits(*before), hits(*after), singles(200), ratio, SEED)
    assert found.p == pytest.approx(flips(before.tolist(), after.tolist()).p, abs=0.015)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60))
def test_mcnemar_is_the_sign_test_of_the_items_that_flipped(pairs: list[tuple[bool, bool]]) -> None:
    found = flips([a for a, _ in pairs], [b for _, b in pairs])
    fixed, broken = sum(b and not a for a, b in pairs), sum(a and not b for a, b in pairs)
    assert (found.fixed, found.broken) == (fixed, broken)
    assert found.p == pytest.approx(binomtest(fixed, fixed + broken).pvalue if fixed + broken else 1.0)


def test_holm_multiplies_the_smallest_by_how_many_there_are_and_never_falls() -> None:
    # Worked by hand: 4 * .005, 3 * .01, then 2 * .03 twice, since the last may not fall below the one before.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_holm_of_nothing_is_nothing() -> None:
    assert holm([]) == []


def test_items_of_a_conversation_count_as_one_witness() -> None:
    before, after = hits(*[0] * 12), hits(*[1] * 12)
    alone = difference_of_sums(before, after, singles(12), ratio, SEED)
    together = difference_of_sums(before, after, ["a"] * 6 + ["b"] * 6, ratio, SEED)
    assert alone.p is not None
    assert together.p is not None
    assert alone.p < 0.01
    assert together.p > 0.4


def test_a_difference_of_f1_is_that_of_its_counts() -> None:
    # One label; true positives, false positives, false negatives: 2/(2+1) before, 4/4 after.
    before, after = np.array([[1.0, 0, 0], [0, 0, 1.0]]), np.array([[1.0, 0, 0], [1.0, 0, 0]])
    assert difference_of_sums(before, after, singles(2), micro_f1, SEED).value == pytest.approx(1 / 3)


def test_the_same_answers_differ_by_nothing_for_certain() -> None:
    items = hits(0, 1, 1, 0)
    found = difference_of_sums(items, items, singles(4), ratio, SEED)
    assert (found.value, found.low, found.high, found.p) == (0.0, 0.0, 0.0, 1.0)


def test_one_conversation_tells_no_difference_from_chance() -> None:
    found = difference_of_sums(hits(0, 0), hits(1, 1), ["a", "a"], ratio, SEED)
    assert (found.value, found.low, found.p) == (1.0, None, None)


def test_no_items_tell_nothing() -> None:
    assert difference_of_sums(np.zeros((0, 2)), np.zeros((0, 2)), [], ratio, SEED).value is None


def test_independent_runs_add_their_errors() -> None:
    found = difference_of_independent(0.5, 0.6, (0.03, 0.04))
    assert (found.low, found.high) == pytest.approx((0.1 - 1.96 * 0.05, 0.1 + 1.96 * 0.05), abs=1e-4)
    # Two standard errors: 0.0455 in any table of the normal distribution.
    assert found.p == pytest.approx(0.0455, abs=1e-4)


def test_independent_runs_without_error_differ_surely_or_not_at_all() -> None:
    assert difference_of_independent(0.5, 0.5, (0.0, 0.0)).p == 1.0
    assert difference_of_independent(0.5, 0.6, (0.0, 0.0)).p == 0.0
