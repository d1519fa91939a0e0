"""How the cost grows with reply length, history, playbooks, exemplars: nothing may grow faster than its cause."""

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from amends_core.taxonomy import SENTENCE_LABELS

from benchmarks.caller import Caller, calls_of
from benchmarks.load import closed_loop
from benchmarks.outcomes import quantiles_ms
from benchmarks.plots import Plot
from benchmarks.progress import say
from benchmarks.report import Bar, Report
from benchmarks.service import Service
from benchmarks.texts import ROOT, Script, phrases

_SENTENCES = (1, 2, 5, 10, 20, 40, 60)
_TURNS = (1, 3, 9, 19, 49, 99, 199)
_PLAYBOOKS = (1, 5, 20, 100, 500)
_EXEMPLARS = (10, 100, 1000, 4600, 9200)
"""The service takes at most 200 phrases a list, two lists a label, 23 labels: 9,200."""
_STEEPEST = 1.1
"""Of the exponent of growth: 1 is linear, and the rest is for noise."""
_CALLS = 40


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a curve."""

    x: int
    p50_ms: float | None
    rss_mb: float
    start_s: float


def growth(*, seconds: float, scale: float) -> Report:
    """Measures every curve; each point for so long. `scale` below 1 keeps the smaller points alone."""
    curves = {
        "sentences of the reply": _curve(_upto(_SENTENCES, scale), seconds, _long_reply),
        "turns of history": _curve(_upto(_TURNS, scale), seconds, _long_history),
        "playbooks loaded": _curve(_upto(_PLAYBOOKS, scale), seconds, _many_playbooks),
        "exemplars added": _curve(_upto(_EXEMPLARS, scale), seconds, _many_exemplars),
    }
    return Report(
        scenario="growth",
        options={"seconds": seconds, "scale": scale},
        figures=[_figure(name, point) for name, points in curves.items() for point in points],
        bars=[
            Bar(f"exponent of latency over {name}", exponent([(p.x, p.p50_ms) for p in points]), _STEEPEST)
            for name, points in curves.items()
        ],
        plots=[_plot(name, points) for name, points in curves.items()],
        notes=["an exponent of 1 is linear growth; it is fitted to the upper half of each curve, on log scales"],
    )


def exponent(points: Sequence[tuple[float, float | None]]) -> float | None:
    """The exponent of growth: the slope of log y over log x, fitted to the upper half of the points (at least two)."""
    known = [(x, y) for x, y in points if y is not None and x > 0]
    upper = known[-max(2, (len(known) + 1) // 2) :]
    if len(upper) < 2:
        return None
    x, y = np.log(np.array(upper)).T
    return round(float(np.polyfit(x, y, 1)[0]), 2)


Setting = tuple[Sequence[str], Callable[[Script], Any]]
"""Flags of the service, and what makes a request."""


def _curve(xs: Sequence[int], seconds: float, setting: Callable[[int, Path], Setting]) -> list[Point]:
    with tempfile.TemporaryDirectory() as work:
        return [_point(x, seconds, *setting(x, Path(work))) for x in xs]


def _point(x: int, seconds: float, flags: Sequence[str], make: Callable[[Script], Any]) -> Point:
    say(f"growth: {make.__qualname__.split('.')[0].strip('_').replace('_', ' ')} {x}")
    script = Script(seed=x)
    calls = calls_of(make(script) for _ in range(_CALLS))
    with Service("--cache-mb", "0", *flags) as service:
        run = asyncio.run(_lone(service, calls, seconds))
        _, rss_mb, _ = service.watch.sample()
    seconds_each = [each.seconds for each in run.outcomes if not each.reason]
    return Point(x, quantiles_ms(seconds_each)["p50_ms"], round(rss_mb, 1), round(service.seconds_to_serve, 2))


async def _lone(service: Service, calls: Sequence[Any], seconds: float) -> Any:
    async with Caller(service.target, connections=1) as caller:
        await closed_loop(caller, calls, concurrency=1, seconds=min(1.0, seconds))
        return await closed_loop(caller, calls, concurrency=1, seconds=seconds)


def _long_reply(x: int, _: Path) -> Setting:
    return (), lambda script: script.score_reply(1, x)


def _long_history(x: int, _: Path) -> Setting:
    return (), lambda script: script.score_reply(x, 2)


def _many_playbooks(x: int, work: Path) -> Setting:
    """So many playbooks of one's own: the documented example under other names."""
    folder = work / str(x)
    folder.mkdir()
    example = yaml.safe_load((ROOT / "docs/example-playbook.yaml").read_text(encoding="utf-8"))
    for index in range(x):
        (folder / f"own_{index}.yaml").write_text(yaml.safe_dump({**example, "name": f"own_{index}"}))
    return ("--playbook-dir", str(folder), "--playbook-poll-s", "0"), lambda script: script.score_reply(1, 3)


def _many_exemplars(x: int, work: Path) -> Setting:
    """So many phrases, spread over the labels' lists."""
    lists: dict[str, dict[str, list[str]]] = {}
    sides = [(label.value, side) for side in ("positive", "negative") for label in SENTENCE_LABELS]
    found = phrases(x)
    each = -(-x // len(sides))
    for index, (label, side) in enumerate(sides):
        if part := found[index * each : (index + 1) * each]:
            lists.setdefault(label, {})[side] = part
    path = work / f"{x}.yaml"
    path.write_text(yaml.safe_dump({"schema": 1, "name": "many", "version": "1.0.0", "labels": lists}))
    return ("--exemplars", str(path)), lambda script: script.score_reply(1, 3)


def _upto(xs: Sequence[int], scale: float) -> Sequence[int]:
    """The points up to `scale` times the last; at least two."""
    return [x for index, x in enumerate(xs) if index < 2 or x <= scale * xs[-1]]


def _figure(name: str, point: Point) -> dict[str, Any]:
    return {"over": name, "x": point.x, "p50_ms": point.p50_ms, "rss_mb": point.rss_mb, "start_s": point.start_s}


def _plot(name: str, points: Sequence[Point]) -> Plot:
    panels: dict[str, Sequence[float | None]] = {
        "p50 of a lone call, ms": [point.p50_ms for point in points],
        "resident memory, MB": [point.rss_mb for point in points],
    }
    return Plot(f"growth-{name.replace(' ', '-')}", name, [point.x for point in points], panels)
