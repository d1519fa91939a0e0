"""What the tests of the server's parts share."""

from collections.abc import AsyncIterator

import pytest
from pool_bench import Bench


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    bench.encoder.open()
    for pool in bench.pools:
        await pool.close()
