"""What a sentence costs: learned fast, not fooled by outliers, never out of bounds."""

import random
from statistics import fmean

import pytest
from amends_server.encoding.costs import Costs
from hypothesis import given, settings
from hypothesis import strategies as st

LENGTHS = (6, 12, 18, 24, 40, 80)


def fitted(slope: float, fixed: float, *, count: int = 300, noise: float = 0.2, outliers: float = 0.0) -> Costs:
    """Learns from sentences that cost `slope · tokens + fixed`, give or take, and now and then twenty times that."""
    chance, costs = random.Random(7), Costs(max_tokens=128)
    for _ in range(count):
        tokens = chance.choice(LENGTHS)
        seconds = (slope * tokens + fixed) * chance.lognormvariate(0, noise)
        costs.learn("x" * (4 * tokens), tokens, seconds * (20 if chance.random() < outliers else 1))
    return costs


@pytest.mark.parametrize(("slope", "fixed"), [(1e-4, 5e-4), (1e-3, 2e-2), (2e-5, 0.0), (0.0, 3e-3)])
def test_the_line_is_found_on_machines_of_any_speed(slope: float, fixed: float) -> None:
    costs = fitted(slope, fixed)
    for tokens in LENGTHS:
        assert costs.seconds(tokens) == pytest.approx(slope * tokens + fixed, rel=0.3)


@pytest.mark.parametrize("outliers", [0.01, 0.05])
def test_outliers_count_for_little(outliers: float) -> None:
    costs = fitted(1e-4, 5e-4, outliers=outliers)
    for tokens in LENGTHS[1:]:
        assert costs.seconds(tokens) == pytest.approx(1e-4 * tokens + 5e-4, rel=0.4)


def test_a_machine_that_becomes_slower_is_believed_within_a_hundred_sentences() -> None:
    costs = fitted(1e-4, 5e-4)
    for n in range(100):
        tokens = LENGTHS[n % len(LENGTHS)]
        costs.learn("x" * 4 * tokens, tokens, 8 * (1e-4 * tokens + 5e-4))
    assert costs.seconds(24) == pytest.approx(8 * 2.9e-3, rel=0.5)


def test_sentences_of_one_length_still_give_a_cost_for_others() -> None:
    costs = Costs(max_tokens=128)
    for _ in range(300):
        costs.learn("x" * 80, 20, 0.004)
    assert costs.seconds(20) == pytest.approx(0.004, rel=0.01)
    assert 0.004 < costs.seconds(40) <= 0.008
    assert 0 < costs.seconds(2) < 0.004


def test_tokens_are_estimated_from_characters_and_cut_where_the_encoder_cuts() -> None:
    costs = fitted(1e-4, 5e-4)
    assert costs.tokens("x" * 160) == pytest.approx(40, rel=0.1)
    assert costs.tokens("x" * 10_000) == 128
    before = costs.tokens("x" * 160)
    costs.learn("x" * 100_000, 128, 0.01)
    assert costs.tokens("x" * 160) == before, "what was cut tells nothing of the rate"


MEASURED = st.lists(st.tuples(st.text(max_size=20), st.integers(2, 128), st.floats(1e-6, 100)), max_size=80)


@settings(deadline=None)
@given(MEASURED)
def test_estimates_stay_in_bounds_and_rise_with_length_whatever_is_measured(
    measured: list[tuple[str, int, float]],
) -> None:
    costs = Costs(max_tokens=128)
    for text, tokens, seconds in measured:
        costs.learn(text, tokens, seconds)
    estimates = [costs.seconds(tokens) for tokens in range(2, 129)]
    assert all(1e-6 <= estimate <= 10 for estimate in estimates)
    assert estimates == sorted(estimates)
    assert 2 <= costs.tokens("anything at all") <= 128


def test_the_sum_over_a_queue_is_right() -> None:
    costs, chance = fitted(1e-4, 5e-4), random.Random(8)
    lengths = [chance.choice(LENGTHS) for _ in range(500)]
    assert fmean(map(costs.seconds, lengths)) == pytest.approx(fmean(1e-4 * n + 5e-4 for n in lengths), rel=0.1)
