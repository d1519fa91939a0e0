"""Idle connections: how many may be open, and what each costs, while a few callers go on."""

import asyncio
import resource
from typing import Any

from benchmarks.caller import Caller, calls_of
from benchmarks.load import Run, open_loop
from benchmarks.outcomes import Phase, quantiles_ms, summarise
from benchmarks.plots import Plot
from benchmarks.report import Bar, Report
from benchmarks.service import Service
from benchmarks.texts import Script

_MOST = 5000
_STEPS = (0.0, 0.1, 0.25, 0.5, 1.0)
_SPARE_FILES = 200
_AT_ONCE = 50
"""Connections opened together: more overrun the queue of the listening socket."""
_RATE = 20.0
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
"""What a client says first, with empty settings (RFC 9113, 3.4); then it is silent."""
_ACK = b"\x00\x00\x00\x04\x01\x00\x00\x00\x00"
_BESIDE = 1000
"""How many connections more the service is told to take: by default it takes fewer than are opened here."""


def idle(*, seconds: float, scale: float) -> Report:
    """Opens up to `scale` × 5,000 connections in steps, as many as open files allow; calls go on beside them."""
    most = min(round(_MOST * scale), resource.getrlimit(resource.RLIMIT_NOFILE)[0] - _SPARE_FILES)
    with Service("--max-connections", str(most + _BESIDE)) as service:
        steps = asyncio.run(_steps(service, seconds, most))
        phases = [Phase(f"{count} idle", run.start, run.end) for count, run in steps]
        usage = [service.usage(phase) for phase in phases]
    return Report(
        scenario="idle",
        options={"seconds": seconds, "scale": scale, "most": most},
        rows=[row for phase, (_, run) in zip(phases, steps, strict=True) for row in summarise(phase, run.outcomes)],
        figures=_figures(steps, usage),
        service=usage,
        bars=[
            Bar("connections held", float(steps[-1][0]), most, at_least=True),
            Bar("kB a connection", _kb_each(steps, usage), 200.0),
        ],
        plots=[_plot(steps, usage)],
        notes=[f"this process may open {resource.getrlimit(resource.RLIMIT_NOFILE)[0]} files"],
    )


async def _steps(service: Service, seconds: float, most: int) -> list[tuple[int, Run]]:
    script = Script(seed=8)
    calls = calls_of(script.score_reply() for _ in range(200))
    held: list[_Idle] = []
    found = []
    async with Caller(service.target, connections=1) as caller:
        await open_loop(caller, calls, rate=_RATE, seconds=min(2.0, seconds))
        for part in _STEPS:
            await _open(service.port, held, round(part * most))
            found.append(
                (sum(not each.closed for each in held), await open_loop(caller, calls, rate=_RATE, seconds=seconds))
            )
    for each in held:
        each.close()
    return found


class _Idle(asyncio.Protocol):
    """A connection that says what HTTP/2 wants, and then nothing."""

    def __init__(self) -> None:
        self.closed = False

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.write(_PREFACE + _ACK)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True

    def close(self) -> None:
        self._transport.close()


async def _open(port: int, held: list[_Idle], count: int) -> None:
    """Opens connections until `count` are held, or no more can be."""
    loop = asyncio.get_running_loop()
    while (missing := count - len(held)) > 0:
        opening = (loop.create_connection(_Idle, "127.0.0.1", port) for _ in range(min(missing, _AT_ONCE)))
        opened = [each for each in await asyncio.gather(*opening, return_exceptions=True) if isinstance(each, tuple)]
        if not opened:
            return
        held += [protocol for _, protocol in opened]


def _figures(steps: list[tuple[int, Run]], usage: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "connections": count,
            "p50_ms": quantiles_ms([each.seconds for each in run.outcomes if not each.reason])["p50_ms"],
            "rss_mb": used["rss_mb"],
        }
        for (count, run), used in zip(steps, usage, strict=True)
    ]


def _plot(steps: list[tuple[int, Run]], usage: list[dict[str, Any]]) -> Plot:
    figures = _figures(steps, usage)
    panels = {
        "p50, ms": [each["p50_ms"] for each in figures],
        "resident memory, MB": [each["rss_mb"] for each in figures],
    }
    return Plot("growth-connections", "idle connections", [each["connections"] for each in figures], panels)


def _kb_each(steps: list[tuple[int, Run]], usage: list[dict[str, Any]]) -> float | None:
    few: float | None = usage[0]["rss_mb"]
    many: float | None = usage[-1]["rss_mb"]
    if few is None or many is None or not steps[-1][0]:
        return None
    return round(1024 * (many - few) / steps[-1][0], 1)
