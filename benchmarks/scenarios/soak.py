"""Half an hour at 70 %: mixed requests, one in five left by its caller, and the memory of the service all the while."""

import asyncio
import random
from typing import Any

import numpy as np

from benchmarks.caller import Call, Caller, call_of
from benchmarks.load import Run, capacity, open_loop, warm_up
from benchmarks.outcomes import Phase, summarise
from benchmarks.plots import Plot
from benchmarks.report import Bar, Report
from benchmarks.service import Service, Watch, counters, total
from benchmarks.texts import Script

_LOAD = 0.7
_CANCELLED = 0.2
_WARM_UP = 0.2
"""Part of the run in which memory may grow: caches and heaps fill."""
_TIMEOUT_S = 10.0
_REQUESTS = 3000
_WINDOWS = 6
_POINTS = 300
"""Of the plot."""


def soak(*, seconds: float, scale: float) -> Report:
    """Runs so long at `scale` × 70 % of the capacity."""
    calls = _mixed(_REQUESTS)
    with Service() as service:
        before = service.metrics()
        run = asyncio.run(_run(service, calls, seconds, scale))
        after = service.metrics()
        phases = _windows(run)
        usage = [service.usage(phase) for phase in phases]
    growth, slope = memory_growth(service.watch, run)
    return Report(
        scenario="soak",
        options={"seconds": seconds, "scale": scale, "load": _LOAD * scale, "cancelled": _CANCELLED},
        rows=[row for phase in phases for row in summarise(phase, run.outcomes)],
        figures=[{"memory_growth_share": growth, "mb_an_hour": slope}],
        service=[*usage, {"phase": "whole run", **counters(before, after)}],
        bars=[
            Bar("memory growth after warm-up, share", growth, 0.05, aim=0.0),
            Bar("calls still in flight afterwards", total(after, "amends_calls_in_flight"), 0),
            Bar("share of errors", _error_share(run), 0.001),
        ],
        plots=[_plot(service.watch, run)],
    )


def memory_growth(watch: Watch, run: Run) -> tuple[float | None, float | None]:
    """How much memory grew after the warm-up, as a part of itself, and by how many MB an hour: a fitted line."""
    start = run.start + _WARM_UP * (run.end - run.start)
    samples = np.array([(at, rss) for at, rss, _ in watch.samples if start <= at <= run.end])
    if len(samples) < 3:
        return None, None
    slope, level = np.polyfit(samples[:, 0] - start, samples[:, 1], 1)
    return round(float(slope * (run.end - start) / level), 4), round(float(3600 * slope), 2)


async def _run(service: Service, calls: list[Call], seconds: float, scale: float) -> Run:
    async with Caller(service.target) as caller:
        await warm_up(caller, calls, min(60.0, seconds))
        most = await capacity(caller, calls, min(20.0, seconds))
        rate = _LOAD * scale * most.goodput
        return await open_loop(
            caller, calls, rate=rate, seconds=seconds, timeout_s=_TIMEOUT_S, cancelled=_CANCELLED, seed=3
        )


def _mixed(count: int) -> list[Call]:
    """Requests of every kind and size: most are live and short, some long, a few in bulk."""
    rng, script = random.Random(3), Script(seed=3)
    return [call_of(_one(rng, script)) for _ in range(count)]


def _one(rng: random.Random, script: Script) -> Any:
    kind = rng.random()
    history = rng.choice((1, 3, 5, 9, 15, 39))
    if kind < 0.5:
        return script.score_reply(history, rng.choice((None, None, None, 10, 40)))
    if kind < 0.95:
        return script.next_step(history)
    return script.batch(rng.choice((2, 5, 10)))


def _windows(run: Run) -> list[Phase]:
    each = (run.end - run.start) / _WINDOWS
    return [
        Phase(f"{index + 1} of {_WINDOWS}", run.start + index * each, run.start + (index + 1) * each)
        for index in range(_WINDOWS)
    ]


def _error_share(run: Run) -> float:
    """Part of the calls that failed, without those whose callers left."""
    stayed = [each for each in run.outcomes if each.reason != "left"]
    return round(sum(bool(each.reason) for each in stayed) / max(1, len(stayed)), 4)


def _plot(watch: Watch, run: Run) -> Plot:
    samples = watch.samples[:: max(1, len(watch.samples) // _POINTS)]
    minutes = [round((at - run.start) / 60, 3) for at, _, _ in samples]
    return Plot("soak", "minutes", minutes, {"resident memory, MB": [round(rss, 1) for _, rss, _ in samples]})
