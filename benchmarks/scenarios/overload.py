"""Twice, five and twenty times what the service can do: what still comes through, and how late."""

import asyncio
from typing import Any

from benchmarks.caller import Call, Caller, calls_of
from benchmarks.load import DEADLINE_S, Run, capacity, open_loop, warm_up
from benchmarks.outcomes import Phase, p99_ms, summarise
from benchmarks.report import Bar, Report
from benchmarks.service import Service, counters
from benchmarks.texts import Script

_LOADS = {2: (0.95, 0.98), 5: (0.90, 0.95), 20: (0.80, 0.90)}
"""Multiple of the capacity: goodput by the best, as it has to be and as it should."""
_HISTORY = 11
"""Turns before the reply: some twenty sentences a call. So twenty times the capacity is a rate that one Python client
on the same machine can send."""
_REQUESTS = 300
_PAUSE_S = 1.0


def overload(*, seconds: float, scale: float) -> Report:
    """Measures the capacity, then offers multiples of it; each for so long. `scale` is a multiple of the requests."""
    with Service("--cache-mb", "0") as service:
        calls, phases, runs = asyncio.run(_runs(service, seconds, round(_REQUESTS * scale)))
        usage = [{**service.usage(phases[name]), **counted} for name, counted in calls.items()]
    best = max(run.goodput for run in runs.values())
    return Report(
        scenario="overload",
        options={"seconds": seconds, "scale": scale, "deadline_s": DEADLINE_S, "history_turns": _HISTORY},
        rows=[row for name, run in runs.items() for row in summarise(phases[name], run.outcomes)],
        figures=[_figures(name, run, seconds, best) for name, run in runs.items()],
        service=usage,
        bars=_bars(runs, best),
    )


async def _runs(
    service: Service, seconds: float, requests: int
) -> tuple[dict[str, dict[str, Any]], dict[str, Phase], dict[str, Run]]:
    script = Script(seed=2)
    calls = calls_of(script.score_reply(_HISTORY) for _ in range(max(20, requests)))
    runs: dict[str, Run] = {}
    counted: dict[str, dict[str, Any]] = {}
    async with Caller(service.target) as caller:
        await warm_up(caller, calls, seconds)
        for name in ("capacity", *(f"{load}×" for load in _LOADS)):
            before = await asyncio.to_thread(service.metrics)
            runs[name] = await _one(caller, calls, name, runs, seconds)
            counted[name] = counters(before, await asyncio.to_thread(service.metrics))
            await asyncio.sleep(_PAUSE_S)
    return counted, {name: Phase(name, run.start, run.end) for name, run in runs.items()}, runs


async def _one(caller: Caller, calls: list[Call], name: str, runs: dict[str, Run], seconds: float) -> Run:
    if name == "capacity":
        return await capacity(caller, calls, seconds)
    rate = runs["capacity"].goodput * float(name.removesuffix("×"))
    return await open_loop(caller, calls, rate=rate, seconds=seconds)


def _figures(name: str, run: Run, seconds: float, best: float) -> dict[str, Any]:
    return {
        "load": name,
        "offered_rate": round(len(run.outcomes) / seconds, 1),
        "goodput": round(run.goodput, 1),
        "goodput_by_best": round(run.goodput / best, 3) if best else None,
        "admitted_p99_ms": p99_ms(run.outcomes),
        "sent_late_ms": round(1000 * max(run.lags, default=0.0), 1),
    }


def _bars(runs: dict[str, Run], best: float) -> list[Bar]:
    bars = [
        Bar(
            f"goodput at {load}×, by the best", round(runs[f"{load}×"].goodput / best, 3), limit, at_least=True, aim=aim
        )
        for load, (limit, aim) in _LOADS.items()
        if best
    ]
    late = p99_ms(runs["5×"].outcomes)
    return [*bars, Bar("p99 of the admitted at 5×, ms", late, 1000 * DEADLINE_S)]
