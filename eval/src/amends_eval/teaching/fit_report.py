"""How sure a fit is: figures on held-out sentences, a verdict in words, and what would make it better."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil, log2

import numpy as np
from amends_core.detection import Detector
from amends_core.taxonomy import SENTENCE_LABELS
from sklearn.metrics import f1_score, precision_recall_curve, roc_auc_score

from amends_eval.metrics.calibration import bin_sums, expected_error
from amends_eval.metrics.labels import Decisions, micro_f1, precision, recall
from amends_eval.statistics.bootstrap import Interval, interval_of_sums, interval_of_weights
from amends_eval.teaching.fitting import Fitted, Floats, Material, Truth, calibrated, out_of_fold

SURE_FROM = 0.7
"""Lower end of the interval of F1: at worst seven of ten, which is what the shipped labels reach on real sentences."""
USABLE_FROM = (0.6, 0.45)
"""F1, and the lower end of its interval."""
FLAT = 0.03
"""Gain of F1 a doubling below which more examples of the same kind do not help."""
SHARES = (0.25, 0.5, 1.0)
"""Of the positive examples: the learning curve."""
_REPEATS = 3
_ASKED = (5, 200)
"""Fewest and most examples that are asked for."""
_SHOWN = 5


class Verdict(StrEnum):
    """Whether a step may be relied on."""

    SURE = "sure"
    USABLE = "usable"
    NOT_YET = "not yet"


@dataclass(frozen=True, slots=True)
class Example:
    """A text with its held-out probability."""

    text: str
    probability: float
    carries: tuple[str, ...] = ()
    """Shipped labels that the model reads in it."""


@dataclass(frozen=True, slots=True)
class FitReport:
    """A fit, judged."""

    verdict: Verdict
    advice: str
    """What to do next, in a sentence."""
    figures: Mapping[str, Interval]
    """f1, precision, recall and auc of held-out sentences."""
    calibration_error: float
    nearest_f1: float
    """Of the likeness to the nearest example alone, at its best threshold: what the head must beat."""
    curve: tuple[tuple[int, float], ...]
    """Positive examples, F1."""
    confused_with: tuple[tuple[str, float], ...]
    """Shipped labels that the model reads in the positive examples, and in what share of them."""
    missed: tuple[Example, ...]
    """Positive examples that heads of the others do not read as the step: the least likely first."""
    intruders: tuple[Example, ...]
    """Negatives and background that are read as the step: the likeliest first."""

    def summary(self) -> dict[str, object]:
        """The figures that go into the file of the step."""
        figures = {
            name: [None if end is None else round(end, 3) for end in (found.value, found.low, found.high)]
            for name, found in self.figures.items()
        }
        return {"verdict": self.verdict.value, **figures, "calibration_error": round(self.calibration_error, 3)}


def report_of(material: Material, fitted: Fitted, detector: Detector, seed: int) -> FitReport:
    """Judges a fit; `seed` is that of the fit."""
    held_out = fitted.held_out
    figures = _figures(material, held_out.probability, held_out.claimed, seed)
    curve = _curve(material, fitted, seed)
    verdict = verdict_of(figures["f1"])
    sums = bin_sums(held_out.probability[:, None], material.truth[:, None], np.ones((len(material.truth), 1), bool))
    return FitReport(
        verdict=verdict,
        advice=advice_for(verdict, figures["f1"].value or 0.0, curve),
        figures=figures,
        calibration_error=float(expected_error(sums.sum(axis=0))),
        nearest_f1=_nearest_f1(material, seed),
        curve=curve,
        confused_with=_confused(material, detector),
        missed=_examples(material, detector, held_out.probability, material.truth & ~held_out.claimed, 1),
        intruders=_examples(material, detector, held_out.probability, ~material.truth & held_out.claimed, -1),
    )


def verdict_of(f1: Interval) -> Verdict:
    """The verdict by F1 and its interval."""
    value, low = f1.value or 0.0, f1.low or 0.0
    if low >= SURE_FROM:
        return Verdict.SURE
    return Verdict.USABLE if value >= USABLE_FROM[0] and low >= USABLE_FROM[1] else Verdict.NOT_YET


def advice_for(verdict: Verdict, f1: float, curve: Sequence[tuple[int, float]]) -> str:
    """What to do next, from the learning curve: F1 grows about linearly with the logarithm of the examples."""
    if verdict is Verdict.SURE:
        return "serve it"
    slope = float(np.polyfit([log2(count) for count, _ in curve], [value for _, value in curve], 1)[0])
    if slope < FLAT:
        return "more examples of the same kind would not help: say more sharply what the step is, add near misses"
    aim = SURE_FROM + 0.1 if verdict is Verdict.USABLE else USABLE_FROM[0] + 0.05
    count = curve[-1][0]
    more = ceil(count * (2 ** (max(aim - f1, 0.0) / slope) - 1))
    wanted = f"add about {min(max(more, _ASKED[0]), _ASKED[1])} examples"
    return f"serve it with care; {wanted} to be sure" if verdict is Verdict.USABLE else wanted


def _figures(material: Material, probability: Floats, claimed: Truth, seed: int) -> Mapping[str, Interval]:
    known = np.ones((len(claimed), 1), dtype=bool)
    counts = Decisions(material.truth[:, None], claimed[:, None], known, ["step"]).counts()
    statistics = {"f1": micro_f1, "precision": precision, "recall": recall}
    figures = {
        name: interval_of_sums(counts, material.groups, statistic, seed) for name, statistic in statistics.items()
    }

    def auc(weights: Floats) -> float:
        if not weights[material.truth].any() or not weights[~material.truth].any():
            return float("nan")
        return float(roc_auc_score(material.truth, probability, sample_weight=weights))

    return {**figures, "auc": interval_of_weights(material.groups, auc, seed)}


def _curve(material: Material, fitted: Fitted, seed: int) -> tuple[tuple[int, float], ...]:
    """F1 by the number of positive examples, each fold's heads fitted on so many; the whole sits at the end."""
    count = int(material.truth.sum())
    matrix = material.matrix(fitted.choices[0].features)
    points: list[tuple[int, float]] = []
    for share in SHARES[:-1]:
        sizes = [
            _f1_with(material, matrix, share, fitted.choices[0].strength, seed + again) for again in range(_REPEATS)
        ]
        points.append((max(2, round(share * count)), float(np.mean(sizes))))
    whole = f1_score(material.truth, fitted.held_out.claimed)
    return (*points, (count, float(whole)))


