"""Series that burn the budgets of both objectives fast enough for their alerts, and just not: by rate, time, number."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import alert_series as series
from alert_series import Case

_CALLS = 1_000_000
"""In an interval."""


@dataclass(frozen=True)
class _Window:
    """One of the alerts of each objective; times in minutes."""

    name: str
    short: int
    pending: int
    """How long it waits before it fires."""
    at: int
    """Time of the look."""
    rate: float
    """How many times as fast as allowed."""
    interval: int = 1

    @property
    def samples(self) -> int:
        """As many as the look needs, and some."""
        return self.at // self.interval + 10

    def rising(self, step: float) -> str:
        """A count that grows by one step all the time."""
        return f"0+{step}x{self.samples}"

    def turning(self, minute: int, step: int, after: int) -> str:
        """A count that grows by one step up to some time, and by another from then on."""
        sample = minute // self.interval
        return f"0+{step}x{sample} {step * sample + after}+{after}x{self.samples - sample}"

    def case(self, alert: str, fires: series.Series, silent: series.Series) -> Case:
        return Case(alert, f"{self.at}m", fires, silent, window=self.name, interval=f"{self.interval}m")


_WINDOWS = (
    _Window("1h", 5, 2, 90, 14.4),
    _Window("6h", 30, 15, 7 * 60, 6.0),
    _Window("1d", 2 * 60, 60, 26 * 60, 3.0, interval=10),
    _Window("3d", 6 * 60, 3 * 60, 76 * 60, 1.0, interval=20),
)
_PAGES = _WINDOWS[:2]


def _rates(window: _Window) -> Iterator[Case]:
    """Both objectives, at 1.02 times and at 0.98 times the burn rate; and refusals by the fault of callers alone."""
    rising = window.rising
    over, under = round(_CALLS * window.rate * 0.001 * 1.02), round(_CALLS * window.rate * 0.001 * 0.98)
    slow_over, slow_under = round(_CALLS * window.rate * 0.01 * 1.02), round(_CALLS * window.rate * 0.01 * 0.98)
    availability = window.case(
        "AmendsAvailabilityBudgetBurn",
        # Half of the calls are the caller's mistakes.
        series.calls(rising((_CALLS - over) // 2), rising(over), rising(over)),
        series.calls(rising((_CALLS - under) // 2), rising(under), rising(under)),
    )
    yield availability
    yield replace(availability, silent=series.over_quota(rising(_CALLS // 2), rising(_CALLS // 2)))
    yield window.case(
        "AmendsLatencyBudgetBurn",
        series.latency(rising(_CALLS - slow_over), rising(_CALLS)),
        series.latency(rising(_CALLS - slow_under), rising(_CALLS)),
    )


def _times(window: _Window) -> Iterator[Case]:
    """Three times the burn rate all the time; or until the short window has forgotten it, or for too short a time."""
    ended, begun = window.at - window.short - window.short // 5, window.at - window.short - window.pending
    bad, slow = (round(_CALLS * window.rate * share * 3) for share in (0.001, 0.01))
    calls = window.rising((_CALLS - bad) // 2)
    for silent in (window.turning(ended, bad, 0), window.turning(begun, 0, bad)):
        fires = series.calls(calls, window.rising(bad), window.rising(bad))
        yield window.case("AmendsAvailabilityBudgetBurn", fires, series.calls(calls, silent, silent))
    calls = window.rising(_CALLS)
    for silent in (window.turning(ended, _CALLS - slow, _CALLS), window.turning(begun, _CALLS, _CALLS - slow)):
        fires = series.latency(window.rising(_CALLS - slow), calls)
        yield window.case("AmendsLatencyBudgetBurn", fires, series.latency(silent, calls))


def _numbers(window: _Window) -> Iterator[Case]:
    """Nothing but faults: a hundred and twenty calls an hour, or a hundred and two."""
    none, fires, silent = (window.rising(a_minute) for a_minute in (0, 2, 1.7))
    yield window.case(
        "AmendsAvailabilityBudgetBurn", series.calls(none, fires, fires), series.calls(none, silent, silent)
    )
    yield window.case("AmendsLatencyBudgetBurn", series.latency(none, fires), series.latency(none, silent))


BURN_CASES = [
    *(case for window in _WINDOWS for case in (*_rates(window), *_times(window))),
    *(case for window in _PAGES for case in _numbers(window)),
]
