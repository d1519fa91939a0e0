"""A step of a company's own: a logistic head over what the frozen model says of a sentence, as a small JSON file."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from math import exp, isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amends_core.bundle import OUTPUTS
from amends_core.encoder import Encoding, Floats
from amends_core.errors import TeachingError
from amends_core.exemplars import Nearest, nearest_of
from amends_core.teaching.phrases import MAX_PHRASES
from amends_core.text.normal import NORMALISATION

FORMAT = 1
MAX_BYTES = 1_000_000
_LOGIT_RANGE = 8.0
_LOGIT_SCALE = 18.0
"""Brings the logits to about the length of the embedding, which is 1: their root mean square is 2.7, of 45."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


class Features(StrEnum):
    """What of an encoding a head reads."""

    EMBEDDING = "embedding"
    LOGITS = "logits"
    BOTH = "embedding+logits"


def features_of(encoding: Encoding, features: Features) -> NDArray[np.float64]:
    """The features of a sentence, shape (n,)."""
    logits = encoding.logits.astype(np.float64).clip(-_LOGIT_RANGE, _LOGIT_RANGE) / _LOGIT_SCALE
    if features is Features.LOGITS:
        return logits
    embedding = encoding.embedding.astype(np.float64)
    return embedding if features is Features.EMBEDDING else np.concatenate([embedding, logits])


@dataclass(frozen=True, slots=True)
class CustomStep:
    """A fitted step. The weights hold the calibration: sigmoid(weights . features + bias) is the probability."""

    name: str
    version: str
    about: str
    model_sha256: str
    """Of the bundle that it was fitted on; with any other it means nothing."""
    features: Features
    weights: tuple[float, ...]
    bias: float
    threshold: float
    """The probability from which the step is claimed."""
    exemplars: tuple[str, ...]
    """The phrases it was fitted from: they explain."""
    report: Mapping[str, Any]
    """Figures of the fit, for people."""

    def to_json(self) -> str:
        """The file."""
        return json.dumps({"format": FORMAT, "normalisation": NORMALISATION, **asdict(self)}, indent=1) + "\n"


@dataclass(frozen=True, slots=True)
class CustomReading:
    """What one sentence says of a step of a company's own."""

    step: CustomStep
    probability: float
    """Calibrated on the examples of the fit, 0 to 1."""
    claimed: bool
    nearest: Nearest


class StepReader:
    """Reads sentences for one step. Immutable, thread-safe, deterministic."""

    def __init__(self, step: CustomStep, embeddings: Mapping[str, Floats]) -> None:
        """Takes the unit vector of each of the step's exemplars."""
        self._step = step
        self._weights = np.array(step.weights)
        self._vectors = np.stack([embeddings[text] for text in step.exemplars])

    def read(self, encoding: Encoding) -> CustomReading:
        """Reads a sentence."""
        scaled = float((self._weights * features_of(encoding, self._step.features)).sum()) + self._step.bias
        probability = 1.0 / (1.0 + exp(-min(max(scaled, -60.0), 60.0)))
        nearest = nearest_of(self._step.exemplars, self._vectors, encoding.embedding)._replace(own=True)
        return CustomReading(self._step, probability, probability >= self._step.threshold, nearest)


def parse_step(source: str, text: str, model_sha256: str, dimension: int) -> CustomStep:
    """Gives the step that a file holds; `source` is its name in messages.

    Args:
        source: the file's name.
        text: what it holds.
        model_sha256: of the bundle that serves.
        dimension: of that bundle's embedding.

    Raises:
        TeachingError: the file is not such a step, or was fitted on another model.
    """
    remedy = "fit it again with `amends steps fit`"
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise TeachingError(f"{source}: larger than {MAX_BYTES} bytes, which is no custom step; {remedy}")
    try:
        step = _step_of(json.loads(text))
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise TeachingError(f"{source}: not a custom step of this release ({type(error).__name__}); {remedy}") from None
    if step.model_sha256 != model_sha256:
        raise TeachingError(
            f"{source}: fitted on model {step.model_sha256[:12]}, and {model_sha256[:12]} serves; {remedy} from the "
            "same examples, or serve the model it was fitted on"
        )
    length = {Features.EMBEDDING: dimension, Features.LOGITS: len(OUTPUTS), Features.BOTH: dimension + len(OUTPUTS)}
    if len(step.weights) != length[step.features]:
        raise TeachingError(f"{source}: holds {len(step.weights)} weights, not {length[step.features]}; {remedy}")
    return step


def _step_of(data: Mapping[str, Any]) -> CustomStep:
    if (data["format"], data["normalisation"]) != (FORMAT, NORMALISATION) or not _NAME.fullmatch(data["name"]):
        raise ValueError
    step = CustomStep(
        name=data["name"],
        version=str(data["version"]),
        about=str(data["about"]),
        model_sha256=str(data["model_sha256"]),
        features=Features(data["features"]),
        weights=tuple(map(float, data["weights"])),
        bias=float(data["bias"]),
        threshold=float(data["threshold"]),
        exemplars=tuple(map(str, data["exemplars"])),
        report=dict(data["report"]),
    )
    finite = all(map(isfinite, (*step.weights, step.bias)))
    if not (finite and 0.0 < step.threshold < 1.0 and 0 < len(step.exemplars) <= MAX_PHRASES):
        raise ValueError
    return step
