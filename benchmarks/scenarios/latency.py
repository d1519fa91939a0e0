"""How fast, while nothing is wrong: alone, at capacity, and in an open loop at half of it."""

import asyncio

from benchmarks.caller import Caller, calls_of
from benchmarks.load import Run, capacity, closed_loop, open_loop, warm_up
from benchmarks.outcomes import Phase, Row, p99_ms, quantiles_ms, summarise
from benchmarks.report import Bar, Report
from benchmarks.service import Service
from benchmarks.texts import Script

_REQUESTS = 2000
_HISTORY = 1
"""One message of the customer before the reply, as in the comparison with peers."""


def latency(*, seconds: float, scale: float, no_cache: bool = True) -> Report:
    """A lone caller, eight callers, and Poisson arrivals at half of what those got; each for so long."""
    flags = ("--cache-mb", "0") if no_cache else ()
    with Service(*flags) as service:
        runs = asyncio.run(_runs(service, seconds, round(_REQUESTS * scale)))
        phases = {name: Phase(name, run.start, run.end) for name, run in runs.items()}
        usage = [service.usage(phase) for phase in phases.values()]
    rows: list[Row] = [row for name, run in runs.items() for row in summarise(phases[name], run.outcomes)]
    return Report(
        scenario="latency",
        options={"seconds": seconds, "scale": scale, "cache": not no_cache},
        rows=rows,
        service=usage,
        bars=[Bar("p99 at half of capacity, by p50 alone", _ratio(runs), 4.0, aim=3.0)],
        notes=[f"the open loop sent its latest call {1000 * max(runs['half'].lags, default=0):.1f} ms late"],
    )


async def _runs(service: Service, seconds: float, requests: int) -> dict[str, Run]:
    script = Script(seed=1)
    calls = calls_of(script.score_reply(_HISTORY) for _ in range(max(20, requests)))
    async with Caller(service.target) as caller:
        await warm_up(caller, calls, seconds)
        lone = await closed_loop(caller, calls, concurrency=1, seconds=seconds)
        most = await capacity(caller, calls, seconds)
        half = await open_loop(caller, calls, rate=most.goodput / 2, seconds=seconds)
    return {"lone": lone, "capacity": most, "half": half}


def _ratio(runs: dict[str, Run]) -> float | None:
    half = p99_ms(runs["half"].outcomes)
    lone = quantiles_ms([each.seconds for each in runs["lone"].outcomes if not each.reason])["p50_ms"]
    return round(half / lone, 2) if half and lone else None
