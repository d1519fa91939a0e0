"""Clients that vanish: callers who leave in the middle, and processes that are killed with calls under way."""

import asyncio
import subprocess
import sys
import time

from benchmarks.caller import Caller, calls_of
from benchmarks.load import Run, capacity, open_loop
from benchmarks.outcomes import Phase, p99_ms, summarise
from benchmarks.report import Bar, Report
from benchmarks.service import Service, counters, total
from benchmarks.texts import ROOT, Script

_LOAD = 0.5
"""Of the capacity: the rest of the callers must not notice."""
_CANCELLED = 0.5
_REQUESTS = 500
_HISTORY = 5
_KILLED_EVERY_S = 1.0
_SETTLE_S = 2.0
_VICTIM = """
import asyncio, sys
from benchmarks.caller import Caller, calls_of
from benchmarks.load import closed_loop
from benchmarks.texts import Script

async def run():
    script = Script(seed=5)
    calls = calls_of(script.score_reply(5) for _ in range(50))
    async with Caller(sys.argv[1]) as caller:
        print("calling", flush=True)
        await closed_loop(caller, calls, concurrency=16, seconds=600)

asyncio.run(run())
"""


def vanish(*, seconds: float, scale: float) -> Report:
    """Half of the capacity: undisturbed, with half of the callers leaving, with clients killed, and after it."""
    with Service("--cache-mb", "0") as service:
        before = service.metrics()
        runs = asyncio.run(_runs(service, seconds, round(_REQUESTS * scale)))
        time.sleep(_SETTLE_S)
        after = service.metrics()
        phases = {name: Phase(name, run.start, run.end) for name, run in runs.items()}
        usage = [service.usage(phase) for phase in phases.values()]
    left = [
        Bar("calls still in flight afterwards", total(after, "amends_calls_in_flight"), 0),
        Bar("sentences still queued afterwards", total(after, "amends_queue_sentences"), 0),
    ]
    return Report(
        scenario="vanish",
        options={"seconds": seconds, "scale": scale},
        rows=[row for name, run in runs.items() for row in summarise(phases[name], run.outcomes)],
        service=[*usage, {"phase": "whole run", **counters(before, after)}],
        bars=[*left, Bar("p99 afterwards, by before", _ratio(runs), 1.5)],
    )


async def _runs(service: Service, seconds: float, requests: int) -> dict[str, Run]:
    script = Script(seed=4)
    calls = calls_of(script.score_reply(_HISTORY) for _ in range(max(20, requests)))
    async with Caller(service.target) as caller:
        most = await capacity(caller, calls, min(5.0, seconds))
        rate = _LOAD * most.goodput
        runs = {"undisturbed": await open_loop(caller, calls, rate=rate, seconds=seconds)}
        runs["half leave"] = await open_loop(caller, calls, rate=rate, seconds=seconds, cancelled=_CANCELLED)
        killing = asyncio.create_task(_kill(service.target, seconds))
        runs["clients killed"] = await open_loop(caller, calls, rate=rate / 2, seconds=seconds)
        await killing
        runs["afterwards"] = await open_loop(caller, calls, rate=rate, seconds=seconds)
    return runs


async def _kill(target: str, seconds: float) -> None:
    """Starts clients with 16 calls under way, and kills each by SIGKILL."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        victim = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _VICTIM, target, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert victim.stdout is not None
        await victim.stdout.readline()
        await asyncio.sleep(min(_KILLED_EVERY_S, seconds))
        victim.kill()
        await victim.wait()


def _ratio(runs: dict[str, Run]) -> float | None:
    before, after = p99_ms(runs["undisturbed"].outcomes), p99_ms(runs["afterwards"].outcomes)
    return round(after / before, 2) if before and after else None
