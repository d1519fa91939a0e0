"""What the tests of the server's parts share."""

from collections.abc import Iterator

import pytest
from pool_bench import Bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.encoder.open()
    for pool in bench.pools:
        pool.close()
