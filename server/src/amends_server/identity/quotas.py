"""How much a tenant may ask: token buckets. Pure: the owner tells the time.

Source: Turner (1986), New directions in communications; RFC 2697 in its one-rate form.
"""

from dataclasses import dataclass, field
from typing import Literal

Unit = Literal["calls", "sentences"]
_EPSILON = 1e-9
"""Below it a level counts as reached: rounding must not refuse who came back when told to."""


class OverQuota(Exception):
    """A tenant asks for more than it may."""

    def __init__(self, unit: Unit, rate: float, retry_after_s: float) -> None:
        super().__init__(unit)
        self.unit = unit
        self.rate = rate
        """Units a second."""
        self.retry_after_s = retry_after_s
        """Seconds after which the same would be let in, if nothing else came; above 0."""


@dataclass(slots=True)
class TokenBucket:
    """Lets through `rate` a second, and `burst` at once. Times are monotonic seconds. Not thread-safe.

    What is larger than a whole burst is let through when the bucket is full and leaves a debt, so that no size is
    impossible and the rate still holds in the long run.
    """

    rate: float
    """Above 0."""
    burst: float
    """At least 1."""
    _level: float = field(init=False)
    _at: float | None = None

    def __post_init__(self) -> None:
        """Begins full."""
        self._level = self.burst

    def wait_s(self, amount: float, now: float) -> float:
        """Seconds until `amount` would be let through; 0 where it is now. Takes nothing."""
        if self._at is not None:
            self._level = min(self.burst, self._level + max(0.0, now - self._at) * self.rate)
        self._at = now if self._at is None else max(now, self._at)
        lacking = min(amount, self.burst) - self._level
        return lacking / self.rate if lacking > _EPSILON else 0.0

    def take(self, amount: float) -> None:
        """Takes `amount`, after `wait_s` gave 0 for it."""
        self._level -= amount


@dataclass(frozen=True, slots=True)
class Quota:
    """What one tenant may ask, over all its callers."""

    calls: TokenBucket | None = None
    """Calls, and events of live conversations."""
    sentences: TokenBucket | None = None
    """Sentences and messages that are read, cached ones too."""

    def charge(self, unit: Unit, amount: float, now: float) -> None:
        """Takes from the bucket of a unit; without one all is free.

        Raises:
            OverQuota: there is too little in it; nothing was taken.
        """
        bucket = self.calls if unit == "calls" else self.sentences
        if bucket is None:
            return
        wait_s = bucket.wait_s(amount, now)
        if wait_s:
            raise OverQuota(unit, bucket.rate, wait_s)
        bucket.take(amount)
