"""A service that runs in the process of the tests."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.request import urlopen

from amends_server.server import Service

T = TypeVar("T")
PATIENCE_S = 60.0
"""How long a test waits for what is bound to come; only a hang takes that long."""


@dataclass(frozen=True, slots=True)
class Running:
    """A service that runs on the loop of the tests."""

    service: Service
    loop: asyncio.AbstractEventLoop

    @property
    def target(self) -> str:
        return f"localhost:{self.service.port}"

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine on the service's loop and waits for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE_S)

    def metrics_page(self) -> str:
        with urlopen(f"http://127.0.0.1:{self.service.metrics_port}/metrics", timeout=PATIENCE_S) as page:
            text: str = page.read().decode()
            return text


Serve = Callable[..., Running]
