"""Reads an encoding: logits become calibrated probabilities, and claims where they pass a threshold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from amends_core.bundle import OUTPUTS, UNSCALED, Manifest, logistic, output_name
from amends_core.encoder import Encoding
from amends_core.taxonomy import (
    CUSTOMER_ACTS,
    SENTENCE_LABELS,
    SENTENCE_MISSTEPS,
    STEPS,
    CustomerAct,
    Label,
    Misstep,
    Step,
    Strength,
)
from amends_core.teaching import Correction, CustomReading, StepReader

STRONG_FROM = 0.5
"""From this probability on a step counts as strong."""
READINGS = 4096
"""How many encodings a detector remembers the readings of, each some 6 KB with the encoding: the same come again with
every reply that is judged in a conversation."""
_STEPS = slice(0, len(STEPS))
_STRONG = slice(_STEPS.stop, _STEPS.stop + len(STEPS))
_MISSTEPS = slice(_STRONG.stop, _STRONG.stop + len(SENTENCE_MISSTEPS))
_ACTS = slice(_MISSTEPS.stop, _MISSTEPS.stop + len(CUSTOMER_ACTS))
_UPSET = _ACTS.stop
_CARE = _UPSET + 1
_NEXT = slice(_CARE + 1, _CARE + 1 + len(STEPS))


@dataclass(frozen=True, slots=True)
class SentenceReading:
    """What one sentence of an agent does."""

    steps: Mapping[Step, float]
    """Calibrated probability of each step, 0 to 1."""
    strong: Mapping[Step, float]
    """Probability that the step, where it is there, is strong; 0 to 1."""
    missteps: Mapping[Misstep, float]
    """Calibrated probability of each sentence-level misstep, 0 to 1."""
    claimed: tuple[Label, ...]
    """What it is taken to carry, in the order of the taxonomy."""
    care: float
    """How good the replies are in which sentences like this one stand, 0 (harmful) to 1 (excellent)."""
    custom_steps: tuple[CustomReading, ...] = ()
    """What it says of a company's own steps, by their names."""

    @property
    def harms(self) -> bool:
        """Whether it is taken to carry a misstep."""
        return any(isinstance(label, Misstep) for label in self.claimed)

    @property
    def probabilities(self) -> tuple[float, ...]:
        """Of each of SENTENCE_LABELS, in their order."""
        return (*self.steps.values(), *self.missteps.values())

    def probability(self, label: Label) -> float:
        """Of a step or a sentence-level misstep."""
        return self.steps[label] if isinstance(label, Step) else self.missteps[label]


@dataclass(frozen=True, slots=True)
class CustomerReading:
    """What one message of a customer tells."""

    act: CustomerAct
    """The likeliest."""
    act_probability: float
    upset: float
    acts: Mapping[CustomerAct, float]
    """Probability of each act; they add up to 1."""
    calls_for: Mapping[Step, float]
    """How far the message by itself calls for each step of the agent, 0 to 1; several can be called for."""


class Detector:
    """Reads encodings by a bundle's calibration and thresholds. Pure and thread-safe."""

    def __init__(
        self, manifest: Manifest, correction: Correction | None = None, steps: Sequence[StepReader] = ()
    ) -> None:
        """Takes what a company taught, too: a correction by its own exemplars, and readers of its own steps."""
        reader = _Reader(manifest, correction, steps)
        self.thresholds = reader.thresholds
        """The calibrated probability from which each label is claimed."""
        self._sentences = lru_cache(READINGS)(reader.sentence)
        self._customers = lru_cache(READINGS)(reader.customer)

    def read_sentence(self, encoding: Encoding) -> SentenceReading:
        """Reads a sentence of an agent; from memory where this very encoding was read of late."""
        return self._sentences(encoding)

    def read_customer(self, encoding: Encoding) -> CustomerReading:
        """Reads a message of a customer; from memory where this very encoding was read of late."""
        return self._customers(encoding)

    def claims(self, reading: SentenceReading, label: Label) -> bool:
        """Whether the sentence is taken to carry the label."""
        return label in reading.claimed

    def strength(self, reading: SentenceReading, step: Step) -> Strength:
        """How well the sentence makes the step."""
        if not self.claims(reading, step):
            return Strength.ABSENT
        return Strength.STRONG if reading.strong[step] >= STRONG_FROM else Strength.WEAK

    def certainty(self, probability: float, label: Label) -> float:
        """How far a probability lies from the label's threshold, 0 (on it) to 1 (at the end of the scale)."""
        threshold = self.thresholds[label]
        room = 1.0 - threshold if probability >= threshold else threshold
        return abs(probability - threshold) / room if room > 0 else 1.0


class _Reader:
    """Reads without memory. Knows of no detector, so that one which is replaced goes at once, readings and all."""

    def __init__(self, manifest: Manifest, correction: Correction | None, steps: Sequence[StepReader]) -> None:
        self._correction = correction
        self._custom_steps = tuple(steps)
        scales = [manifest.calibration.get(name, UNSCALED) for name in OUTPUTS]
        self._slope = np.array([scale.slope for scale in scales])
        self._intercept = np.array([scale.intercept for scale in scales])
        self._temperature = manifest.act_temperature
        self.thresholds: Mapping[Label, float] = {
            label: manifest.thresholds[output_name(label)] for label in SENTENCE_LABELS
        }

    def sentence(self, encoding: Encoding) -> SentenceReading:
        shift = self._correction.shift(encoding.embedding) if self._correction else None
        probabilities = self._calibrated(encoding, shift).tolist()
        steps = dict(zip(STEPS, probabilities[_STEPS], strict=True))
        missteps = dict(zip(SENTENCE_MISSTEPS, probabilities[_MISSTEPS], strict=True))
        likely = chain(steps.items(), missteps.items())
        return SentenceReading(
            steps=steps,
            strong=dict(zip(STEPS, probabilities[_STRONG], strict=True)),
            missteps=missteps,
            claimed=tuple(label for label, probability in likely if probability >= self.thresholds[label]),
            care=probabilities[_CARE],
            custom_steps=tuple(step.read(encoding) for step in self._custom_steps),
        )

    def customer(self, encoding: Encoding) -> CustomerReading:
        logits = encoding.logits[_ACTS] / self._temperature
        odds = np.exp(logits - logits.max())
        acts = dict(zip(CUSTOMER_ACTS, (odds / odds.sum()).tolist(), strict=True))
        act = CUSTOMER_ACTS[int(odds.argmax())]
        probabilities = self._calibrated(encoding).tolist()
        return CustomerReading(
            act=act,
            act_probability=acts[act],
            upset=probabilities[_UPSET],
            acts=acts,
            calls_for=dict(zip(STEPS, probabilities[_NEXT], strict=True)),
        )

    def _calibrated(self, encoding: Encoding, shift: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        scaled = self._slope * encoding.logits + self._intercept
        if shift is not None:
            scaled += shift
        return logistic(scaled)
