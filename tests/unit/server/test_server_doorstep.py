"""The doorstep: a call without a message ends, and one that is taken back keeps its place for a while."""

import asyncio
from typing import Any

import pytest
from amends_server.doorstep import PATIENCE_S, Doorstep, NoMessage
from grpc import aio


class _Context:
    """Of a call that brings one message, or nothing."""

    def __init__(self, message: object = None) -> None:
        self._message = message

    async def read(self) -> object:
        if self._message is None:
            await asyncio.Event().wait()
        return self._message


def _read(doorstep: Doorstep, context: Any) -> Any:
    return asyncio.run(doorstep.first_message(context))


def test_the_message_of_a_call_comes_through() -> None:
    assert _read(Doorstep(), _Context(b"said")) == b"said"


def test_a_call_that_brings_nothing_in_time_has_no_message() -> None:
    with pytest.raises(NoMessage):
        _read(Doorstep(patience_s=0.01), _Context())


def test_a_call_that_ends_without_a_message_has_none() -> None:
    with pytest.raises(NoMessage):
        _read(Doorstep(), _Context(aio.EOF))


async def _taken_back(doorstep: Doorstep) -> asyncio.Task[None]:
    """A call that is cancelled while it is handled."""
    begun = asyncio.Event()

    async def call() -> None:
        async with doorstep.stay():
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(call())
    await begun.wait()
    task.cancel()
    return task


async def _place(doorstep: Doorstep, *, closed: bool) -> tuple[bool, bool]:
    """Whether the place of a call that was taken back is kept at first, and whether the call ends as cancelled."""
    if closed:
        doorstep.close()
    task = await _taken_back(doorstep)
    for _ in range(3):
        await asyncio.sleep(0)
    kept = not task.done()
    doorstep.close()
    await asyncio.wait((task,), timeout=PATIENCE_S)
    return kept, task.cancelled()


def test_a_call_that_is_taken_back_keeps_its_place_until_the_doorstep_is_closed() -> None:
    assert asyncio.run(_place(Doorstep(), closed=False)) == (True, True)


def test_no_place_is_kept_once_the_doorstep_is_closed() -> None:
    assert asyncio.run(_place(Doorstep(), closed=True)) == (False, True)


def test_the_place_comes_free_by_itself() -> None:
    async def ends() -> bool:
        task = await _taken_back(Doorstep())
        await asyncio.wait((task,), timeout=PATIENCE_S)
        return task.cancelled()

    assert asyncio.run(ends())
