"""Sends requests over HTTP, as `Caller` does over gRPC."""

import time
from types import TracebackType
from typing import Self

import aiohttp

from benchmarks.caller import Call
from benchmarks.outcomes import Outcome


class HttpCaller:
    """Posts to one address, over as many connections as there are calls at once."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), headers={"content-type": "application/json"}
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def send(self, call: Call, *, timeout_s: float, due: float | None = None) -> Outcome:
        """See `Caller.send`."""
        at = time.monotonic() if due is None else due
        reason = await self._post(call, timeout_s)
        return Outcome(call.rpc, at, time.monotonic() - at, reason)

    async def _post(self, call: Call, timeout_s: float) -> str:
        timeout = aiohttp.ClientTimeout(total=timeout_s)
        try:
            async with self._session.post(self._url, data=call.data, timeout=timeout) as answer:
                await answer.read()
                return "" if answer.status == 200 else f"HTTP {answer.status}"
        except (aiohttp.ClientError, TimeoutError) as error:
            return type(error).__name__
