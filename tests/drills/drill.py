"""The long form of the drills: `python drill.py --seconds 60 [NAME ...]` tells what callers noticed.

Exit status 1 where a call was lost that may not be, or counts twice in the audit logs.
"""

import argparse
import sys

from drills import DRILLS, MAY_LOSE


def main() -> int:
    """Runs one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(DRILLS)}; all where none is given")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each drill")
    given = parser.parse_args()
    borne = True
    for name in given.names or DRILLS:
        outcome = DRILLS[name](given.seconds)
        may_lose = name in MAY_LOSE and not outcome.unaudited and not outcome.counted_twice
        fine = outcome.is_borne or may_lose
        borne &= fine
        print(outcome if fine else f"{outcome}   NOT BORNE", flush=True)
    return 0 if borne else 1


if __name__ == "__main__":
    sys.exit(main())
