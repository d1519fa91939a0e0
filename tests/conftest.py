"""The service in this process: one model for the whole run, one event loop in a thread of its own."""

import asyncio
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from amends_client import Client, ClientOptions
from amends_server.editions import Model, load_model
from amends_server.server import Service
from amends_server.settings import Settings
from amends_server.telemetry import Telemetry
from running_service import PATIENCE_S, Running, Serve

hypothesis.settings.register_profile("amends", deadline=None)  # machines are shared: a slow case is no wrong one
hypothesis.settings.load_profile("amends")


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AMENDS_")]:
            patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop that runs in a thread: gRPC wants one loop a process, and the blocking client must not stop it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="service-loop")
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(scope="session")
def model() -> Model:
    return load_model(Settings())


def _started(
    stack: ExitStack,
    loop: asyncio.AbstractEventLoop,
    model: Model,
    settings: dict[str, Any],
    telemetry: Telemetry | None = None,
) -> Running:
    async def start() -> Service:
        chosen = Settings(**{"port": 0, "metrics_port": -1, "workers": 2, "worker_kind": "thread", **settings})
        service = Service(chosen, model, telemetry)
        stack.callback(lambda: Running(service, loop).run(service.stop(0)))
        await service.start()
        return service

    return Running(asyncio.run_coroutine_threadsafe(start(), loop).result(PATIENCE_S), loop)


@pytest.fixture
def serve(loop: asyncio.AbstractEventLoop, model: Model) -> Iterator[Serve]:
    """Starts a service of the test's own: `serve(model=..., telemetry=..., **settings)`."""
    with ExitStack() as stack:
        yield lambda model=model, telemetry=None, **settings: _started(stack, loop, model, settings, telemetry)


@pytest.fixture(scope="session")
def running(loop: asyncio.AbstractEventLoop, model: Model) -> Iterator[Running]:
    """The service that tests share where they leave it as it was."""
    with ExitStack() as stack:
        yield _started(stack, loop, model, {"metrics_port": 0})


@pytest.fixture(scope="session")
def client(running: Running) -> Iterator[Client]:
    with Client(ClientOptions(running.target, timeout_s=PATIENCE_S, max_attempts=1)) as client:
        yield client


@pytest.fixture
def metric_labels(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, Sequence[str]]:
    """Every value that a label of a metric may take, as the documentation lists them."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "docs" / "metrics"))
    import labels

    allowed: Mapping[str, Sequence[str]] = labels.LABELS
    return allowed
