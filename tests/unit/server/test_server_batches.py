"""Batches are freed once gRPC's core is done with them, also those of calls that are left."""

import asyncio
import ctypes
import gc
from collections.abc import Callable, Coroutine
from importlib import import_module
from typing import Any

import grpc
import pytest
from amends_server.batches import FreedBatches, free_batches
from grpc import aio

cygrpc: Any = import_module("grpc._cython.cygrpc")
_CALLS = 2000
_CALLERS = 50
_MOST_BYTES_A_CALL = 300
"""Both ends of a call that is left keep 1,000 to 1,400 where they free nothing."""


class _Core:
    """Takes batches as gRPC's part does, and ends them when it is told."""

    def __init__(self) -> None:
        self.begun: list[Any] = []
        self.freed: list[str] = []

    async def execute(self, call: str, operations: tuple[str, ...], loop: Any) -> None:
        future = loop.create_future()
        self.begun.append(future)
        await future
        self.freed.extend(operations)


def _with_core(test: Callable[[_Core, FreedBatches], Coroutine[Any, Any, None]]) -> None:
    core = _Core()
    asyncio.run(test(core, FreedBatches(core.execute)))


def test_a_batch_that_ends_is_freed() -> None:
    async def test(core: _Core, execute: FreedBatches) -> None:
        batch = execute("call", ("send", "receive"), asyncio.get_running_loop())
        core.begun[0].set_result(None)
        await batch
        assert core.freed == ["send", "receive"]

    _with_core(test)


def test_a_batch_whose_awaiter_is_cancelled_is_freed_when_it_ends() -> None:
    async def test(core: _Core, execute: FreedBatches) -> None:
        batch = execute("call", ("receive",), asyncio.get_running_loop())
        batch.cancel()
        with pytest.raises(asyncio.CancelledError):
            await batch
        assert not core.freed
        assert not core.begun[0].cancelled()
        core.begun[0].set_result(None)
        assert core.freed == ["receive"]

    _with_core(test)


def test_a_batch_that_fails_is_freed_and_says_so() -> None:
    async def test(core: _Core, execute: FreedBatches) -> None:
        batch = execute("call", ("send",), asyncio.get_running_loop())
        core.begun[0].set_exception(RuntimeError("the caller is gone"))
        assert core.freed == ["send"]
        with pytest.raises(RuntimeError, match="the caller is gone"):
            await batch

    _with_core(test)


def test_what_freeing_raises_is_told() -> None:
    begun: list[Any] = []

    async def execute(call: str, operations: tuple[str, ...], loop: Any) -> None:
        begun.append(loop.create_future())
        await begun[0]
        raise ValueError("no message")

    async def test() -> None:
        batch = FreedBatches(execute)("call", (), asyncio.get_running_loop())
        begun[0].set_result(None)
        with pytest.raises(ValueError, match="no message"):
            await batch

    asyncio.run(test())


def test_a_batch_that_is_heard_of_in_another_loop_ends_in_its_own() -> None:
    async def test(core: _Core, execute: FreedBatches) -> None:
        batch = execute("call", ("send",), asyncio.get_running_loop())

        async def hear() -> None:
            core.begun[0].call_soon_threadsafe(core.begun[0].set_result, None)

        await asyncio.to_thread(asyncio.run, hear())
        await batch
        assert core.freed == ["send"]

    _with_core(test)


def test_other_releases_of_grpc_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grpc, "__version__", "1.99.0")
    before = cygrpc.execute_batch
    free_batches()
    assert cygrpc.execute_batch is before


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="only glibc tells the bytes in use")
@pytest.mark.parametrize("ends", ["cancelled", "answered"])
def test_calls_that_are_left_keep_no_memory(ends: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cygrpc, "execute_batch", cygrpc.execute_batch)  # put back after the test
    free_batches()
    asyncio.run(_leave_calls(answers=ends == "answered"))


async def _leave_calls(*, answers: bool) -> None:
    arrived: asyncio.Queue[None] = asyncio.Queue()

    async def wait(request: bytes, context: Any) -> bytes:
        arrived.put_nowait(None)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if not answers:
                raise
        return request

    server = aio.server()
    methods: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {"Wait": grpc.unary_unary_rpc_method_handler(wait)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Left", methods),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        leave: Any = channel.unary_unary("/test.Left/Wait")
        await _leave(leave, arrived, _CALLS // 2)
        before = _bytes_in_use()
        await _leave(leave, arrived, _CALLS)
        kept = (_bytes_in_use() - before) / _CALLS
    await server.stop(None)
    assert kept < _MOST_BYTES_A_CALL


async def _leave(method: Any, arrived: asyncio.Queue[None], calls: int) -> None:
    for _ in range(calls // _CALLERS):
        started = [method(b"request") for _ in range(_CALLERS)]
        for _ in started:
            await arrived.get()
        for call in started:
            call.cancel()
        await asyncio.gather(*started, return_exceptions=True)


class _Mallinfo2(ctypes.Structure):
    """Source: mallinfo(3)."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    ]


def _bytes_in_use() -> int:
    gc.collect()
    mallinfo2 = ctypes.CDLL(None).mallinfo2
    mallinfo2.restype = _Mallinfo2
    return int(mallinfo2().uordblks)
