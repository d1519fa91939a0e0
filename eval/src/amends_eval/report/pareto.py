"""Quality against speed, where there is more than one model to compare."""

from collections.abc import Mapping, Sequence
from typing import Any

from amends_eval.record import Record
from amends_eval.report import charts
from amends_eval.report.figures import Figure

QUALITY = ("labels", "sentences.macro_f1")
MILLISECONDS = ("speed", "sentences.p50_ms")


def pareto_figure(records: Sequence[Record]) -> Figure | None:
    """The plot of every point known; None where there are fewer than two.

    Points are the figure `pareto` of the suite `speed` (each `name`, `milliseconds` and `quality`) and the records
    that measured both.
    """
    points = [point for record in records for point in _points(record)]
    if len(points) < 2:
        return None
    marked = [{**point, "best": not any(_beats(each, point) for each in points)} for point in points]
    return Figure(
        title="Quality against speed",
        note="Up and to the left is better; the dashed line joins those that none beats in both.",
        spec=charts.pareto(marked, "Quality against milliseconds a sentence"),
        columns=("model", "milliseconds", "macro-F1", "beaten by none"),
        rows=[
            (p["name"], f"{p['milliseconds']:.3g}", f"{p['quality']:.3f}", "yes" if p["best"] else "no") for p in marked
        ],
    )


def _points(record: Record) -> list[Mapping[str, Any]]:
    speed = record.suites.get("speed")
    told: list[Mapping[str, Any]] = list(speed.figures.get("pareto", ())) if speed else []
    quality, milliseconds = _value(record, *QUALITY), _value(record, *MILLISECONDS)
    if quality is None or milliseconds is None:
        return told
    name = f"{record.header.target.model} {record.header.target.version}"
    if not any(point["name"] == name for point in told):
        told.append({"name": name, "milliseconds": round(milliseconds, 3), "quality": round(quality, 4)})
    return told


def _value(record: Record, suite: str, name: str) -> float | None:
    result = record.suites.get(suite)
    return next((metric.value for metric in result.metrics if metric.name == name), None) if result else None


def _beats(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    at_least = one["quality"] >= other["quality"] and one["milliseconds"] <= other["milliseconds"]
    return at_least and (one["quality"], one["milliseconds"]) != (other["quality"], other["milliseconds"])
