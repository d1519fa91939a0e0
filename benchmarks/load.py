"""Two ways to load a service: closed (so many callers, each waits) and open (calls come when they come).

A closed loop slows down with the service and so hides its waits; in an open loop a call counts from when it was due,
whether or not it could be sent then.

Source: Schroeder, Wierman, Harchol-Balter (2006), Open versus closed: a cautionary tale; Tene, coordinated omission.
"""

import asyncio
import itertools
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from benchmarks.caller import Call, Caller
from benchmarks.outcomes import Outcome


class Sender(Protocol):
    """Sends calls: over gRPC, or to a peer in its own way."""

    async def send(self, call: Call, *, timeout_s: float, due: float | None = None) -> Outcome:
        """Makes a call and tells what came of it."""
        ...


DEADLINE_S = 2.0
"""As the client's own default."""
_FEW = 8
_ENOUGH = 20
"""Answers from which a capacity is told."""
_LONGEST_S = 300.0
_WARM_UP_S = 120.0
"""A service that was just started may be half as fast for so long (docs/decisions/0025)."""
_BACK_OFF_S = 0.05
"""A refused caller of a closed loop waits so long; at once again would only measure refusing."""


class NoCapacity(RuntimeError):
    """The service answers too little to be loaded by multiples of it."""


@dataclass(slots=True)
class Run:
    """What a load made."""

    start: float
    """Monotonic seconds."""
    end: float
    """When no more calls were made; those under way were waited for."""
    outcomes: list[Outcome] = field(default_factory=list)
    lags: list[float] = field(default_factory=list)
    """Open loop: seconds by which calls were sent late. Large ones say that the generator, too, is at its end."""

    @property
    def goodput(self) -> float:
        """Answers without error a second, of those that came in the run, without its first quarter or 2 seconds."""
        start = self.start + min(2.0, (self.end - self.start) / 4)
        good = sum(not each.reason and start <= each.at + each.seconds < self.end for each in self.outcomes)
        return good / (self.end - start)


def poisson(rate: float, seconds: float, rng: random.Random) -> Iterator[float]:
    """Arrival times of a Poisson process of `rate` a second, in seconds from 0, as long as `seconds`."""
    at = rng.expovariate(rate)
    while at < seconds:
        yield at
        at += rng.expovariate(rate)


async def closed_loop(
    caller: Sender, calls: Sequence[Call], *, concurrency: int, seconds: float, timeout_s: float = 30.0
) -> Run:
    """So many callers, each with its next call when the last was answered."""
    run = Run(time.monotonic(), time.monotonic() + seconds)
    supply = itertools.cycle(calls)

    async def one() -> None:
        while time.monotonic() < run.end:
            run.outcomes.append(outcome := await caller.send(next(supply), timeout_s=timeout_s))
            if outcome.reason:
                await asyncio.sleep(_BACK_OFF_S)

    await asyncio.gather(*(one() for _ in range(concurrency)))
    return run


def warm_up_s(seconds: float) -> float:
    """How long to warm up before phases of so many seconds: twice as long as one, at most two minutes."""
    return min(_WARM_UP_S, 2 * seconds)


async def warm_up(caller: Sender, calls: Sequence[Call], seconds: float) -> None:
    """Keeps every thread at work before phases of so many seconds are measured."""
    await closed_loop(caller, calls, concurrency=4, seconds=warm_up_s(seconds))


async def capacity(caller: Sender, calls: Sequence[Call], seconds: float) -> Run:
    """The most that a few callers get: enough to keep every thread at work, too few for a queue that stands.

    Tried again for twice as long where too few answers came to tell.

    Raises:
        NoCapacity: next to nothing was answered.
    """
    run = await closed_loop(caller, calls, concurrency=_FEW, seconds=seconds)
    if run.goodput * seconds >= _ENOUGH:
        return run
    if seconds >= _LONGEST_S:
        raise NoCapacity(f"fewer than {_ENOUGH} answers in {seconds:g} s: is the machine busy, or the service broken?")
    return await capacity(caller, calls, 2 * seconds)


async def open_loop(
    caller: Caller,
    calls: Sequence[Call],
    *,
    rate: float,
    seconds: float,
    timeout_s: float = DEADLINE_S,
    cancelled: float = 0.0,
    seed: int = 0,
) -> Run:
    """Poisson arrivals of `rate` a second; `cancelled` is the part of the calls whose callers leave within 50 ms.

    The calls themselves are taken in turn, again from the first after the last.
    """
    rng = random.Random(seed)
    run = Run(time.monotonic(), time.monotonic() + seconds)
    supply = itertools.cycle(calls)
    tasks: set[asyncio.Task[None]] = set()

    async def one(due: float) -> None:
        run.lags.append(time.monotonic() - due)
        leaves = rng.uniform(0, 0.05) if rng.random() < cancelled else None
        run.outcomes.append(await _call(caller, next(supply), due, timeout_s, leaves))

    for at in poisson(rate, seconds, rng):
        if (wait_s := run.start + at - time.monotonic()) > 0:
            await asyncio.sleep(wait_s)
        elif len(tasks) % 16 == 0:
            await asyncio.sleep(0)  # late already: let what was sent go on
        task = asyncio.ensure_future(one(run.start + at))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    return run


async def _call(caller: Caller, call: Call, due: float, timeout_s: float, leaves: float | None) -> Outcome:
    left_s = max(0.001, due + timeout_s - time.monotonic())
    if leaves is None:
        return await caller.send(call, timeout_s=left_s, due=due)
    started = caller.start(call, left_s)
    await asyncio.sleep(leaves)
    done = not started.cancel()
    return Outcome(call.rpc, due, time.monotonic() - due, "" if done else "left")
