"""Memory: what encoding processes take, and giving back what is free."""

import ctypes
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def shared_out_bytes(pids: Iterable[int]) -> int:
    """Proportional set size of processes together: what several share is counted once. 0 where nobody tells it.

    Source: proc_pid_smaps(5).
    """
    return sum(map(_shared_out_bytes, pids))


def _shared_out_bytes(pid: int) -> int:
    with suppress(OSError):  # it has ended, or this is no Linux
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def give_back() -> None:
    """Has the C library return what is free to the system, where it can. Source: malloc_trim(3), of glibc."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
