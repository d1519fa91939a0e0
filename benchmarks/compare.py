"""Two reports of one scenario side by side: only where they come from one machine."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.report import shown

_KEYS = ("phase", "rpc")
_POINTS = ("x", "agents", "connections", "streams")
"""Numbers that say which row it is."""
_MEASURES = ("rate", "p50_ms", "p95_ms", "p99_ms", "p999_ms")


class NotComparable(Exception):
    """The reports say nothing about each other; the message tells why."""


def compare(before: Path, after: Path) -> Table:
    """A table of what both measured, with ratios.

    Raises:
        NotComparable: they are of different machines, scenarios or options.
    """
    old, new = (json.loads(path.read_text(encoding="utf-8")) for path in (before, after))
    _check(old, new)
    title = f"{new['scenario']}: {_software(old)} → {_software(new)}"
    table = Table("what", "before", "after", "ratio", title=title, title_justify="left")
    was = dict(_measures(old))
    for name, value in _measures(new):
        earlier = was.get(name)
        ratio = value / earlier if earlier and value is not None else None
        table.add_row(name, shown(earlier), shown(value), shown(ratio))
    return table


def _check(old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    for key in ("scenario", "options"):
        if old[key] != new[key]:
            raise NotComparable(f"the {key} differ: {old[key]} and {new[key]}; run both the same way")
    if old["machine"]["fingerprint"] != new["machine"]["fingerprint"]:
        differing = [name for name, value in old["machine"].items() if new["machine"].get(name) != value]
        raise NotComparable(
            f"made on different machines ({', '.join(differing)} differ): run both on one machine, one after the other"
        )


def _measures(report: Mapping[str, Any]) -> list[tuple[str, float | None]]:
    found: list[tuple[str, float | None]] = []
    for row in report["rows"]:
        label = " ".join(row[key] for key in _KEYS)
        found += [(f"{label} {measure}", row[measure]) for measure in _MEASURES]
    for row in (*report["figures"], *report["service"]):
        label = " ".join(str(value) for name, value in row.items() if isinstance(value, str) or name in _POINTS)
        found += [(f"{label} {name}", value) for name, value in row.items() if isinstance(value, int | float)]
    return found


def _software(report: Mapping[str, Any]) -> str:
    return f"{report['software']['commit']} ({report['when'][:16]})"


def show(before: Path, after: Path) -> None:
    """Prints the comparison."""
    Console().print(compare(before, after))
