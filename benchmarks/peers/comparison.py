"""All peers in one run, one after the other, and one table with ratios."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

from benchmarks.caller import Call, Caller
from benchmarks.load import Run, Sender, closed_loop, warm_up
from benchmarks.outcomes import Phase, Row, row_of
from benchmarks.peers.encoders import threads
from benchmarks.peers.limit import limit
from benchmarks.peers.peer import Peer, PeerMissing, peers, serving
from benchmarks.peers.workload import Item, mean_sentences, workload
from benchmarks.progress import say
from benchmarks.report import Bar, Report
from benchmarks.service import Service

_CONCURRENCY = 32
_ITEMS = 1000
_LIMIT, _OURS, _CACHED = "the limit: ONNX Runtime alone", "amends, no cache", "amends, every sentence cached"
_READY_S = 120.0


def compare_peers(*, seconds: float, scale: float) -> Report:
    """Asks each peer for so long by 32 callers; `scale` is a multiple of the 1,000 different requests."""
    items = workload(max(20, round(_ITEMS * scale)))
    rows: dict[str, Row] = {}
    notes = []
    for peer in peers():
        say(peer.name)
        try:
            with serving(peer) as port:
                rows[peer.name] = _row(peer.name, asyncio.run(_ask(peer, port, items, seconds)))
        except PeerMissing as error:
            notes.append(f"left out: {peer.name}: {error}")
    say(_LIMIT)
    rows[_LIMIT] = _row(_LIMIT, limit(items, seconds))
    say("amends")
    rows[_OURS] = _row(_OURS, _ours(items, seconds, "--cache-mb", "0"))
    rows[_CACHED] = _row(_CACHED, _ours(items, seconds))
    return Report(
        scenario="peers",
        options={"seconds": seconds, "scale": scale, "callers": _CONCURRENCY, "threads": threads()},
        rows=list(rows.values()),
        figures=_ratios(rows),
        bars=_bars(rows),
        notes=[f"{len(items)} requests of {mean_sentences(items)} sentences", *notes],
    )


def _ours(items: Sequence[Item], seconds: float, *flags: str) -> Run:
    async def ask(service: Service) -> Run:
        calls = [item.ours for item in items]
        return await _load(Caller(service.target), calls, seconds, first=len(calls) if not flags else 0)

    with Service(*flags) as service:
        return asyncio.run(ask(service))


async def _ask(peer: Peer, port: int, items: Sequence[Item], seconds: float) -> Run:
    if peer.path is None:
        return await _load(Caller(f"127.0.0.1:{port}"), [item.split for item in items], seconds)
    from benchmarks.peers.http_caller import HttpCaller

    return await _load(HttpCaller(f"http://127.0.0.1:{port}{peer.path}"), [item.json for item in items], seconds)


async def _load(
    sender: AbstractAsyncContextManager[Sender], calls: Sequence[Call], seconds: float, first: int = 0
) -> Run:
    """Asks until the peer answers, so many calls one by one, warms it up, and measures."""
    async with sender as caller:
        await _until_ready(caller, calls[0])
        for call in calls[:first]:
            await caller.send(call, timeout_s=30)
        await warm_up(caller, calls, seconds)
        return await closed_loop(caller, calls, concurrency=_CONCURRENCY, seconds=seconds)


async def _until_ready(caller: Sender, call: Call) -> None:
    """Waits for the first good answer: some peers listen before their model is loaded."""
    loop = asyncio.get_running_loop()
    give_up = loop.time() + _READY_S
    while (outcome := await caller.send(call, timeout_s=30)).reason:
        if loop.time() > give_up:
            raise PeerMissing(f"it listens and does not answer: {outcome.reason}")
        await asyncio.sleep(0.2)


def _row(name: str, run: Run) -> Row:
    return replace(row_of(Phase(name, run.start, run.end), "score", run.outcomes), rate=round(run.goodput, 2))


def _ratios(rows: dict[str, Row]) -> list[dict[str, Any]]:
    ours, most = rows[_OURS].rate, rows[_LIMIT].rate
    return [
        {
            "way of serving": name,
            "requests_a_second": row.rate,
            "p50_ms": row.p50_ms,
            "p99_ms": row.p99_ms,
            "of_the_limit": round(row.rate / most, 3) if most else None,
            "ours_by_it": round(ours / row.rate, 2) if row.rate else None,
        }
        for name, row in sorted(rows.items(), key=lambda pair: pair[1].rate)
    ]


def _bars(rows: dict[str, Row]) -> list[Bar]:
    """Against those that could be measured; one that was left out has no bar, and is named in the notes."""
    wanted = ((_LIMIT, 0.85, 0.95), ("mosec", 1.2, 1.5), ("sync grpcio + sentence-transformers", 12.0, 20.0))
    return [
        Bar(f"ours by {name}", round(rows[_OURS].rate / row.rate, 3) if row.rate else None, bar, at_least=True, aim=aim)
        for start, bar, aim in wanted
        for name, row in rows.items()
        if name.startswith(start)
    ]
