"""The long form of the attacks: `python abuse.py --seconds 30 [NAME ...]` tells how an honest neighbour fares.

What a call takes drifts with the age of the service and the load of the machine, so each attack comes in rounds, with
quiet between them.
Exit status 1 where the server ended, grew past its bound, or the neighbour's p99 more than doubled.
"""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce
from pathlib import Path
from tempfile import TemporaryDirectory

from amends_client.testing import ServerProcess
from envoy_process import envoy
from http2_attacks import ATTACKS
from neighbour import Outcome, attacked

FLAGS = ("--max-streams-per-connection", "100")
"""As `--max-streams-per-connection` says for a port that strangers reach; behind a proxy the default holds."""
MOST_GROWTH_MB = 300.0
MOST_RATIO = 2.0


def _is_borne(outcome: Outcome) -> bool:
    ratio = outcome.attacked.p99_s / outcome.alone.p99_s
    return ratio <= MOST_RATIO and outcome.attacked.peak_mb - outcome.before_mb <= MOST_GROWTH_MB


@contextmanager
def _exposed(through: str) -> Iterator[tuple[ServerProcess, str]]:
    """A server, and where strangers reach it."""
    if through == "nothing":
        with ServerProcess(*FLAGS) as server:
            yield server, server.target
        return
    with ServerProcess() as server, TemporaryDirectory() as folder, envoy([server.port], Path(folder)) as target:
        yield server, target


def main() -> int:
    """Attacks the same server, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(ATTACKS)}; all where none is given")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each attack")
    parser.add_argument("--rounds", type=int, default=4, help="into which these seconds are cut")
    parser.add_argument("--through", choices=("nothing", "envoy"), default="nothing", help="what stands before it")
    given = parser.parse_args()
    borne, pieces = 0, 0
    names = given.names or list(ATTACKS)
    with _exposed(given.through) as (server, target):
        for name in names:
            rounds = (attacked(server, name, given.seconds / given.rounds, target) for _ in range(given.rounds))
            outcome = reduce(Outcome.and_then, rounds)
            borne += _is_borne(outcome)
            pieces += outcome.pieces
            print(outcome if _is_borne(outcome) else f"{outcome}   TOO MUCH", flush=True)
    print(f"{pieces} hostile pieces in all; {borne} of {len(names)} attacks borne")
    return 0 if borne == len(names) else 1


if __name__ == "__main__":
    sys.exit(main())
