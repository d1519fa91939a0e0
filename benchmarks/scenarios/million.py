"""A million calls, one in five left by its caller: does memory grow with calls, once caches and heaps are full?"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from benchmarks.caller import Call, Caller, calls_of
from benchmarks.plots import Plot
from benchmarks.progress import say
from benchmarks.report import Bar, Report
from benchmarks.service import Service, counters, total
from benchmarks.texts import Script

_CALLS = 1_000_000
_CALLERS = 32
_CANCELLED = 0.2
_LEAVES_WITHIN_S = 0.02
_REQUESTS = 2000
"""Different ones, sent again and again, most of them known to the cache: so many calls are made in half an hour."""
_TIMEOUT_S = 30.0
_REFUSED = "OVERLOADED"
"""As it should be while nothing is in the cache yet."""
_WARM_UP = 0.2
_SAMPLE_S = 5.0
_MOST_MB = 5.0


@dataclass(slots=True)
class _Tally:
    """What was called so far."""

    reasons: Counter[str] = field(default_factory=Counter)
    """Calls by why they failed; empty where they did not."""
    samples: list[tuple[int, float]] = field(default_factory=list)
    """Calls made, and megabytes of the service then."""
    anonymous: list[tuple[int, float]] = field(default_factory=list)
    """The same without what is mapped from files."""

    @property
    def calls(self) -> int:
        return self.reasons.total()


def million(*, seconds: float, scale: float) -> Report:
    """Makes `scale` million calls, in `seconds` at most."""
    wanted = round(_CALLS * scale)
    with Service() as service:
        before, started = service.metrics(), time.monotonic()
        tally = asyncio.run(_run(service, wanted, started + seconds))
        took = time.monotonic() - started
        after = service.metrics()
    slope = mb_a_million(tally.anonymous)
    errors = {reason: count for reason, count in tally.reasons.items() if reason not in {"", "left", _REFUSED}}
    return Report(
        scenario="million",
        options={"seconds": seconds, "scale": scale, "callers": _CALLERS, "cancelled": _CANCELLED},
        rows=[],
        figures=[
            {
                "calls": tally.calls,
                "left": tally.reasons["left"],
                "refused": tally.reasons[_REFUSED],
                "errors": sum(errors.values()),
                "calls_a_second": round(tally.calls / took, 1),
                "mb_after_warm_up": _first(tally.samples),
                "mb_at_the_end": tally.samples[-1][1] if tally.samples else None,
                "mb_a_million_calls": mb_a_million(tally.samples),
                "anonymous_mb_a_million_calls": slope,
            }
        ],
        service=[{"phase": "whole run", **counters(before, after)}],
        bars=[
            Bar("calls made", tally.calls, wanted, at_least=True),
            Bar("anonymous memory, MB a million calls", slope, _MOST_MB),
            Bar("errors", sum(errors.values()), 0),
            Bar("calls still in flight afterwards", total(after, "amends_calls_in_flight"), 0),
        ],
        plots=[_plot(tally)],
    )


def mb_a_million(samples: list[tuple[int, float]]) -> float | None:
    """Slope of a line through memory over calls, without the warm-up; None where there are too few samples."""
    if not samples:
        return None
    kept = np.array([each for each in samples if each[0] >= _WARM_UP * samples[-1][0]])
    if len(kept) < 3:
        return None
    return round(1e6 * float(np.polyfit(kept[:, 0], kept[:, 1], 1)[0]), 2)


async def _run(service: Service, wanted: int, until: float) -> _Tally:
    rng, script, tally = random.Random(6), Script(seed=6), _Tally()
    calls = calls_of(
        script.score_reply(rng.choice((1, 3))) if rng.random() < 0.5 else script.next_step(rng.choice((1, 3)))
        for _ in range(_REQUESTS)
    )
    async with Caller(service.target) as caller:
        sampling = asyncio.create_task(_sample(service, tally))
        numbers = iter(range(wanted))  # shared: each call is made by whoever comes next
        await asyncio.gather(*(_one(caller, calls, tally, numbers, until) for _ in range(_CALLERS)))
        sampling.cancel()
    return tally


async def _one(caller: Caller, calls: list[Call], tally: _Tally, numbers: Iterator[int], until: float) -> None:
    for number in numbers:
        if time.monotonic() >= until:
            return
        rng = random.Random(number)
        tally.reasons[await _call(caller, rng.choice(calls), rng)] += 1


async def _call(caller: Caller, call: Call, rng: random.Random) -> str:
    if rng.random() >= _CANCELLED:
        return (await caller.send(call, timeout_s=_TIMEOUT_S)).reason
    started = caller.start(call, _TIMEOUT_S)
    await asyncio.sleep(rng.uniform(0, _LEAVES_WITHIN_S))
    return "left" if started.cancel() else ""


async def _sample(service: Service, tally: _Tally) -> None:
    while True:
        await asyncio.sleep(_SAMPLE_S)
        tally.samples.append((tally.calls, round(service.watch.samples[-1][1], 1)))
        tally.anonymous.append((tally.calls, round(service.watch.anonymous_mb(), 2)))
        if len(tally.samples) % 12 == 0:
            say(f"{tally.calls} calls, {tally.samples[-1][1]:.0f} MB")


def _first(samples: list[tuple[int, float]]) -> float | None:
    return next((mb for calls, mb in samples if calls >= _WARM_UP * samples[-1][0]), None)


def _plot(tally: _Tally) -> Plot:
    thousands = [round(calls / 1000, 1) for calls, _ in tally.samples]
    lines = {"resident memory, MB": tally.samples, "of no file, MB": tally.anonymous}
    return Plot("million", "thousand calls", thousands, {name: [mb for _, mb in each] for name, each in lines.items()})
