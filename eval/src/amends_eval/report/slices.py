"""Where a run is better and worse: the share of right outcomes by every value of every slice."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from statsmodels.stats.proportion import proportion_confint

from amends_eval.suites.suite import Outcome


@dataclass(frozen=True, slots=True)
class Slice:
    """The outcomes that share one value of one slice."""

    name: str
    value: str
    share: float
    """Of those that came out right."""
    low: float
    high: float
    n: int


def slices_of(outcomes: Iterable[Outcome]) -> list[Slice]:
    """Every slice that cuts the outcomes in two or more, in the order met, its values by name.

    An outcome of which nothing can be said, and an empty value, count nowhere.
    """
    found: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for outcome in outcomes:
        for name, value in outcome.slices.items():
            if value and outcome.ok is not None:
                found[name][value].append(outcome.ok)
    return [
        _slice(name, value, hits)
        for name, values in found.items()
        if len(values) > 1
        for value, hits in sorted(values.items())
    ]


def wilson(right: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share.

    Source: Wilson (1927), Probable inference, the law of succession, and statistical inference.
    """
    low, high = proportion_confint(right, n, alpha=0.05, method="wilson")
    return float(low), float(high)


def _slice(name: str, value: str, hits: Sequence[bool]) -> Slice:
    low, high = wilson(sum(hits), len(hits))
    return Slice(name, value, sum(hits) / len(hits), low, high, len(hits))
