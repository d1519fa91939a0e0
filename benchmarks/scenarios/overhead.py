"""What a ScoreReply costs outside inference and tokenisation: processor time of the service with all sentences cached.

The encoder is not run, and so nothing is tokenised; what is left is gRPC, protobuf, validation, planning, the cache,
judging, metrics and the log line. Processor time is that of the whole process, socket to socket.
"""

import asyncio
from typing import Any

from benchmarks.caller import Caller, calls_of
from benchmarks.load import Run, closed_loop, warm_up
from benchmarks.outcomes import Phase, Row, summarise
from benchmarks.report import Bar, Report
from benchmarks.service import Service, change, counters
from benchmarks.texts import Script

_REQUESTS = 200
_CONCURRENCY = 8
_HISTORIES = {"first reply": 1, "ninth turn": 9}


def overhead(*, seconds: float, scale: float) -> Report:
    """Asks the same 200 × `scale` requests again and again, for so long each: short ones, and ones with a history."""
    rows: list[Row] = []
    figures: list[dict[str, Any]] = []
    for name, history in _HISTORIES.items():
        with Service() as service:
            run, figure = asyncio.run(_run(service, seconds, round(_REQUESTS * scale), history))
        figures.append({"request": name, **figure})
        rows += summarise(Phase(name, run.start, run.end), run.outcomes)
    return Report(
        scenario="overhead",
        options={"seconds": seconds, "scale": scale},
        rows=rows,
        figures=figures,
        bars=[Bar("processor ms of a ScoreReply outside inference", figures[0]["cpu_ms_a_call"], 0.6, aim=0.3)],
        notes=["all sentences cached; the log line of each call is part of the cost"],
    )


async def _run(service: Service, seconds: float, requests: int, history: int) -> tuple[Run, dict[str, Any]]:
    script = Script(seed=9)
    calls = calls_of(script.score_reply(history) for _ in range(max(20, requests)))
    async with Caller(service.target) as caller:
        for call in calls:
            await caller.ask(call)
        await warm_up(caller, calls, seconds)
        before = await asyncio.to_thread(service.metrics)
        _, _, cpu_before = service.watch.sample()
        run = await closed_loop(caller, calls, concurrency=_CONCURRENCY, seconds=seconds)
        _, _, cpu_after = service.watch.sample()
        after = await asyncio.to_thread(service.metrics)
    done = sum(not each.reason for each in run.outcomes)
    return run, {
        "cpu_ms_a_call": round(1000 * (cpu_after - cpu_before) / max(1, done), 3),
        "cache_hit_share": counters(before, after)["cache_hit_share"],
        "sentences_encoded": change(before, after, "amends_inference_seconds_count"),
    }
