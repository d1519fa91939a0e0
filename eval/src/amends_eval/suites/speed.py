"""How long an answer takes where the evaluation runs. Compare only within one run: machines differ."""

from collections.abc import Mapping, Sequence

import numpy as np

from amends_eval.suites.suite import Answered, Metric, Suite, SuiteResult

_QUANTILES = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}


def measure(answered: Mapping[str, Sequence[Answered]], seed: int) -> SuiteResult:
    """Quantiles of milliseconds an answer, with intervals, by dataset: sentences, replies, advice, conversations."""
    metrics = [
        _quantile(f"{dataset}.{name}", _milliseconds(items), level, seed)
        for dataset, items in answered.items()
        for name, level in _QUANTILES.items()
    ]
    return SuiteResult(suite="speed", metrics=tuple(metrics), outcomes=())


def _milliseconds(items: Sequence[Answered]) -> np.ndarray:
    return np.array([1000 * seconds for item in items for seconds in item.seconds.values()], dtype=np.float64)


def _quantile(name: str, values: np.ndarray, level: float, seed: int) -> Metric:
    if not len(values):
        return Metric(name=name, value=None, n=0, higher_is_better=False)
    draws = np.random.default_rng(seed).choice(values, size=(500, len(values)))
    low, high = np.quantile(np.quantile(draws, level, axis=1), [0.025, 0.975])
    return Metric(
        name=name,
        value=float(np.quantile(values, level)),
        low=float(low),
        high=float(high),
        n=len(values),
        higher_is_better=False,
    )


SUITE = Suite(
    "speed",
    "How long an answer takes, here and now",
    ("sentences", "customer", "ranked", "next-step", "arcs"),
    measure,
)
