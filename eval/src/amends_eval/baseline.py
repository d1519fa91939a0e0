"""Records small enough to be committed: what gates and comparisons need, and no answers."""

import json
from pathlib import Path
from typing import Any

from amends_eval.errors import RecordError
from amends_eval.record import EndLine, Header, Record
from amends_eval.suites.suite import Outcome, SuiteResult

_DIGITS = 6


def slim(record: Record) -> Record:
    """The record without answers, figures and texts: header, metrics, and the outcome of every item.

    Raises:
        RecordError: the run did not end.
    """
    if record.seconds is None:
        raise RecordError("the run did not end: go on with it by --resume before it becomes a baseline")
    return record.model_copy(
        update={"answers": (), "suites": {name: _slim(result) for name, result in record.suites.items()}}
    )


def write(record: Record, path: Path) -> None:
    """Writes a slim record as `record.read` reads it; one that is there is overwritten.

    Raises:
        RecordError: the run did not end, or the file cannot be written.
    """
    slimmed = slim(record)
    assert slimmed.seconds is not None
    lines = [
        _dumped(slimmed.header),
        *({"line": "suite", "result": _dumped_suite(result)} for result in slimmed.suites.values()),
        _dumped(EndLine(seconds=slimmed.seconds)),
    ]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{_json(line)}\n" for line in lines), encoding="utf-8")
    except OSError as error:
        raise RecordError(f"cannot write {path}: {error.strerror}") from error


def _slim(result: SuiteResult) -> SuiteResult:
    words = {word for metric in result.metrics for word in metric.name.split(".")}
    outcomes = tuple(_slim_outcome(outcome, words) for outcome in result.outcomes)
    return result.model_copy(update={"outcomes": outcomes, "figures": {}})


def _slim_outcome(outcome: Outcome, words: set[str]) -> Outcome:
    # Only slices that a metric is cut by: they pair its items.
    slices = {name: value for name, value in outcome.slices.items() if value in words}
    return outcome.model_copy(update={"slices": slices, "confidence": None})


def _dumped(line: Header | EndLine) -> dict[str, Any]:
    return line.model_dump(mode="json")


def _dumped_suite(result: SuiteResult) -> dict[str, Any]:
    return {
        "suite": result.suite,
        "metrics": [_rounded(metric.model_dump(mode="json", exclude_defaults=True)) for metric in result.metrics],
        "outcomes": [outcome.model_dump(mode="json", exclude_defaults=True) for outcome in result.outcomes],
    }


def _rounded(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, _DIGITS) if isinstance(value, float) else value for name, value in fields.items()}


def _json(line: dict[str, Any]) -> str:
    return json.dumps(line, ensure_ascii=False, separators=(",", ":"))
