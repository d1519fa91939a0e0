"""Fits a step of a company's own: a logistic head over the frozen model, judged on sentences that it has not seen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from amends_core.encoder import Encoding
from amends_core.errors import TeachingError
from amends_core.teaching import CustomStep, Features, StepExamples, features_of
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components
from scipy.special import expit
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import StratifiedGroupKFold
from threadpoolctl import threadpool_limits

from amends_eval.datasets.rows import SentenceRow

FOLDS = 5
REPEATS = 4
"""Of the cross-validation: with a few dozen examples, one way to fold moves F1 by .03."""
STRENGTHS = (10.0, 100.0)
"""C of the regression: its weakest useful regularisation. On three steps, 3 and below lost up to .1 of F1."""
KIN = 0.5
"""TF-IDF cosine of character 3- to 5-grams from which two examples are one another's paraphrase: held out together."""
_ITERATIONS = 2000
_DIGITS = 6
"""Significant ones of a weight in the file: what the model itself resolves."""

Floats = NDArray[np.float64]
Truth = NDArray[np.bool_]
Fold = tuple[NDArray[np.int64], NDArray[np.int64]]


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What a head is fitted on: positives, negatives of the company, and sentences of the background, in that order."""

    texts: Sequence[str]
    encodings: Sequence[Encoding]
    truth: Truth
    groups: Sequence[str]
    """Texts that share one are never on both sides of a fold."""
    background: Sequence[SentenceRow]
    """The rows behind the last texts."""

    @property
    def own(self) -> int:
        """How many texts are the company's."""
        return len(self.texts) - len(self.background)

    def matrix(self, features: Features) -> Floats:
        """Shape (texts, n)."""
        return np.array([features_of(encoding, features) for encoding in self.encodings])

    def folds(self, seed: int) -> list[Fold]:
        """Splits with a like share of positives."""
        splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
        return list(splitter.split(np.zeros(len(self.truth)), self.truth, np.asarray(self.groups)))


@dataclass(frozen=True, slots=True)
class Choice:
    """A way to fit, and how well it ranks held-out sentences."""

    features: Features
    strength: float
    average_precision: float


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Calibrated probabilities of sentences, each by a head that saw nothing of its group."""

    probability: Floats
    threshold: float
    slope: float
    intercept: float

    @property
    def claimed(self) -> Truth:
        """Which reach the threshold."""
        return self.probability >= self.threshold


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fit: the ways tried, best first, what is held out under the best, and its head."""

    choices: tuple[Choice, ...]
    held_out: HeldOut
    weights: Floats
    bias: float

    def step(self, examples: StepExamples, model_sha256: str, report: dict[str, object]) -> CustomStep:
        """The step as it is served, with the calibration folded into the weights."""
        slope, intercept = self.held_out.slope, self.held_out.intercept
        return CustomStep(
            name=examples.name,
            version=examples.version,
            about=examples.about,
            model_sha256=model_sha256,
            features=self.choices[0].features,
            weights=tuple(_short(slope * weight) for weight in self.weights.tolist()),
            bias=_short(slope * self.bias + intercept),
            threshold=_short(self.held_out.threshold),
            exemplars=tuple(phrase.text for phrase in examples.positive),
            report=report,
        )


def material_of(
    examples: StepExamples, background: Sequence[SentenceRow], encode: Callable[[str], Encoding]
) -> Material:
    """Brings examples and background together.

    Raises:
        TeachingError: the positive examples are too alike to hold any of them out.
    """
    own = [*examples.positive, *examples.negative]
    rows = [row for row in background if row.text not in {phrase.text for phrase in own}]
    texts = [*(phrase.text for phrase in own), *(row.text for row in rows)]
    kin = [f"own {number}" for number in _kin([phrase.form for phrase in own])]
    count = len(examples.positive)
    if len(set(kin[:count])) < FOLDS:
        raise TeachingError(
            f"the {count} positive examples are {len(set(kin[:count]))} phrases and their paraphrases, at least "
            f"{FOLDS} are needed; word them as different agents would"
        )
    return Material(
        texts=texts,
        encodings=[encode(text) for text in texts],
        truth=np.arange(len(texts)) < count,
        groups=[*kin, *(row.cluster for row in rows)],
        background=rows,
    )


