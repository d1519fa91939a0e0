"""The report as JSON, for programs: what the page says, without the outcome of every item."""

import json
from collections.abc import Sequence
from typing import Any

from amends_eval.bars import Bar
from amends_eval.record import Record
from amends_eval.report.slices import slices_of
from amends_eval.report.summary import Standing, standings
from amends_eval.suites.suite import SuiteResult

FORMAT = 1


def as_json(record: Record, *, bars: Sequence[Bar] | None = None) -> str:
    """Writes header, bars with their lights, and each suite's metrics, slices and figures; no text of an item.

    Args:
        record: the run.
        bars: what is expected; None: the bars that ship.
    """
    report = {
        "format": FORMAT,
        "header": record.header.model_dump(mode="json"),
        "seconds": record.seconds,
        "bars": [_bar(row) for row in standings(record, bars=bars)],
        "suites": {name: _suite(result) for name, result in record.suites.items()},
    }
    return json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _bar(row: Standing) -> dict[str, Any]:
    measured = (
        row.metric.model_dump(mode="json", include={"value", "low", "high", "n", "clusters"}) if row.metric else None
    )
    return {**row.bar.model_dump(mode="json"), "light": row.light, "remark": row.remark, "measured": measured}


def _suite(result: SuiteResult) -> dict[str, Any]:
    outcomes = [outcome.ok for outcome in result.outcomes]
    return {
        "metrics": [metric.model_dump(mode="json") for metric in result.metrics],
        "outcomes": {"right": outcomes.count(True), "wrong": outcomes.count(False), "open": outcomes.count(None)},
        "slices": {dataset: _slices(result, dataset) for dataset in dict.fromkeys(o.dataset for o in result.outcomes)},
        "figures": dict(result.figures),
    }


def _slices(result: SuiteResult, dataset: str) -> list[dict[str, Any]]:
    cut = slices_of(outcome for outcome in result.outcomes if outcome.dataset == dataset)
    return [{"name": s.name, "value": s.value, "share": s.share, "low": s.low, "high": s.high, "n": s.n} for s in cut]
