"""A pool over an encoder that the test holds in its hand, and calls to it."""

import asyncio
import time

from amends_core.encoder import Encoder
from amends_server.encoding import Encoded, EncoderPool, EncodingCache, Priority
from amends_server.metrics import Metrics
from amends_server.workers.threads import ThreadWorker
from fake_encoders import PATIENCE_S, HeldEncoder


class Bench:
    """A pool of one worker over a held encoder, and what it told."""

    def __init__(self) -> None:
        self.encoder = HeldEncoder()
        self.metrics = Metrics()
        self.failures: list[str] = []
        self.pools: list[EncoderPool] = []

    def pool(
        self, *, workers: int = 1, max_queue: int = 100, cache_bytes: int = 0, encoder: Encoder | None = None
    ) -> EncoderPool:
        pool = EncoderPool(
            [ThreadWorker([encoder or self.encoder]) for _ in range(workers)],
            EncodingCache(cache_bytes),
            self.metrics,
            max_queue=max_queue,
            on_failure=self.failures.append,
        )
        self.pools.append(pool)
        return pool

    def count(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(name, labels) or 0.0

    async def taken(self) -> str:
        """Waits until the worker has a text in hand."""
        return await asyncio.to_thread(self.encoder.wait_until_taken)


def soon(after_s: float = PATIENCE_S) -> float:
    return time.monotonic() + after_s


async def asked(
    pool: EncoderPool, *texts: str, deadline: float | None = None, priority: Priority = Priority.INTERACTIVE
) -> "asyncio.Task[Encoded]":
    """Asks for texts, and gives the call once it is queued or refused."""
    ask = pool.encode(texts, deadline=soon() if deadline is None else deadline, priority=priority)
    call = asyncio.ensure_future(ask)
    await asyncio.sleep(0)  # the call runs until it has to wait
    return call
