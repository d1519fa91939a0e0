"""Draws each dashboard beside this file, as SVG, from what a real Prometheus says of a real service. `make render`."""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from drawing import draw
from page import BOARDS, HERE, board, page
from scraping import Prometheus, scraping
from service import serving
from traffic import run

SECONDS = 75.0
PER_SECOND = 3.0
STEP_S = 2
WINDOW = "15s"
"""Stands for `$__rate_interval`, for the rules' windows of 2 and 5 minutes and their offsets: the run is shorter."""
Answers = dict[str, list[dict[str, Any]]]
"""What Prometheus gave for each expression."""


def record(folder: Path) -> Answers:
    """Runs service, Prometheus and traffic, and asks for every expression of the dashboards."""
    with (
        serving(folder) as served,
        scraping(served.metrics_port, folder, short_windows=WINDOW, short_offsets=WINDOW) as prometheus,
    ):
        started = time.time()
        run(served, SECONDS, PER_SECOND)
        return {
            expression: _ask(prometheus, expression, instant=instant, start=started, end=time.time())
            for expression, instant in _expressions()
        }


def _expressions() -> Iterator[tuple[str, bool]]:
    for name in BOARDS:
        for panel in board(name)["panels"]:
            for target in panel.get("targets", []):
                yield target["expr"], target.get("instant", False)


def _ask(prometheus: Prometheus, expression: str, *, instant: bool, start: float, end: float) -> list[dict[str, Any]]:
    for variable, value in (("$__rate_interval", WINDOW), ("$namespace", ".*"), ("$job", ".*")):
        expression = expression.replace(variable, value)
    if instant:
        found = prometheus.ask("query", query=expression, time=str(end))
        return [{"metric": each["metric"], "values": [[0, each["value"][1]]]} for each in found["result"]]
    found = prometheus.ask("query_range", query=expression, start=str(start), end=str(end), step=str(STEP_S))
    return [
        {"metric": each["metric"], "values": [[round(at - start, 1), value] for at, value in each["values"]]}
        for each in found["result"]
    ]


def main() -> int:
    """Writes the SVGs and the page; gives 1 where Prometheus is not installed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--answers", type=Path, help="what was asked before: kept there, and read where it is")
    given = options.parse_args().answers
    if given is not None and given.exists():
        answers = json.loads(given.read_text())
    elif shutil.which("prometheus") is None:
        print("skipped: prometheus is not on PATH; install Debian's package of that name", file=sys.stderr)
        return 1
    else:
        with tempfile.TemporaryDirectory() as folder:
            answers = record(Path(folder))
        if given is not None:
            given.write_text(json.dumps(answers))
    for name in BOARDS:
        (HERE / f"{name}.svg").write_text(draw(board(name), answers), encoding="utf-8")
    (HERE / "README.md").write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
