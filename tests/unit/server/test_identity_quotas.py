"""Token buckets: never more than rate and burst allow, never less, and who comes back when told is let in."""

import pytest
from amends_server.identity.quotas import OverQuota, Quota, TokenBucket
from hypothesis import given
from hypothesis import strategies as st

RATES = st.floats(0.01, 1e5)
BURSTS = st.floats(1, 1e5)
STEPS = st.lists(st.tuples(st.floats(0, 100), st.floats(0.1, 2000)), min_size=1, max_size=60)


def let_in(bucket: TokenBucket, steps: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """When how much was let in, of a caller that asks again and again after pauses."""
    now, admitted = 0.0, []
    for pause, amount in steps:
        now += pause
        if bucket.wait_s(amount, now) == 0:
            bucket.take(amount)
            admitted.append((now, amount))
    return admitted


@given(rate=RATES, burst=BURSTS, steps=STEPS)
def test_in_no_stretch_of_time_comes_more_than_the_rate_and_one_burst(
    rate: float, burst: float, steps: list[tuple[float, float]]
) -> None:
    admitted = let_in(TokenBucket(rate, burst), steps)
    for start in range(len(admitted)):
        total = 0.0
        for end in range(start, len(admitted)):
            total += admitted[end][1]
            elapsed = admitted[end][0] - admitted[start][0]
            # What is larger than a burst leaves a debt: the last of a stretch may go beyond by what it is larger.
            beyond = max(0.0, admitted[end][1] - burst)
            assert total <= rate * elapsed + burst + beyond + 1e-3 + 1e-9 * total


@given(rate=RATES, burst=BURSTS, steps=STEPS, amount=st.floats(0.1, 2000))
def test_who_comes_back_when_told_is_let_in_and_not_before(
    rate: float, burst: float, steps: list[tuple[float, float]], amount: float
) -> None:
    bucket = TokenBucket(rate, burst)
    let_in(bucket, steps)
    now = sum(pause for pause, _ in steps)
    wait_s = bucket.wait_s(amount, now)
    if wait_s * rate > 1e-3 and wait_s > 1e-3:
        assert bucket.wait_s(amount, now + wait_s * 0.9) > 0
    assert bucket.wait_s(amount, now + wait_s * (1 + 1e-9) + 1e-6) == 0


@given(rate=RATES, burst=BURSTS, amount=st.floats(0.1, 1e6))
def test_a_full_bucket_lets_any_size_in(rate: float, burst: float, amount: float) -> None:
    assert TokenBucket(rate, burst).wait_s(amount, 5.0) == 0


@given(rate=RATES, burst=BURSTS, steps=STEPS)
def test_a_clock_that_goes_back_gives_nothing_away(rate: float, burst: float, steps: list[tuple[float, float]]) -> None:
    bucket = TokenBucket(rate, burst)
    bucket.wait_s(burst, 1000.0)
    bucket.take(burst)
    for pause, _ in steps:
        assert bucket.wait_s(burst, 1000.0 - pause) == pytest.approx(burst / rate)


def test_a_steady_caller_gets_exactly_the_rate() -> None:
    admitted = let_in(TokenBucket(10, 1), [(0.01, 1)] * 1001)
    assert len(admitted) == pytest.approx(101, abs=1)


def test_a_quota_takes_from_the_bucket_of_its_unit_and_nothing_when_it_refuses() -> None:
    quota = Quota(calls=TokenBucket(1, 2), sentences=TokenBucket(10, 10))
    quota.charge("calls", 1, 0.0)
    quota.charge("sentences", 8, 0.0)
    for _ in range(3):
        with pytest.raises(OverQuota) as caught:
            quota.charge("sentences", 4, 0.0)
        assert (caught.value.unit, caught.value.rate) == ("sentences", 10)
        assert caught.value.retry_after_s == pytest.approx(0.2)
    quota.charge("calls", 1, 0.0)
    with pytest.raises(OverQuota):
        quota.charge("calls", 1, 0.0)


def test_without_a_bucket_all_is_free() -> None:
    for _ in range(1000):
        Quota().charge("calls", 1e9, 0.0)