def _f1_with(material: Material, matrix: Floats, share: float, strength: float, seed: int) -> float:
    rng = np.random.default_rng(seed)
    folds = []
    for train, test in material.folds(seed + 1):
        positive = train[material.truth[train]]
        kept = rng.permutation(positive)[: max(2, round(share * len(positive)))]
        folds.append((np.concatenate([kept, train[~material.truth[train]]]), test))
    held_out = calibrated(out_of_fold(matrix, material.truth, folds, strength), material.truth)
    return float(f1_score(material.truth, held_out.claimed))


def _nearest_f1(material: Material, seed: int) -> float:
    vectors = np.array([encoding.embedding for encoding in material.encodings])
    scores = np.zeros(len(vectors))
    for train, test in material.folds(seed + 1):
        scores[test] = (vectors[test] @ vectors[train[material.truth[train]]].T).max(axis=1)
    right, found, _ = precision_recall_curve(material.truth, scores)
    return float(np.max(2 * right * found / np.maximum(right + found, 1e-12)))


def _carried(material: Material, detector: Detector, index: int) -> tuple[str, ...]:
    reading = detector.read_sentence(material.encodings[index])
    return tuple(label.value for label in SENTENCE_LABELS if detector.claims(reading, label))


def _confused(material: Material, detector: Detector) -> tuple[tuple[str, float], ...]:
    positives = np.flatnonzero(material.truth)
    counts = Counter(label for index in positives for label in _carried(material, detector, int(index)))
    return tuple((label, count / len(positives)) for label, count in counts.most_common(_SHOWN))


def _examples(
    material: Material, detector: Detector, probability: Floats, which: Truth, order: int
) -> tuple[Example, ...]:
    ranked = sorted(np.flatnonzero(which).tolist(), key=lambda index: (order * probability[index], index))
    return tuple(
        Example(material.texts[index], float(probability[index]), _carried(material, detector, int(index)))
        for index in ranked[:_SHOWN]
    )
