"""Runs a profile: a service, Locust with its agents, an open-loop probe beside them, one report."""

import asyncio
import importlib.util
import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.caller import Caller, call_of, calls_of
from benchmarks.centre import Centre, Profile, load_centre
from benchmarks.floor import places, tell
from benchmarks.load import Run, open_loop
from benchmarks.outcomes import Outcome, Phase, Row, row_of, summarise
from benchmarks.report import Bar, Report
from benchmarks.service import Service, counters
from benchmarks.texts import ROOT, Script

_PROBE_RATE = 2.0
"""Calls a second of the open-loop probe beside the agents: too few to be a load."""
_START_S = 120.0
_CACHE = ("--cache-mb", "256")
"""Room for every chat of four thousand agents: 2 KB a sentence, some eleven sentences a chat."""


class LocustMissing(RuntimeError):
    """Locust is not installed."""


def contact_centre(name: str, folder: Path, *, seconds: float, scale: float) -> Report:
    """Runs a profile of `profiles.yaml` for so long, with `scale` times its agents. Locust's own pages go to `folder`.

    Raises:
        LocustMissing: it is not installed.
    """
    if importlib.util.find_spec("locust") is None:
        raise LocustMissing("Locust is not installed: run this through `make bench`, which installs it")
    centre, profiles = load_centre()
    profile = profiles[name]
    folder.mkdir(parents=True, exist_ok=True)
    floor = itertools.islice(places(centre), round(profile.most_agents * centre.slots * scale))
    with Service(*_CACHE) as service, tempfile.TemporaryDirectory() as work:
        asyncio.run(tell(service.target, floor))
        before = service.metrics()
        outcomes, started, probe = asyncio.run(_run(profile, service, seconds, scale, folder, Path(work)))
        usage = [service.usage(stretch.at(started, seconds)) for stretch in profile.stretches]
        since = {} if profile.killed else before  # who comes back counts from nothing
        counted = {"phase": "since it was back" if profile.killed else "whole run"}
        counted |= counters(since, service.metrics())
    phases = [stretch.at(started, seconds) for stretch in profile.stretches]
    rows = [row for phase in phases for row in (*summarise(phase, outcomes), _probe_row(phase, probe))]
    return Report(
        scenario=f"centre-{name}",
        options={"profile": name, "seconds": seconds, "scale": scale, "agents": profile.agents, "about": profile.about},
        rows=rows,
        figures=_held(profile, centre, phases, outcomes, scale),
        service=[*usage, counted],
        bars=_bars(profile, centre, phases, outcomes, scale),
        notes=_notes(probe),
    )


async def _run(
    profile: Profile, service: Service, seconds: float, scale: float, folder: Path, work: Path
) -> tuple[list[Outcome], float, Run]:
    written = work / "outcomes.jsonl"
    command = _locust(profile, service, seconds, scale, folder, written)
    with (folder / f"centre-{profile.name}-locust.txt").open("wb") as said:
        locust = subprocess.Popen(command, stdout=said, stderr=said, cwd=ROOT)
    try:
        started = await _started(written, locust)
        probe, *_ = await asyncio.gather(
            _probe(service, started + seconds),
            _bulk(profile, service, started, seconds),
            _outage(profile, service, started, seconds),
        )
        await asyncio.to_thread(locust.wait, 120)
    finally:
        locust.kill()
        locust.wait()
    return _read(written), started, probe


def _locust(
    profile: Profile, service: Service, seconds: float, scale: float, folder: Path, written: Path
) -> Sequence[str]:
    stem = folder.resolve() / f"centre-{profile.name}-locust"
    return [
        *(sys.executable, "-m", "locust", "-f", str(Path(__file__).parent / "locustfile.py")),
        *("--headless", "--only-summary", "--loglevel", "WARNING", "--stop-timeout", "5"),
        *("--host", service.target, "--day", profile.name, "--scale", str(scale), "--seconds", str(seconds)),
        *("--outcomes", str(written), "--csv", str(stem), "--html", f"{stem}.html", "--exit-code-on-error", "0"),
    ]


async def _started(written: Path, locust: "subprocess.Popen[bytes]") -> float:
    give_up = time.monotonic() + _START_S
    while time.monotonic() < give_up and locust.poll() is None:
        with suppress(OSError, IndexError, ValueError):
            return float(json.loads(written.read_text().splitlines()[0])["started"])
        await asyncio.sleep(0.05)
    raise RuntimeError(f"Locust did not start: see {written.parent}")


