"""What came of each call, and what a table says of many."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

QUANTILES = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99, "p999_ms": 0.999}
"""Exact, from every call: nothing is binned."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One call."""

    rpc: str
    at: float
    """When it was due, in monotonic seconds."""
    seconds: float
    """From when it was due to its answer."""
    reason: str = ""
    """Why it failed, as `ErrorInfo.reason` or the code of gRPC; empty where it did not."""


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of a run that is reported by itself."""

    name: str
    start: float
    """Monotonic seconds, which are those of every process of the machine."""
    end: float

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return self.end - self.start

    def of(self, outcomes: Iterable[Outcome]) -> list[Outcome]:
        """The calls that were due in it."""
        return [each for each in outcomes if self.start <= each.at < self.end]


@dataclass(frozen=True, slots=True)
class Row:
    """Calls of one RPC in one phase."""

    phase: str
    rpc: str
    calls: int
    rate: float
    """Answers without error a second."""
    p50_ms: float | None
    """Of answers without error, as the other quantiles; None where there is none."""
    p95_ms: float | None
    p99_ms: float | None
    p999_ms: float | None
    errors: dict[str, int] = field(default_factory=dict)

    @property
    def error_share(self) -> float:
        """Part of the calls that failed."""
        return sum(self.errors.values()) / self.calls if self.calls else 0.0


def summarise(phase: Phase, outcomes: Iterable[Outcome]) -> list[Row]:
    """A row for each RPC of a phase, and one for all of them where there are several."""
    found = phase.of(outcomes)
    rpcs = sorted({each.rpc for each in found})
    rows = [row_of(phase, rpc, [each for each in found if each.rpc == rpc]) for rpc in rpcs]
    return [*rows, row_of(phase, "all", found)] if len(rpcs) > 1 else rows


def row_of(phase: Phase, rpc: str, outcomes: Sequence[Outcome]) -> Row:
    """The row of outcomes that belong to one phase and RPC."""
    seconds = np.array([each.seconds for each in outcomes if not each.reason])
    errors = Counter(each.reason for each in outcomes if each.reason)
    return Row(
        phase=phase.name,
        rpc=rpc,
        calls=len(outcomes),
        rate=round(len(seconds) / phase.seconds, 2),
        errors=dict(errors.most_common()),
        **quantiles_ms(seconds),
    )


def quantiles_ms(seconds: Any) -> dict[str, float | None]:
    """The quantiles of an array of seconds, in milliseconds; None where it is empty."""
    if not len(seconds):
        return dict.fromkeys(QUANTILES)
    return {name: round(1000 * float(np.quantile(seconds, level)), 2) for name, level in QUANTILES.items()}


def p99_ms(outcomes: Iterable[Outcome]) -> float | None:
    """The 99th percentile of those that were answered, in milliseconds; None where none was."""
    return quantiles_ms([each.seconds for each in outcomes if not each.reason])["p99_ms"]
