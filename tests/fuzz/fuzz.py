"""The long form of the fuzzing, guided by coverage: `python fuzz.py --seconds 60 [NAME ...]` counts its inputs.

Each name runs in a process of its own under Atheris; what fails is kept under `--out`, and belongs among the seeds
once it is mended. Exit status 1 where anything failed.
"""

import argparse
import logging
import re
import subprocess
import sys
from pathlib import Path

import atheris

_CHILD = "--child"
with atheris.instrument_imports(include=["amends_core", "amends_server"] if _CHILD in sys.argv else ["no.such"]):
    from fuzz_inputs import INPUTS, SEEDS

_EXECUTED = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
_INPUT_PATIENCE_S = 60
_MOST_MB = 4096


def _fuzz_one(name: str, flags: list[str]) -> None:
    """Fuzzes until libFuzzer ends the process."""
    logging.getLogger("amends").setLevel(logging.CRITICAL)
    atheris.Setup([name, *flags], INPUTS[name])
    atheris.Fuzz()


def _fuzz(name: str, seconds: int, out: Path) -> tuple[int, bool]:
    """How many inputs of a name were tried, and whether all were borne."""
    corpus, found = out / "corpus" / name, out / "found"
    corpus.mkdir(parents=True, exist_ok=True)
    found.mkdir(exist_ok=True)
    flags = [
        f"-max_total_time={seconds}",
        f"-timeout={_INPUT_PATIENCE_S}",
        f"-rss_limit_mb={_MOST_MB}",
        f"-artifact_prefix={found}/{name}-",
        "-print_final_stats=1",
        "-max_len=65536",
    ]
    folders = [str(corpus), *([str(SEEDS / name)] if (SEEDS / name).is_dir() else [])]
    done = subprocess.run(
        [sys.executable, __file__, _CHILD, name, *flags, *folders], capture_output=True, text=True, check=False
    )
    executed = _EXECUTED.search(done.stderr)
    if done.returncode:
        print(done.stderr[-4000:], file=sys.stderr)
    return int(executed.group(1)) if executed else 0, done.returncode == 0


def main() -> int:
    """Fuzzes one after the other."""
    if sys.argv[1:2] == [_CHILD]:
        _fuzz_one(sys.argv[2], sys.argv[3:])
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(INPUTS)}; all where none is given")
    parser.add_argument("--seconds", type=int, default=60, help="for each name")
    parser.add_argument("--out", type=Path, default=Path("build/fuzz"), help="keeps the corpus and what failed")
    given = parser.parse_args()
    total, borne = 0, True
    for name in given.names or INPUTS:
        count, fine = _fuzz(name, given.seconds, given.out.absolute())
        total, borne = total + count, borne and fine
        print(f"{name:24} {count:>10} inputs{'' if fine else '   FAILED'}", flush=True)
    print(f"{total} inputs in all")
    return 0 if borne else 1


if __name__ == "__main__":
    sys.exit(main())
