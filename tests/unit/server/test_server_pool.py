"""The owner of the queue: who is admitted, in which order, and what becomes of those who wait."""

import asyncio
import threading
import time

import pytest
from amends_server.encoding import (
    Encoded,
    EncodingFailed,
    InferenceFailed,
    Overloaded,
    Priority,
    QueueExpired,
)
from amends_server.encoding.policy import Limit
from fake_encoders import PATIENCE_S, encoding
from pool_bench import Bench, asked, soon


class Everything(set[str]):
    """Holds every text."""

    def __contains__(self, text: object) -> bool:
        return True


async def test_every_text_asked_for_comes_back_with_what_it_took(bench: Bench) -> None:
    bench.encoder.open()
    encoded = await bench.pool(workers=2).encode(["a", "b", "c"], deadline=soon())
    assert set(encoded.encodings) == {"a", "b", "c"}
    assert encoded.queue_s >= 0
    assert encoded.encode_s >= 0
    assert bench.count("amends_inference_seconds_count") == 3
    assert bench.count("amends_unknown_tokens_total") == 3


async def test_work_is_done_by_priority_then_deadline_then_arrival(bench: Bench) -> None:
    pool = bench.pool()
    calls = [await asked(pool, "in hand")]
    assert await bench.taken() == "in hand"
    late = soon(500)
    calls += [
        await asked(pool, "bulk, due first", deadline=soon(100), priority=Priority.BULK),
        await asked(pool, "live, due late, came first", deadline=late),
        await asked(pool, "live, due late, came second", deadline=late),
        await asked(pool, "live, due soon", deadline=soon(300)),
    ]
    bench.encoder.open()
    await asyncio.gather(*calls)
    assert bench.encoder.taken == [
        "in hand",
        "live, due soon",
        "live, due late, came first",
        "live, due late, came second",
        "bulk, due first",
    ]


async def test_threads_work_side_by_side(bench: Bench) -> None:
    both = threading.Barrier(2)

    class Meeting:
        def encode(self, text: str) -> object:
            both.wait(PATIENCE_S)
            return encoding()

    pool = bench.pool(workers=2, encoder=Meeting())  # type: ignore[arg-type]
    assert set((await pool.encode(["a", "b"], deadline=soon())).encodings) == {"a", "b"}


async def test_an_expired_call_fails_and_is_never_encoded(bench: Bench) -> None:
    pool = bench.pool()
    first = await asked(pool, "in hand")
    await bench.taken()
    expired = await asked(pool, "too late", "much too late", deadline=time.monotonic() - 1)
    bench.encoder.open()
    with pytest.raises(QueueExpired):
        await expired
    await first
    await pool.encode(["after"], deadline=soon())
    assert bench.encoder.taken == ["in hand", "after"]
    assert bench.count("amends_queue_dropped_total", reason="expired") >= 1


async def test_a_cancelled_call_is_never_encoded(bench: Bench) -> None:
    pool = bench.pool()
    first = await asked(pool, "in hand")
    await bench.taken()
    given_up = await asked(pool, "given up", "given up, too")
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    bench.encoder.open()
    await first
    await pool.encode(["after"], deadline=soon())
    assert bench.encoder.taken == ["in hand", "after"]
    assert bench.count("amends_queue_dropped_total", reason="cancelled") == 2


async def test_a_call_cancelled_while_its_text_is_encoded_harms_nobody(bench: Bench) -> None:
    pool = bench.pool(cache_bytes=10_000)
    call = await asked(pool, "in hand")
    await bench.taken()
    call.cancel()
    bench.encoder.open()
    await pool.encode(["after"], deadline=soon())
    assert (await pool.encode(["in hand"], deadline=soon())).encode_s == 0, "what was done is kept"


async def test_a_full_queue_refuses_with_retry_delay(bench: Bench) -> None:
    pool = bench.pool(max_queue=2)
    calls = [await asked(pool, "in hand")]
    await bench.taken()
    calls.append(await asked(pool, "a", "b"))
    with pytest.raises(Overloaded) as caught:
        await pool.encode(["c"], deadline=soon())
    assert caught.value.retry_after_s >= 0.05
    refusal = caught.value.refusal
    assert (refusal.limit, refusal.waiting, refusal.most) == (Limit.QUEUE_FULL, 2, 2)
    assert bench.count("amends_admission_refused_total", priority="interactive", reason="queue_full") == 1
    bench.encoder.open()
    await asyncio.gather(*calls)
    assert "c" not in bench.encoder.taken


