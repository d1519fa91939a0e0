"""What a sentence costs: estimated before it is encoded, learned from every one that was. Pure: no clock, no thread."""

from collections import deque
from dataclasses import dataclass, field
from statistics import median_low

_FORGETTING = 0.99
"""Weight of a sentence against the next one: about the last hundred count."""
_FIRST_TOKENS, _FIRST_S, _FIRST_WEIGHT = 24.0, 0.003, 5.0
"""What is believed before any was measured, and how many sentences that is worth: MiniLM-L6 int8, one thread."""
_FIXED_TOKENS = 16.0
"""How many tokens a run without any would cost: the slope that is believed while lengths hardly differ."""
_RIDGE = 4.0
"""Tokens squared: below about this variance of lengths the slope is believed rather than measured."""
_RATIOS = 31
"""Newest ratios of measured to estimated seconds whose median tells what is usual."""
_LARGEST_ERROR = 3.0
"""A measurement counts for at most so many times what is usual, and for at least that part of it."""
_LEAST_S, _MOST_S = 1e-6, 10.0
"""Bounds of an estimate for one sentence, in seconds."""
_FIRST_RATE = 0.22
"""Tokens a character of English, by WordPiece."""
_LEAST_RATE, _MOST_RATE = 0.05, 1.0
_SPECIAL_TOKENS = 2


@dataclass(slots=True)
class Costs:
    """A line `slope · tokens + fixed`, fitted to the latest sentences. Belongs to one thread.

    Least squares with exponential forgetting, in the form of weighted means and covariances, and with a ridge
    towards the slope that the means suggest. Slope and fixed part are never negative, and the mean sentence costs
    the mean of what was measured, so that the sum over a queue is right even where the line is not.

    Source: Ljung, System Identification (1999), 11.2, least squares with forgetting; Huber (1964), clipped errors.
    """

    max_tokens: int
    """What the encoder reads of a sentence at most."""
    _weight: float = _FIRST_WEIGHT
    _tokens: float = _FIRST_TOKENS
    _seconds: float = _FIRST_S
    _variance: float = 0.0
    _covariance: float = 0.0
    _rate: float = _FIRST_RATE
    _ratios: deque[float] = field(default_factory=lambda: deque(maxlen=_RATIOS))

    def tokens(self, text: str) -> float:
        """Estimates how many tokens a text has, from its characters; from 2 to `max_tokens`."""
        return min(float(self.max_tokens), _SPECIAL_TOKENS + len(text) * self._rate)

    def seconds(self, tokens: float) -> float:
        """Estimates the seconds of one thread that a sentence takes; from a microsecond to ten seconds."""
        usual = self._seconds / self._tokens
        believed = self._seconds / (self._tokens + _FIXED_TOKENS)
        slope = (self._covariance + _RIDGE * believed) / (self._variance + _RIDGE)
        slope = min(max(slope, 0.0), usual)
        return min(max(self._seconds + slope * (tokens - self._tokens), _LEAST_S), _MOST_S)

    def learn(self, text: str, tokens: int, seconds: float) -> None:
        """Takes in what a sentence took. One that is far off counts as a less far one, unless that becomes usual."""
        self._learn_rate(text, tokens)
        estimate = self.seconds(tokens)
        ratio = seconds / estimate
        self._ratios.append(ratio)
        usual = median_low(self._ratios)
        self._fit(float(tokens), estimate * min(max(ratio, usual / _LARGEST_ERROR), usual * _LARGEST_ERROR))

    def _fit(self, tokens: float, seconds: float) -> None:
        self._weight = _FORGETTING * self._weight + 1
        gain = 1 / self._weight
        of_tokens, of_seconds = tokens - self._tokens, seconds - self._seconds
        self._tokens += gain * of_tokens
        self._seconds += gain * of_seconds
        self._variance = (1 - gain) * (self._variance + gain * of_tokens * of_tokens)
        self._covariance = (1 - gain) * (self._covariance + gain * of_tokens * of_seconds)

    def _learn_rate(self, text: str, tokens: int) -> None:
        if not text or tokens >= self.max_tokens:  # what was cut tells nothing of the rate
            return
        rate = (tokens - _SPECIAL_TOKENS) / len(text)
        self._rate += (1 - _FORGETTING) * (min(max(rate, _LEAST_RATE), _MOST_RATE) - self._rate)
