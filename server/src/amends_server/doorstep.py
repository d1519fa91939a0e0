"""The doorstep: how long a call may take to say what it wants, and what it costs its connection to take one back.

gRPC's core counts a call against the bound of its connection (`max_streams_per_connection`) until the handler is done
with it, and refuses more without asking Python. So a call that is taken back at once keeps its place for a while: who
asks and takes back, over and over, reaches the event loop no more often than places come free.
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING, Any

from grpc import aio

if TYPE_CHECKING:
    from types import TracebackType

PATIENCE_S = 10.0
"""How long a call may take to bring its message."""
KEPT_S = (0.5, 1.5)
"""How old a call becomes that is taken back: a time between these, drawn by lot, as places that come free together are
taken together."""
_LOT = random.Random()  # noqa: S311  no secret; of its own, as who embeds the service may have seeded the common one


class NoMessage(Exception):
    """A call did not bring its message in time, or ended without one."""


class Doorstep:
    """Where calls wait to be let in. Belongs to the event loop."""

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._kept: set[asyncio.Future[None]] = set()
        self._closed = False

    async def first_message(self, context: aio.ServicerContext[Any, Any]) -> Any:
        """What a call brings.

        Raises:
            NoMessage: it brings nothing, or not in time.
        """
        try:
            async with asyncio.timeout(self._patience_s):
                message = await context.read()
        except TimeoutError:
            raise NoMessage from None
        if message is aio.EOF:
            await self.keep(KEPT_S[0])  # a call that is taken back is first seen to end, and then cancelled here
            raise NoMessage
        return message

    def stay(self) -> Stay:
        """A call's stay, as a context manager: it is over at once, unless the call is taken back."""
        return Stay(self)

    async def keep(self, seconds: float) -> None:
        """Keeps the place of a call, until this is closed."""
        if self._closed or seconds <= 0:
            return
        loop = asyncio.get_running_loop()
        over: asyncio.Future[None] = loop.create_future()
        timer = loop.call_later(seconds, over.cancel)
        self._kept.add(over)
        try:
            await asyncio.wait((over,))
        finally:
            timer.cancel()
            self._kept.discard(over)

    def close(self) -> None:
        """No place is kept from now on."""
        self._closed = True
        for over in self._kept:
            over.cancel()


class Stay:
    """One call's stay."""

    __slots__ = ("_doorstep", "_since")

    def __init__(self, doorstep: Doorstep) -> None:
        self._doorstep = doorstep

    async def __aenter__(self) -> None:
        self._since = time.monotonic()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, asyncio.CancelledError):
            until = self._since + _LOT.uniform(*KEPT_S)
            await self._doorstep.keep(until - time.monotonic())
