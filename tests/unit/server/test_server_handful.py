"""Threads take sentences by the handful, and calls are turned away before they are read."""

import asyncio
import time

import pytest
from amends_server.encoding import Overloaded, Priority, QueueExpired
from amends_server.encoding.policy import Limit
from pool_bench import Bench, asked, soon


async def test_a_full_queue_is_open_to_nobody_and_an_empty_one_to_all(bench: Bench) -> None:
    pool = bench.pool(max_queue=2)
    pool.open_to(Priority.LIVE)
    calls = [await asked(pool, "in hand")]
    await bench.taken()
    calls.append(await asked(pool, "a", "b", priority=Priority.LIVE))
    with pytest.raises(Overloaded) as caught:
        pool.open_to(Priority.LIVE)
    assert caught.value.refusal.limit is Limit.QUEUE_FULL
    assert bench.count("amends_admission_refused_total", priority="live", reason="queue_full") == 1
    bench.encoder.open()
    await asyncio.gather(*calls)
    pool.open_to(Priority.LIVE)


async def test_a_thread_takes_few_sentences_of_a_call_together_and_then_what_is_more_urgent(bench: Bench) -> None:
    pool = bench.pool()
    texts = [letter * 100 for letter in "abcd"]
    calls = [await asked(pool, *texts)]
    await bench.taken()
    calls.append(await asked(pool, "urgent", priority=Priority.LIVE))
    bench.encoder.open()
    await asyncio.gather(*calls)
    assert bench.encoder.taken == [*texts[:2], "urgent", *texts[2:]], "one is first believed to take 3 ms"


async def test_what_expires_in_the_hand_of_a_thread_is_not_encoded(bench: Bench) -> None:
    pool = bench.pool()
    call = await asked(pool, "a", "b", deadline=time.monotonic() + 1)
    await bench.taken()
    await asyncio.sleep(1.1)
    bench.encoder.open()
    with pytest.raises(QueueExpired):
        await call
    await pool.encode(["after"], deadline=soon())
    assert bench.encoder.taken == ["a", "after"]
    assert bench.count("amends_queue_dropped_total", reason="expired") == 1
    assert bench.count("amends_inference_errors_total", fault="sentence") == 0