async def test_batches_that_wait_do_not_crowd_people_out(bench: Bench) -> None:
    pool = bench.pool(max_queue=2)
    calls = [await asked(pool, "in hand")]
    await bench.taken()
    calls.append(await asked(pool, "bulk", "bulk, too", "bulk, three", priority=Priority.BULK))
    calls.append(await asked(pool, "live"))
    bench.encoder.open()
    await asyncio.gather(*calls)
    assert bench.encoder.taken[:2] == ["in hand", "live"]


async def test_a_call_larger_than_the_queue_is_served_while_nobody_waits(bench: Bench) -> None:
    bench.encoder.open()
    encoded = await bench.pool(max_queue=1).encode(["a", "b", "c"], deadline=soon())
    assert len(encoded.encodings) == 3


async def test_a_hopeless_deadline_is_refused_at_once(bench: Bench) -> None:
    pool = bench.pool()
    calls = [await asked(pool, "in hand")]
    await bench.taken()
    calls.append(await asked(pool, "waiting"))
    with pytest.raises(Overloaded) as caught:
        await pool.encode(["hopeless"], deadline=time.monotonic())
    assert caught.value.refusal.limit is Limit.DEADLINE
    assert bench.count("amends_admission_refused_total", priority="interactive", reason="deadline") == 1
    bench.encoder.open()
    await asyncio.gather(*calls)
    assert bench.encoder.taken == ["in hand", "waiting"]


async def test_a_cached_text_needs_no_place_in_a_full_queue(bench: Bench) -> None:
    pool = bench.pool(max_queue=1, cache_bytes=10_000)
    bench.encoder.let_go()
    await pool.encode(["known"], deadline=soon())
    await bench.taken()
    calls = [await asked(pool, "in hand")]
    await bench.taken()
    calls.append(await asked(pool, "waiting"))
    encoded = await pool.encode(["known"], deadline=soon())
    assert set(encoded.encodings) == {"known"}
    assert (encoded.queue_s, encoded.encode_s) == (0.0, 0.0)
    assert bench.count("amends_cache_requests_total", result="hit") == 1
    assert bench.count("amends_cache_requests_total", result="miss") == 3
    bench.encoder.open()
    await asyncio.gather(*calls)


async def test_only_what_is_not_cached_is_encoded(bench: Bench) -> None:
    pool = bench.pool(cache_bytes=10_000)
    bench.encoder.open()
    await pool.encode(["a"], deadline=soon())
    encoded = await pool.encode(["a", "b"], deadline=soon())
    assert set(encoded.encodings) == {"a", "b"}
    assert bench.encoder.taken == ["a", "b"]


async def test_a_poisoned_sentence_fails_its_own_call_alone(bench: Bench) -> None:
    pool = bench.pool()
    bench.encoder.fails_on = {"bad"}
    calls = [await asked(pool, "bad", "never needed")]
    await bench.taken()
    calls.append(await asked(pool, "fine"))
    bench.encoder.open()
    bad, fine = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(bad, EncodingFailed)
    assert (bad.kind, bad.__cause__) == ("ValueError", None), "the error itself may quote the sentence"
    assert isinstance(fine, Encoded)
    assert bench.failures == []
    for _ in range(10):
        with pytest.raises(EncodingFailed):
            await pool.encode(["bad"], deadline=soon())
    assert (await pool.encode(["later"], deadline=soon())).encodings
    assert bench.count("amends_inference_errors_total", fault="sentence") == 11


