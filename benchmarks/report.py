"""A report of one scenario: figures, the machine they were made on, and bars; as table, JSON, CSV and HTML."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.machine import load_before, machine, software
from benchmarks.outcomes import Row
from benchmarks.plots import Plot, draw, has_matplotlib

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Bar:
    """A figure and what it has to be."""

    name: str
    value: float | None
    """None where it could not be measured, which misses the bar."""
    limit: float
    at_least: bool = False
    """Whether the limit is the least that will do, and not the most."""
    aim: float | None = None

    @property
    def is_met(self) -> bool:
        """Whether the figure keeps the limit."""
        if self.value is None:
            return False
        return self.value >= self.limit if self.at_least else self.value <= self.limit


@dataclass(frozen=True, slots=True)
class Report:
    """What a scenario found."""

    scenario: str
    options: Mapping[str, Any]
    """Duration, scale and what else was asked for."""
    rows: Sequence[Row] = ()
    figures: Sequence[Mapping[str, Any]] = ()
    """Rows of a table of its own: each maps column to value."""
    service: Sequence[Mapping[str, Any]] = ()
    """The same, of the service: processor time, memory, cache."""
    bars: Sequence[Bar] = ()
    notes: Sequence[str] = ()
    plots: Sequence[Plot] = ()
    machine: Mapping[str, Any] = field(default_factory=machine)
    software: Mapping[str, str] = field(default_factory=software)
    load_before: float = field(default_factory=load_before)
    when: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    @property
    def is_met(self) -> bool:
        """Whether every bar is met."""
        return all(bar.is_met for bar in self.bars)

    def as_json(self) -> dict[str, Any]:
        """As it is written to a file."""
        bars = [{**asdict(bar), "is_met": bar.is_met} for bar in self.bars]
        return {"format": FORMAT, **asdict(self), "bars": bars}


def write(report: Report, folder: Path) -> None:
    """Writes `<scenario>.json`, `.csv`, `.html` and its plots into a folder, and prints the tables."""
    folder.mkdir(parents=True, exist_ok=True)
    console = Console(record=True, width=None if Console().is_terminal else 150)
    for table in tables(report):
        console.print(table)
    for note in report.notes:
        console.print(f"note: {note}", highlight=False)
    stem = folder / report.scenario
    stem.with_suffix(".json").write_text(json.dumps(report.as_json(), indent=1) + "\n", encoding="utf-8")
    console.save_html(str(stem.with_suffix(".html")))
    with stem.with_suffix(".csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(_csv_lines(report))
    for plot in report.plots if has_matplotlib() else ():
        draw(plot, folder / f"{plot.name}.svg")


def tables(report: Report) -> list[Table]:
    """Its parts as tables to print; those without rows are left out."""
    calls = [{**asdict(row), "errors": _errors(row)} for row in report.rows]
    bars = [
        {
            "bar": bar.name,
            "value": bar.value,
            "limit": limit_of(asdict(bar)),
            "aim": bar.aim,
            "met": "yes" if bar.is_met else "NO",
        }
        for bar in report.bars
    ]
    where = f"{report.machine['processor']}, {report.machine['cores']} cores, machine {report.machine['fingerprint']}"
    parts = ((where, calls), ("", report.figures), ("service", report.service), ("objectives", bars))
    return [_table(f"{report.scenario}: {title}" if title else "", rows) for title, rows in parts if rows]


def limit_of(bar: Mapping[str, Any]) -> str:
    """The limit of a bar in words."""
    return f"{'≥' if bar['at_least'] else '≤'} {bar['limit']:g}"


def shown(value: Any) -> str:
    """A value as tables show it."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return str(value)


def _table(title: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    table = Table(title=title, title_justify="left")
    for index, name in enumerate(columns):
        table.add_column(name.replace("_", " "), justify="left" if index == 0 else "right")
    for row in rows:
        table.add_row(*(shown(row.get(name)) for name in columns))
    return table


def _errors(row: Row) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in row.errors.items())


def _csv_lines(report: Report) -> list[list[Any]]:
    lines: list[list[Any]] = []
    for rows in ([{**asdict(row), "errors": _errors(row)} for row in report.rows], report.figures, report.service):
        columns = list(dict.fromkeys(name for row in rows for name in row))
        lines += [columns, *([row.get(name) for name in columns] for row in rows), []] if rows else []
    return lines
