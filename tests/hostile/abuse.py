"""The long form of the attacks: `python abuse.py --seconds 30 [NAME ...]` tells how an honest neighbour fares.

Exit status 1 where the server ended, grew past its bound, or the neighbour's p99 more than doubled.
"""

import argparse
import sys

from amends_client.testing import ServerProcess
from http2_attacks import ATTACKS
from neighbour import Outcome, attacked

MOST_GROWTH_MB = 300.0
MOST_RATIO = 2.0


def _is_borne(outcome: Outcome) -> bool:
    ratio = outcome.attacked.p99_s / outcome.alone.p99_s
    return ratio <= MOST_RATIO and outcome.attacked.peak_mb - outcome.before_mb <= MOST_GROWTH_MB


def main() -> int:
    """Attacks the same server, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(ATTACKS)}; all where none is given")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each attack")
    given = parser.parse_args()
    borne, pieces = True, 0
    with ServerProcess() as server:
        for name in given.names or ATTACKS:
            outcome = attacked(server, name, given.seconds)
            borne &= _is_borne(outcome)
            pieces += outcome.pieces
            print(outcome if _is_borne(outcome) else f"{outcome}   TOO MUCH", flush=True)
    print(f"{pieces} hostile pieces in all")
    return 0 if borne else 1


if __name__ == "__main__":
    sys.exit(main())