async def _probe(service: Service, until: float) -> Run:
    """Scheduled calls beside the agents'; latency counts from the schedule."""
    script = Script(seed=11)
    calls = calls_of(script.score_reply(history=5) for _ in range(100))
    async with Caller(service.target, connections=1) as caller:
        return await open_loop(caller, calls, rate=_PROBE_RATE, seconds=max(0.1, until - time.monotonic()), seed=11)


async def _bulk(profile: Profile, service: Service, started: float, seconds: float) -> None:
    """The job beside live traffic: batches, one after the other, in the last class."""
    if profile.bulk is None:
        return
    phase = profile.bulk.at(started, seconds)
    script = Script(seed=13)
    await asyncio.sleep(max(0.0, phase.start - time.monotonic()))
    async with Caller(service.target, connections=1) as caller:
        while time.monotonic() < phase.end:
            outcome = await caller.send(call_of(script.batch(profile.bulk_items)), timeout_s=30)
            if outcome.reason:
                await asyncio.sleep(0.5)


async def _outage(profile: Profile, service: Service, started: float, seconds: float) -> None:
    """Kills the service and brings it back on the same port."""
    if profile.killed is None or profile.back is None:
        return
    await asyncio.sleep(max(0.0, started + profile.killed * seconds - time.monotonic()))
    await asyncio.to_thread(lambda: service.stop(hard=True))
    await asyncio.sleep(max(0.0, started + profile.back * seconds - time.monotonic()))
    await asyncio.to_thread(service.start)


def _read(written: Path) -> list[Outcome]:
    lines = [json.loads(line) for line in written.read_text(encoding="utf-8").splitlines()[1:]]
    return [Outcome(**line) for line in lines]


def _probe_row(phase: Phase, probe: Run) -> Row:
    return replace(row_of(phase, "ScoreReply", phase.of(probe.outcomes)), rpc="ScoreReply, open-loop probe")


def _held(
    profile: Profile, centre: Centre, phases: Sequence[Phase], outcomes: Sequence[Outcome], scale: float
) -> list[dict[str, Any]]:
    """Of a profile that climbs: each step's agents, and whether the objective was kept."""
    if profile.name != "stairs":
        return []
    steps = []
    for phase, stretch in zip(phases, profile.stretches, strict=True):
        row = row_of(phase, "all", phase.of(outcomes))
        kept = row.p99_ms is not None and row.p99_ms <= centre.objective_p99_ms
        kept = kept and row.error_share <= centre.objective_error_share
        agents = round(profile.agents_at((stretch.start + stretch.end) / 2) * scale)
        steps.append(
            {
                "phase": phase.name,
                "agents": agents,
                "rate": row.rate,
                "p99_ms": row.p99_ms,
                "held": "yes" if kept else "no",
            }
        )
    return steps


def _bars(
    profile: Profile, centre: Centre, phases: Sequence[Phase], outcomes: Sequence[Outcome], scale: float
) -> list[Bar]:
    bars = []
    for phase, stretch in zip(phases, profile.stretches, strict=True):
        if stretch.has_objective:
            row = row_of(phase, "all", phase.of(outcomes))
            bars.append(Bar(f"{phase.name}: p99 ms", row.p99_ms, centre.objective_p99_ms))
            bars.append(Bar(f"{phase.name}: share of errors", round(row.error_share, 4), centre.objective_error_share))
    if profile.bulk is not None:
        without, beside = (row_of(phase, "all", phase.of(outcomes)).p99_ms for phase in phases)
        ratio = round(beside / without, 2) if beside and without else None
        bars.append(Bar("live p99 beside bulk, by without", ratio, 1.5, aim=1.2))
    if profile.name == "stairs":
        held = [step["agents"] for step in _held(profile, centre, phases, outcomes, scale) if step["held"] == "yes"]
        bars.append(Bar("agents held with the objective", max(held, default=0), 1500, at_least=True, aim=3000))
    return bars


def _notes(probe: Run) -> list[str]:
    late = max(probe.lags, default=0.0)
    return [f"the probe sent its latest call {1000 * late:.1f} ms late; Locust's own pages lie beside this one"]
