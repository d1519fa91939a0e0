"""Workers that are processes, and how the owner of the queue feeds workers that may have more than one handful."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
from amends_core.bundle import DEFAULT_BUNDLE, load_bundle
from amends_core.encoder import OnnxEncoder
from amends_core.errors import BundleError
from amends_server.encoding import EncoderPool, EncodingCache, InferenceFailed, Priority
from amends_server.metrics import Metrics
from amends_server.workers.memory import shared_out_bytes
from amends_server.workers.processes import ProcessWorker, start_processes
from amends_server.workers.work import Fault, Outcome, Owner, Task, Worker, run
from fake_encoders import encoding
from pool_bench import asked, soon

TEXTS = ("I am sorry, that was our mistake.", "Your parcel left today.", "xa4 ,, 🚚", "")


class Crew:
    """Two processes behind a pool."""

    def __init__(self) -> None:
        self.workers: Sequence[ProcessWorker] = start_processes([load_bundle(DEFAULT_BUNDLE)], 2)
        self.metrics = Metrics()
        self.failures: list[str] = []
        self.pool = EncoderPool(
            self.workers, EncodingCache(0), self.metrics, max_queue=1000, on_failure=self.failures.append
        )

    @property
    def pids(self) -> list[int]:
        return [pid for worker in self.workers for pid in worker.pids]

    def figure(self, name: str) -> float:
        return self.metrics.registry.get_sample_value(name) or 0.0


@pytest.fixture
async def crew() -> AsyncIterator[Crew]:
    crew = Crew()
    await crew.pool.ready()
    yield crew
    await crew.pool.close()


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_processes_say_to_the_bit_what_a_thread_says(crew: Crew) -> None:
    encoder = OnnxEncoder(load_bundle(DEFAULT_BUNDLE))
    found = (await crew.pool.encode(TEXTS, deadline=soon())).encodings
    for text in TEXTS:
        expected = encoder.encode(text)
        assert np.array_equal(found[text].embedding, expected.embedding)
        assert np.array_equal(found[text].logits, expected.logits)
        assert found[text].tokens == expected.tokens


async def test_what_processes_take_is_told(crew: Crew) -> None:
    await crew.pool.encode(["Your parcel left today."], deadline=soon())
    assert crew.figure("amends_encoder_workers") == 2
    assert 0 < crew.figure("amends_worker_cpu_seconds_total") < 10
    await crew.pool.measure_memory()
    assert 10e6 < crew.figure("amends_worker_memory_bytes") < 1e9
    assert shared_out_bytes([]) == shared_out_bytes([2**22 + 1]) == 0, "no such process"


async def test_processes_end_with_the_pool(crew: Crew) -> None:
    pids = crew.pids
    assert len(set(pids)) == 2
    await crew.pool.close()
    assert not any(map(_runs, pids))
    assert crew.failures == []
    with pytest.raises(InferenceFailed):
        await crew.pool.encode(["later"], deadline=soon())


async def test_a_process_that_dies_takes_inference_out_of_service_and_hangs_nobody(crew: Crew) -> None:
    calls = [await asked(crew.pool, *(f"Sentence {n} of call {call}." for n in range(50))) for call in range(4)]
    os.kill(crew.pids[0], signal.SIGKILL)
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert any(isinstance(outcome, InferenceFailed) for outcome in outcomes)
    assert crew.failures == ["ProcessEnded"]
    assert not crew.pool.works()


async def test_processes_heed_no_signal_but_their_service(crew: Crew) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(crew.pids[0], number)
    assert len((await crew.pool.encode(TEXTS, deadline=soon())).encodings) == len(TEXTS)


async def test_a_bundle_that_was_changed_meanwhile_is_not_served() -> None:
    workers = start_processes([replace(load_bundle(DEFAULT_BUNDLE), sha256="0" * 64)], 1)
    pool = EncoderPool(workers, EncodingCache(0), Metrics(), max_queue=1)
    with pytest.raises(BundleError, match="was changed"):
        await pool.ready()
    await pool.close()


class Patient:
    """A worker that may have two handfuls, and is done when the test says so."""

    pids: Sequence[int] = ()
    room = 2

    def __init__(self) -> None:
        self.given: list[list[str]] = []
        self._at = 0

    def begin(self, owner: Owner) -> None:
        self._owner = owner

    async def ready(self) -> None:
        return

    def give(self, tasks: Sequence[Task]) -> None:
        self.given.append([task.text for task in tasks])

    def finish(self) -> None:
        """Is done with its oldest handful."""
        outcomes = [Outcome(time.monotonic(), 0.001, encoding()) for _ in self.given[self._at]]
        self._at += 1
        worker: Worker = self
        self._owner.done(worker, outcomes, 0.0)

    async def close(self) -> None:
        return


def _pool(*workers: Patient) -> EncoderPool:
    return EncoderPool(workers, EncodingCache(0), Metrics(), max_queue=1000)


async def test_a_worker_has_the_next_handful_at_hand_and_no_more() -> None:
    worker = Patient()
    pool = _pool(worker)
    calls = [await asked(pool, letter * 100) for letter in "abc"]
    assert [given[0][0] for given in worker.given] == ["a", "b"]
    calls.append(await asked(pool, "urgent", priority=Priority.LIVE))
    for _ in range(4):
        worker.finish()
    await asyncio.gather(*calls)
    assert [given[0][0] for given in worker.given] == ["a", "b", "u", "c"]


async def test_a_lone_call_is_spread_over_all_workers() -> None:
    workers = [Patient(), Patient()]
    call = await asked(_pool(*workers), *(letter * 100 for letter in "abcd"))
    assert [len(worker.given) for worker in workers] == [1, 2]
    for worker in (*workers, workers[1]):
        worker.finish()
    assert len((await call).encodings) == 4


async def test_what_a_worker_was_given_is_not_taken_back_from_it() -> None:
    worker = Patient()
    pool = _pool(worker)
    given_up = await asked(pool, "a")
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    worker.finish()
    assert worker.given == [["a"]]


class Raising:
    """An encoder that raises on some texts."""

    def __init__(self, *bad: str) -> None:
        self._bad = bad

    def encode(self, text: str) -> object:
        if text in self._bad or "all" in self._bad:
            raise ValueError(text)
        return encoding()


def test_a_fault_is_the_sentences_the_encoders_or_that_it_came_too_late() -> None:
    later = time.monotonic() + 60
    some, every = Raising("bad"), Raising("all")
    faults = [
        run([encoder], Task(text, deadline)).fault  # type: ignore[list-item]
        for encoder, text, deadline in ((some, "good", later), (some, "bad", later), (every, "good", later))
    ]
    assert faults == [None, Fault.SENTENCE, Fault.ENCODER]
    late = run([some], Task("good", time.monotonic() - 1))  # type: ignore[list-item]
    assert (late.fault, late.encoding) == (Fault.EXPIRED, None)
    assert "bad" not in repr(run([some], Task("bad", later))), "only the type of the error is told"  # type: ignore[list-item]