async def test_an_encoder_that_raises_on_everything_fails_every_waiter_once_and_for_all(bench: Bench) -> None:
    bench.encoder.fails_on = Everything()
    pool = bench.pool()
    calls = [await asked(pool, "in hand")]
    await bench.taken()
    calls += [await asked(pool, "waits"), await asked(pool, "waits", "waits, too")]
    bench.encoder.open()
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(outcome, InferenceFailed) for outcome in outcomes)
    assert not any(isinstance(outcome, EncodingFailed) for outcome in outcomes), "another replica may do it"
    assert bench.failures == ["ValueError"]
    with pytest.raises(InferenceFailed):
        await pool.encode(["later"], deadline=soon())
    assert "later" not in bench.encoder.taken


async def test_a_thread_that_dies_takes_inference_out_of_service(bench: Bench) -> None:
    class Deadly:
        def encode(self, text: str) -> object:
            raise SystemExit

    pool = bench.pool(workers=2, encoder=Deadly())  # type: ignore[arg-type]
    with pytest.raises(InferenceFailed):
        await pool.encode(["a"], deadline=soon())
    assert bench.failures == ["SystemExit"]
    with pytest.raises(InferenceFailed):
        await pool.encode(["later"], deadline=soon())


async def test_close_ends_the_threads(bench: Bench) -> None:
    def encoders() -> int:
        return sum(thread.name == "encoder" for thread in threading.enumerate())

    before = encoders()
    pool = bench.pool(workers=3)
    assert encoders() == before + 3
    await pool.close()
    assert encoders() == before


async def test_close_fails_the_calls_that_wait_and_those_that_come(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = bench.pool()
    first = await asked(pool, "in hand")
    await bench.taken()
    waiting = await asked(pool, "waiting", "waiting, too")
    join = threading.Thread.join

    def let_go_and_join(thread: threading.Thread, timeout: float | None = None) -> None:
        bench.encoder.let_go()
        join(thread, timeout)

    monkeypatch.setattr(threading.Thread, "join", let_go_and_join)
    await pool.close()
    with pytest.raises(InferenceFailed):
        await waiting
    with pytest.raises(InferenceFailed):
        await pool.encode(["later"], deadline=soon())
    await first
    assert bench.encoder.taken == ["in hand"]
    assert bench.failures == []


async def test_callers_are_asked_to_come_back_at_different_times(bench: Bench) -> None:
    pool = bench.pool(max_queue=1)
    calls = [await asked(pool, "in hand")]
    await bench.taken()
    calls.append(await asked(pool, "waiting"))
    refusals = await asyncio.gather(
        *(pool.encode([f"{n}"], deadline=soon()) for n in range(20)), return_exceptions=True
    )
    delays = {refused.retry_after_s for refused in refusals if isinstance(refused, Overloaded)}
    assert len(delays) == 20
    assert max(delays) <= 1.5 * min(delays)
    bench.encoder.open()
    await asyncio.gather(*calls)


async def test_a_call_given_up_makes_room_at_once(bench: Bench) -> None:
    pool = bench.pool(max_queue=2)
    calls = [await asked(pool, "in hand")]
    await bench.taken()
    given_up = await asked(pool, "a", "b")
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    calls.append(await asked(pool, "c", "d"))
    assert bench.count("amends_queue_sentences") == 2
    bench.encoder.open()
    await asyncio.gather(*calls)
    assert bench.encoder.taken == ["in hand", "c", "d"]


async def test_waits_are_told_by_class_and_costs_against_their_estimates(bench: Bench) -> None:
    pool = bench.pool()
    bench.encoder.open()
    await pool.encode(["a", "b"], deadline=soon(), priority=Priority.LIVE)
    await pool.encode(["c"], deadline=soon(), priority=Priority.BULK)
    assert bench.count("amends_queue_wait_seconds_count", priority="live") == 2
    assert bench.count("amends_queue_wait_seconds_count", priority="bulk") == 1
    assert bench.count("amends_cost_ratio_count") == 3


async def test_the_queue_gauge_counts_who_waits(bench: Bench) -> None:
    pool = bench.pool()
    calls = [await asked(pool, "in hand")]
    await bench.taken()
    calls.append(await asked(pool, "a", "b"))
    assert bench.count("amends_queue_sentences") == 2
    bench.encoder.open()
    await asyncio.gather(*calls)
    assert bench.count("amends_queue_sentences") == 0
