"""Has gRPC free what it took for a call that its caller left. Knows nothing of the service.

`grpc.aio` gives its core a batch of operations and awaits it. Where the batch fails, or whoever awaits it is cancelled,
as is the handler of a call that is left, the operations are never freed: 80 bytes each, and a message that came or was
to go. Source: https://github.com/grpc/grpc/issues/43360, docs/decisions/0023.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from importlib import import_module
from typing import Any

import grpc

_LEAKING = ("1.85.",)
"""Releases that are known to leak and to be mended by this; others are left as they are."""
_cygrpc: Any = import_module("grpc._cython.cygrpc")


def free_batches() -> None:
    """Has every batch of this process freed once the core is done with it, where gRPC itself does not."""
    if grpc.__version__.startswith(_LEAKING) and not isinstance(_cygrpc.execute_batch, FreedBatches):
        _cygrpc.execute_batch = FreedBatches(_cygrpc.execute_batch)


class FreedBatches:
    """gRPC's `execute_batch`, which goes through to its end whoever still awaits it."""

    def __init__(self, execute: Callable[..., Coroutine[Any, Any, None]]) -> None:
        self._execute = execute

    def __call__(self, call: Any, operations: tuple[Any, ...], loop: asyncio.AbstractEventLoop) -> asyncio.Future[None]:
        """Gives the batch to the core at once: a turn of the loop later its call may be gone."""
        batch = _Batch(loop)
        batch.begin(self._execute(call, operations, batch))
        return batch.ended


class _Batch:
    """A batch that the core works on; gRPC takes it for the loop, and for the future that it awaits.

    gRPC frees the operations after its await, so that may neither fail nor be cancelled: callers await `ended`.
    """

    _work: Coroutine[Any, Any, None]

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.ended: asyncio.Future[None] = loop.create_future()

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs gRPC's part up to its await."""
        self._work = work
        work.send(None)

    def create_future(self) -> "_Batch":
        """See `AbstractEventLoop.create_future`."""
        return self

    def call_soon_threadsafe(self, callback: Callable[..., object], *args: Any) -> None:
        """See `AbstractEventLoop.call_soon_threadsafe`; gRPC asks for it in whichever loop hears the core first."""
        if asyncio.get_running_loop() is self._loop:
            callback(*args)
        else:
            self._loop.call_soon_threadsafe(callback, *args)

    def __await__(self) -> Iterator[None]:
        yield

    def cancelled(self) -> bool:
        """See `Future.cancelled`."""
        return False

    def set_result(self, _: None) -> None:
        """See `Future.set_result`."""
        self._end(None)

    def set_exception(self, error: Exception) -> None:
        """See `Future.set_exception`."""
        self._end(error)

    def _end(self, error: Exception | None) -> None:
        try:
            self._work.send(None)
        except StopIteration:
            pass
        except Exception as raised:
            error = error or raised
        if self.ended.done():
            return
        if error is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(error)
