"""The report as Markdown, for a pull request: the bars first, the suites folded away."""

from collections.abc import Iterator, Sequence

from amends_eval.bars import Bar
from amends_eval.record import Record
from amends_eval.report import words
from amends_eval.report.breakdowns import headline
from amends_eval.report.figures import metric_columns, metric_rows
from amends_eval.report.summary import Standing, counted, standings
from amends_eval.suites.suite import SuiteResult

_SIGNS = {"aim met": "🟦", "met": "🔵", "missed": "🔶", "not measured": "⚪"}
"""Told apart by shape and colour; the word stands beside."""


def markdown(record: Record, other: Record | None = None, *, bars: Sequence[Bar] | None = None) -> str:
    """Writes the bars as a table, then each suite's headline metrics. No text of an item.

    Args:
        record: the run.
        other: another run, such as the base branch's: what changed is shown.
        bars: what is expected; None: the bars that ship.
    """
    rows = standings(record, other, bars)
    parts = [_heading(record, other), _counts(rows), _table(*_bars(rows, other))]
    parts += [_suite(result, other.suites.get(name) if other else None) for name, result in record.suites.items()]
    return "\n\n".join(parts) + "\n"


def _heading(record: Record, other: Record | None) -> str:
    header = record.header
    datasets = ", ".join(f"{name} v{d.version} {d.half} ({d.rows})" for name, d in header.datasets.items())
    beside = f" Beside it: {_model(other)}." if other else ""
    commit = (
        f"`{header.commit[:12]}`{' with uncommitted changes' if header.dirty else ''}" if header.commit else "unknown"
    )
    ended = "" if record.seconds is not None else "\n\n**The run did not end: what follows is incomplete.**"
    return f"## Evaluation of {_model(record)}\n\nCommit {commit}; {datasets}.{beside}{ended}"


def _model(record: Record) -> str:
    target = record.header.target
    return _cell(f"{target.model} {target.version} ({target.sha256[:12]})")


def _counts(rows: Sequence[Standing]) -> str:
    return ", ".join(f"{_SIGNS[light]} {count} {light}" for light, count in counted(rows).items() if count)


def _bars(rows: Sequence[Standing], other: Record | None) -> tuple[Sequence[str], Iterator[Sequence[str]]]:
    columns = ["", "property", "value", "95 % interval", "n", "bar", "aim", *(["other run", "change"] if other else [])]
    return columns, (_bar(row, beside=other is not None) for row in rows)


def _bar(row: Standing, *, beside: bool) -> Sequence[str]:
    unit, sign = words.unit_of(row.bar.metric), "≥" if row.bar.direction == "at_least" else "≤"
    light = f"{_SIGNS[row.light]} {row.light}" + (f" ({row.remark})" if row.remark else "")
    cells = [light, row.bar.source, words.number(row.metric.value if row.metric else None, unit)]
    cells += [words.interval(row.metric), f"{row.metric.n:,}" if row.metric else words.ABSENT]
    cells += [f"{sign} {words.bound(row.bar.bar, unit)}", f"{sign} {words.bound(row.bar.aim, unit)}"]
    if beside:
        moved = f"{words.change(row.metric, row.other)} {words.better(row.metric, row.other)}".strip()
        cells += [words.number(row.other.value if row.other else None, unit), moved]
    return cells


def _suite(result: SuiteResult, other: SuiteResult | None) -> str:
    beside = {metric.name: metric for metric in other.metrics} if other else {}
    table = _table(metric_columns(beside), metric_rows(headline(result), beside))
    wrong = sum(outcome.ok is False for outcome in result.outcomes)
    counts = f": {wrong:,} of {len(result.outcomes):,} outcomes wrong" if result.outcomes else ""
    return f"<details><summary>{result.suite}{counts}</summary>\n\n{table}\n\n</details>"


def _table(columns: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    """Text that neither ends a cell nor is taken for HTML."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
