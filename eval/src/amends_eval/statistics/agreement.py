"""How far raters agree, two at a time. Knows nothing of judges, models and files.

Source: Cohen (1960, 1968) for kappa; Krippendorff (2004), Content Analysis, chapter 11, for alpha.
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Literal, TypeVar

import krippendorff
import numpy as np
from sklearn.metrics import cohen_kappa_score

_U = TypeVar("_U", bound=Hashable)
Level = Literal["nominal", "ordinal", "interval"]


def kappa(a: Sequence[object], b: Sequence[object], *, order: Sequence[object] = ()) -> float | None:
    """Cohen's kappa; quadratic weights over the values of `order` where one is given.

    None where both raters always say the same one thing: chance then explains everything and nothing.
    """
    values = list(order) or sorted({*a, *b}, key=str)
    if len({*a, *b}) < 2:
        return None
    place = {value: index for index, value in enumerate(values)}
    coded = ([place[value] for value in rater] for rater in (a, b))
    weights = "quadratic" if order else None
    return float(cohen_kappa_score(*coded, labels=list(range(len(values))), weights=weights))


def alpha(raters: Sequence[Sequence[float | None]], level: Level) -> float | None:
    """Krippendorff's alpha of any number of raters over the same units; None stands for "did not say".

    None where only one value was ever given.
    """
    values = np.array([[np.nan if value is None else value for value in rater] for rater in raters], dtype=np.float64)
    # Only what two raters spoke about can agree or disagree.
    paired = values[:, np.isfinite(values).sum(axis=0) > 1]
    if len(np.unique(paired[np.isfinite(paired)])) < 2:
        return None
    return float(krippendorff.alpha(reliability_data=paired, level_of_measurement=level))


def micro_f1(
    a: Sequence[Collection[str]], b: Sequence[Collection[str]], open_to: Sequence[Collection[str]]
) -> float | None:
    """F1 of one rater's labels by the other's, which is the same in both directions.

    Args:
        a: labels of each unit by one rater.
        b: the same by the other.
        open_to: labels of each unit that either calls arguable: left out.
    """
    both = one = 0
    for first, second, either in zip(a, b, open_to, strict=True):
        left, right = set(first) - set(either), set(second) - set(either)
        both += len(left & right)
        one += len(left ^ right)
    return 2 * both / (2 * both + one) if both + one else None


def as_decisions(
    units: Sequence[Collection[str]], open_to: Sequence[Collection[str]], names: Sequence[str]
) -> list[bool]:
    """Labels of units as one yes or no for each unit and name that is not arguable, in order."""
    return [
        name in labels for labels, either in zip(units, open_to, strict=True) for name in names if name not in either
    ]


def mean_distance(a: Mapping[_U, float], b: Mapping[_U, float]) -> float | None:
    """Mean absolute difference over the units that both rated."""
    shared = a.keys() & b.keys()
    return sum(abs(a[unit] - b[unit]) for unit in shared) / len(shared) if shared else None
