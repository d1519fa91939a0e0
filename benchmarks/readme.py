"""Writes the tables of README.md from the results, between markers, so that no figure is ever typed."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.report import limit_of, shown

README = Path(__file__).parent / "README.md"
_MARKED = re.compile(r"(<!-- table: (?P<name>[a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def write_tables(results: Path, readme: Path = README) -> None:
    """Writes what stands between `<!-- table: scenario -->` and `<!-- end -->` anew, from `<scenario>.json`."""
    text = readme.read_text(encoding="utf-8")
    readme.write_text(_MARKED.sub(lambda found: _section(found, results), text), encoding="utf-8")


def _section(found: "re.Match[str]", results: Path) -> str:
    path = results / f"{found['name']}.json"
    if not path.exists():
        return f"{found[1]}Not measured in this checkout.\n{found[3]}"
    return f"{found[1]}{markdown(json.loads(path.read_text(encoding='utf-8')))}{found[3]}"


def markdown(report: Mapping[str, Any]) -> str:
    """The tables and plots of a report."""
    bars = [
        {
            "objective": bar["name"],
            "measured": bar["value"],
            "bar": limit_of(bar),
            "aim": bar["aim"],
            "met": "yes" if bar["is_met"] else "**no**",
        }
        for bar in report["bars"]
    ]
    plots = "".join(f"![{plot['x_label']}](results/{plot['name']}.svg)\n" for plot in report["plots"])
    notes = "".join(f"- {note}\n" for note in report["notes"])
    tables = [_table(rows) for rows in (_calls(report), report["figures"], report["service"], bars) if rows]
    return "\n".join(part for part in (_heading(report), *tables, plots, notes) if part)


def _heading(report: Mapping[str, Any]) -> str:
    machine, options = report["machine"], report["options"]
    return (
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB, "
        f"machine {machine['fingerprint']}, commit {report['software']['commit']}, {report['when'][:10]}; "
        f"{options['seconds']:g} s a phase, "
        f"scale {options['scale']:g}; {report['load_before']:g} processors busy before.\n"
    )


def _calls(report: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    rows = []
    for row in report["rows"]:
        errors = ", ".join(f"{count} {reason}" for reason, count in row["errors"].items())
        rows.append({**row, "errors": errors or "–"})
    return rows


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    lines = [[name.replace("_", " ") for name in columns], ["---"] * len(columns)]
    lines += [[shown(row.get(name)) for name in columns] for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
