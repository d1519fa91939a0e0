"""A fake server, and both clients behind one way of asking."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from amends_client import AsyncClient, Client, ClientOptions
from amends_client.testing import FakeServer

Ask = Callable[..., Any]


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer() as fake:
        yield fake


@pytest.fixture(params=["sync", "async"])
def ask(request: pytest.FixtureRequest, server: FakeServer) -> Ask:
    """Calls one method of a fresh client, blocking or asyncio, and gives its answer."""

    def ask_blocking(method: str, *args: Any, options: ClientOptions | None = None, **kwargs: Any) -> Any:
        with Client(options or server.target) as client:
            return getattr(client, method)(*args, **kwargs)

    def ask_asyncio(method: str, *args: Any, options: ClientOptions | None = None, **kwargs: Any) -> Any:
        async def call() -> Any:
            async with AsyncClient(options or server.target) as client:
                return await getattr(client, method)(*args, **kwargs)

        return asyncio.run(call())

    return ask_blocking if request.param == "sync" else ask_asyncio
