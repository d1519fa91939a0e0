"""Whether intervals cover the truth as often as they say, and tests cry wolf no more often than they say."""

import numpy as np
import pytest
from amends_eval.statistics.bootstrap import Floats, interval_of_sums, interval_of_weights, ratio
from amends_eval.statistics.paired import difference_of_sums
from scipy.stats import binom

RUNS, CONVERSATIONS, SEED = 400, 80, 5


def drawn(rng: np.random.Generator, share: float, tied: float = 0.85) -> tuple[Floats, list[str]]:
    """Items right with probability `share`; most of a conversation's are right or wrong together."""
    items, clusters = [], []
    for conversation in range(CONVERSATIONS):
        fate = rng.random() < share
        for _ in range(rng.integers(1, 7)):
            right = fate if rng.random() < tied else rng.random() < share
            items.append([float(right), 1.0])
            clusters.append(str(conversation))
    return np.array(items), clusters


def expected_hits(rate: float, runs: int = RUNS) -> tuple[float, float]:
    """The band that binomial chance keeps to 999 times in 1,000."""
    low, high = binom.interval(0.999, runs, rate)
    return low, high


def test_intervals_cover_the_truth_at_their_rate_where_items_come_in_conversations() -> None:
    rng, truth, covered = np.random.default_rng(1), 0.7, 0
    for _ in range(RUNS):
        interval = interval_of_sums(*drawn(rng, truth), ratio, SEED)
        assert interval.low is not None
        assert interval.high is not None
        covered += interval.low <= truth <= interval.high
    low, high = expected_hits(0.95)
    assert low <= covered <= high


def test_intervals_that_overlook_conversations_would_cover_too_little() -> None:
    rng, truth, covered, runs = np.random.default_rng(1), 0.7, 0, 100
    for _ in range(runs):
        items, _ = drawn(rng, truth)
        interval = interval_of_sums(items, [str(index) for index in range(len(items))], ratio, SEED)
        assert interval.low is not None
        assert interval.high is not None
        covered += interval.low <= truth <= interval.high
    assert covered < expected_hits(0.95, runs)[0]


def test_paired_intervals_cover_the_true_difference_at_their_rate() -> None:
    rng, covered = np.random.default_rng(2), 0
    for _ in range(RUNS):
        before, clusters = drawn(rng, 0.6)
        # A tenth of what was wrong is mended, whatever else the conversation holds: 0.4 * 0.1.
        mended = (before[:, 0] == 0) & (rng.random(len(before)) < 0.1)
        after = np.column_stack([before[:, 0] + mended, before[:, 1]])
        found = difference_of_sums(before, after, clusters, ratio, SEED)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 0.04 <= found.high
    low, high = expected_hits(0.95)
    assert low <= covered <= high


def test_runs_that_do_not_differ_are_called_different_no_more_often_than_one_time_in_20() -> None:
    rng, alarms = np.random.default_rng(3), 0
    for _ in range(RUNS):
        before, clusters = drawn(rng, 0.7)
        keys = {name: rng.random() < 0.5 for name in set(clusters)}
        # Both runs see the same conversations; which of two equal models is the first one, chance says.
        other = before.copy()
        flipped = rng.random(len(before)) < 0.1
        other[flipped, 0] = 1 - other[flipped, 0]
        swap = np.array([keys[name] for name in clusters])[:, None]
        first, second = np.where(swap, before, other), np.where(swap, other, before)
        found = difference_of_sums(first, second, clusters, ratio, SEED)
        assert found.p is not None
        alarms += found.p < 0.05
    assert alarms <= expected_hits(0.05)[1]


def test_weights_and_sums_give_the_same_interval_of_a_mean() -> None:
    items, clusters = drawn(np.random.default_rng(4), 0.7)

    def mean(weights: Floats) -> float:
        return float((weights * items[:, 0]).sum() / weights.sum())

    by_sums = interval_of_sums(items, clusters, ratio, SEED)
    by_weights = interval_of_weights(clusters, mean, SEED, resamples=2000)
    assert by_weights.value == pytest.approx(by_sums.value)
    assert (by_weights.low, by_weights.high) == pytest.approx((by_sums.low, by_sums.high))


def test_one_conversation_has_a_value_and_no_interval() -> None:
    interval = interval_of_sums(np.array([[1.0, 1.0], [0.0, 1.0]]), ["a", "a"], ratio, SEED)
    assert (interval.value, interval.low, interval.high, interval.detectable) == (0.5, None, None, None)


def test_no_items_have_no_value() -> None:
    assert interval_of_sums(np.zeros((0, 2)), [], ratio, SEED).value is None
