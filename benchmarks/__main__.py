"""The one command: `python -m benchmarks run SCENARIO`.

Exit status 1 where a bar is missed, 2 where nothing can be run.
"""

import argparse
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NoReturn

from benchmarks.centre import load_centre
from benchmarks.compare import NotComparable, show
from benchmarks.contact_centre import LocustMissing, contact_centre
from benchmarks.load import NoCapacity
from benchmarks.peers.comparison import compare_peers
from benchmarks.progress import say
from benchmarks.readme import write_tables
from benchmarks.report import Report, write
from benchmarks.scenarios.growth import growth
from benchmarks.scenarios.idle import idle
from benchmarks.scenarios.latency import latency
from benchmarks.scenarios.million import million
from benchmarks.scenarios.overhead import overhead
from benchmarks.scenarios.overload import overload
from benchmarks.scenarios.parity import parity
from benchmarks.scenarios.slow import slow
from benchmarks.scenarios.soak import soak
from benchmarks.scenarios.vanish import vanish

RESULTS = Path(__file__).parent / "results"
_MISSED, _UNABLE = 1, 2

Scenario = Callable[..., Report]
"""Takes `seconds` and `scale`."""


def scenarios(folder: Path) -> Mapping[str, tuple[Scenario, float]]:
    """Every scenario, and how long it runs where it is not told otherwise; Locust's pages go to `folder`."""
    _, profiles = load_centre()
    return {
        **{f"centre-{name}": (partial(contact_centre, name, folder), day.seconds) for name, day in profiles.items()},
        "latency": (latency, 60.0),
        "overload": (overload, 60.0),
        "vanish": (vanish, 60.0),
        "slow-readers": (slow, 30.0),
        "idle": (idle, 20.0),
        "soak": (soak, 1800.0),
        "million": (million, 7200.0),
        "growth": (growth, 10.0),
        "overhead": (overhead, 30.0),
        "parity": (parity, 10.0),
        "peers": (compare_peers, 20.0),
    }


def main(args: Sequence[str]) -> int:
    """Does what the arguments say and gives the exit status."""
    signal.signal(signal.SIGTERM, _end)  # so that services and peers end with us
    options = _parser().parse_args(args)
    try:
        return int(options.do(options))
    except (NotComparable, LocustMissing, NoCapacity) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return _UNABLE


def _run(options: argparse.Namespace) -> int:
    known, status = scenarios(options.out), 0
    for name in options.scenario:
        scenario, seconds = known[name]
        say(f"{name} starts")
        report = scenario(seconds=options.duration or seconds, scale=options.scale)
        write(report, options.out)
        if not report.is_met:
            status = _MISSED
    return status


def _compare(options: argparse.Namespace) -> int:
    show(options.before, options.after)
    return 0


def _report(_: argparse.Namespace) -> int:
    write_tables(RESULTS)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="What the service can bear.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="run scenarios, print their tables, write JSON, CSV, HTML and plots")
    known = ", ".join(scenarios(RESULTS))
    run.add_argument("scenario", nargs="+", type=_known, metavar="SCENARIO", help=f"one or more of {known}")
    run.add_argument("--duration", type=_positive, help="seconds of each phase; default: the scenario's own")
    run.add_argument("--scale", type=_positive, default=1.0, help="multiple of agents, requests or connections")
    run.add_argument("--out", type=Path, default=RESULTS, help="folder of the reports; default benchmarks/results")
    run.set_defaults(do=_run)
    compare = commands.add_parser("compare", help="two reports side by side; refused where the machines differ")
    compare.add_argument("before", type=Path)
    compare.add_argument("after", type=Path)
    compare.set_defaults(do=_compare)
    report = commands.add_parser("report", help="write the tables of benchmarks/README.md from the results")
    report.set_defaults(do=_report)
    return parser


def _known(text: str) -> str:
    if text not in scenarios(RESULTS):
        raise argparse.ArgumentTypeError(f"{text}: no such scenario; known are {', '.join(scenarios(RESULTS))}")
    return text


def _positive(text: str) -> float:
    value = float(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text}: give a number above 0")
    return value


def _end(*_: object) -> NoReturn:
    sys.exit(128 + signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
