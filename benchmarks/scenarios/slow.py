"""Slow readers: live conversations whose callers send and never read, beside callers who do read."""

import asyncio
import time
from typing import Any

from amends.v1 import empathy_service_pb2 as pb
from grpc import aio

from benchmarks.caller import Caller, calls_of
from benchmarks.load import Run, capacity, open_loop
from benchmarks.outcomes import Phase, p99_ms, summarise
from benchmarks.report import Bar, Report
from benchmarks.service import Service, total
from benchmarks.texts import Script

_READERS = 100
"""Streams that nobody reads."""
_TURNS = 40
"""Sent on each: the answers to them fill the 64 KB that HTTP/2 lets lie unread."""
_PATIENCE_S = 120.0
_STREAMS = {"grpc_method": "CoachConversation"}
_LOAD = 0.3
_REQUESTS = 300


def slow(*, seconds: float, scale: float) -> Report:
    """Three tenths of the capacity, without and with `scale` × 100 streams that send and never read, and after them."""
    streams = max(1, round(_READERS * scale))
    with Service() as service:
        runs = asyncio.run(_runs(service, seconds, streams))
        time.sleep(1)
        phases = {name: Phase(name, run.start, run.end) for name, run in runs.items()}
        usage = [service.usage(phase) for phase in phases.values()]
        metrics = service.metrics()
    return Report(
        scenario="slow-readers",
        options={"seconds": seconds, "scale": scale, "streams": streams, "turns_each": _TURNS},
        rows=[row for name, run in runs.items() for row in summarise(phases[name], run.outcomes)],
        figures=[
            {
                "streams": streams,
                "turns_sent_most": streams * _TURNS,
                "turns_received": total(metrics, "grpc_server_msg_received_total", **_STREAMS),
                "answers_sent": total(metrics, "grpc_server_msg_sent_total", **_STREAMS),
            }
        ],
        service=usage,
        bars=[
            Bar("p99 beside slow readers, by without", _ratio(runs), 1.5),
            Bar("MB a slow reader", _mb_each(usage, streams), 1.0),
            Bar("streams still open afterwards", total(metrics, "amends_live_conversations"), 0),
        ],
    )


async def _runs(service: Service, seconds: float, streams: int) -> dict[str, Run]:
    script = Script(seed=6)
    calls = calls_of(script.score_reply(3) for _ in range(_REQUESTS))
    async with Caller(service.target) as caller:
        most = await capacity(caller, calls, min(5.0, seconds))
        rate = _LOAD * most.goodput
        runs = {"without": await open_loop(caller, calls, rate=rate, seconds=seconds)}
        async with aio.insecure_channel(service.target) as channel:
            opened = [_stream(channel) for _ in range(streams)]
            writing = [asyncio.create_task(_send(stream, script)) for stream in opened]
            await _stands_still(service)
            runs["slow readers"] = await open_loop(caller, calls, rate=rate, seconds=seconds)
            for stream in opened:
                stream.cancel()
            await asyncio.gather(*writing, return_exceptions=True)
        runs["afterwards"] = await open_loop(caller, calls, rate=rate, seconds=seconds)
    return runs


def _stream(channel: aio.Channel) -> Any:
    method: aio.StreamStreamMultiCallable[pb.CoachConversationRequest, bytes] = channel.stream_stream(
        "/amends.v1.EmpathyService/CoachConversation",
        request_serializer=pb.CoachConversationRequest.SerializeToString,
    )
    return method()


async def _send(stream: Any, script: Script) -> None:
    """Writes a whole conversation and never reads; stands still once the service reads no more."""
    await stream.write(pb.CoachConversationRequest(event_id="start", start=pb.CoachStart()))
    for index, turn in enumerate(script.conversation(_TURNS).messages()):
        await stream.write(pb.CoachConversationRequest(event_id=str(index), turn=turn))


async def _stands_still(service: Service) -> None:
    """Waits until the service answers no more on the streams: all is said, or nobody reads what it says."""
    answered, give_up = -1.0, time.monotonic() + _PATIENCE_S
    while time.monotonic() < give_up:
        await asyncio.sleep(1)
        now = total(await asyncio.to_thread(service.metrics), "grpc_server_msg_sent_total", **_STREAMS)
        if now == answered:
            return
        answered = now


def _ratio(runs: dict[str, Run]) -> float | None:
    without, beside = p99_ms(runs["without"].outcomes), p99_ms(runs["slow readers"].outcomes)
    return round(beside / without, 2) if without and beside else None


def _mb_each(usage: list[dict[str, Any]], streams: int) -> float | None:
    without, beside = usage[0]["rss_most_mb"], usage[1]["rss_most_mb"]
    return round((beside - without) / streams, 3) if without is not None and beside is not None else None