def fit(material: Material, seed: int) -> Fitted:
    """Chooses features and regularisation by cross-validation, calibrates on held-out scores and fits on everything.

    The figures come from other folds than the choice, but from the same sentences: among six ways that flatters little.

    Source: Platt (1999) with his targets, on out-of-fold scores.
    """
    choices = sorted(_choices(material, seed), key=lambda choice: -choice.average_precision)
    matrix = material.matrix(choices[0].features)
    scores = repeated(matrix, material, choices[0].strength, seed)
    head = _head(choices[0].strength).fit(matrix, material.truth)
    return Fitted(tuple(choices), calibrated(scores, material.truth), head.coef_[0], float(head.intercept_[0]))


def out_of_fold(matrix: Floats, truth: Truth, folds: Sequence[Fold], strength: float) -> Floats:
    """Score of each row by a head fitted on the other folds."""
    scores = np.zeros(len(truth))
    # On matrices this small, more threads wait for one another.
    with threadpool_limits(1):
        for train, test in folds:
            scores[test] = _head(strength).fit(matrix[train], truth[train]).decision_function(matrix[test])
    return scores


def repeated(matrix: Floats, material: Material, strength: float, seed: int) -> Floats:
    """Mean held-out score of each row over REPEATS ways to fold, none of them that of the choice."""
    folded = (material.folds(seed + 1 + again) for again in range(REPEATS))
    scores: Floats = np.mean([out_of_fold(matrix, material.truth, folds, strength) for folds in folded], axis=0)
    return scores


def calibrated(scores: Floats, truth: Truth) -> HeldOut:
    """Probabilities from scores, and the threshold that is best for F1 if they are right."""
    slope, intercept = _platt(scores, truth)
    probability: Floats = expit(slope * scores + intercept)
    return HeldOut(probability, _best_threshold(probability), slope, intercept)


def _choices(material: Material, seed: int) -> list[Choice]:
    folds = material.folds(seed)
    found: list[Choice] = []
    for features in Features:
        matrix = material.matrix(features)
        for strength in STRENGTHS:
            scores = out_of_fold(matrix, material.truth, folds, strength)
            found.append(Choice(features, strength, float(average_precision_score(material.truth, scores))))
    return found


def _head(strength: float) -> LogisticRegression:
    return LogisticRegression(C=strength, class_weight="balanced", max_iter=_ITERATIONS)


def _platt(scores: Floats, truth: Truth) -> tuple[float, float]:
    positives, negatives = int(truth.sum()), int((~truth).sum())
    # Platt's targets: as if one more of each kind had been seen, so that no score is taken for certain.
    target = np.where(truth, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    column = np.concatenate([scores, scores])[:, None]
    kind = np.repeat([1, 0], len(scores))
    weights = np.concatenate([target, 1 - target])
    line = LogisticRegression(C=1e6, max_iter=_ITERATIONS).fit(column, kind, sample_weight=weights)
    # A head that ranks the wrong way round is worth nothing, and is not turned round.
    return max(float(line.coef_[0, 0]), 0.0), float(line.intercept_[0])


def _best_threshold(probability: Floats) -> float:
    """The threshold with the highest expected F1, from .1 to .9.

    Source: Lipton, Elkan and Naryanaswamy (2014), Optimal Thresholding of Classifiers to Maximize F1 Measure.
    """
    ordered = np.sort(probability)[::-1]
    expected = 2 * np.cumsum(ordered) / (np.arange(1, len(ordered) + 1) + ordered.sum())
    return float(np.clip(ordered[int(expected.argmax())], 0.1, 0.9))


def _kin(forms: Sequence[str]) -> list[int]:
    vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5)).fit_transform(forms)
    return [int(number) for number in connected_components((vectors @ vectors.T) >= KIN, directed=False)[1]]


def _short(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
