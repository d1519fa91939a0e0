"""What each feature weighs in advice: fitted by `amends_train.advice_fit`, kept as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from amends_core.advice.features import STATE_FEATURES, STEP_FEATURES, Floats
from amends_core.bundle import UNSCALED, PlattScale
from amends_core.taxonomy import STEPS

PATH = Path(__file__).with_name("weights.yaml")
_LEAST = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """A conditional logit: the log odds of the steps against each other.

    Source: McFadden (1974), Conditional logit analysis of qualitative choice behavior.
    """

    of_step: Floats
    """Shape (len(STEP_FEATURES),)."""
    of_state: Floats
    """Shape (len(STATE_FEATURES), 13): what each weighs on each step."""
    scale: PlattScale = UNSCALED
    """From the log odds with which a step is the one to those with which it is acceptable, as several may be."""

    def acceptance(self, chance: Floats) -> Floats:
        """Calibrated probabilities that steps are acceptable, from the softmax over them; the order stays."""
        return self.scale.probability(log_odds(chance))

    def urgency(self, steps: Floats, state: Floats) -> Floats:
        """Log odds of each step, shape (13,); takes what `features` gives."""
        found: Floats = steps @ self.of_step + state @ self.of_state
        return found


def log_odds(chance: Floats) -> Floats:
    """Log odds of probabilities, which count as a millionth at least and as all but a millionth at most."""
    bounded = np.clip(chance, _LEAST, 1 - _LEAST)
    found: Floats = np.log(bounded / (1 - bounded))
    return found


def shipped() -> Weights:
    """The weights that ship."""
    return parse(yaml.safe_load(PATH.read_text(encoding="utf-8")))


def parse(data: Mapping[str, Any]) -> Weights:
    """Reads weights from a mapping; a feature that is not named weighs nothing."""
    by_step = data["of_state"]
    return Weights(
        of_step=np.array([data["of_step"].get(name, 0.0) for name in STEP_FEATURES], dtype=np.float64),
        of_state=np.array(
            [[by_step.get(name, {}).get(step.value, 0.0) for step in STEPS] for name in STATE_FEATURES],
            dtype=np.float64,
        ),
        scale=PlattScale(**data["acceptance"]) if "acceptance" in data else UNSCALED,
    )


def dump(weights: Weights) -> Mapping[str, Any]:
    """What `parse` reads, rounded to a hundredth; weights of nothing are left out."""
    rounded = {
        name: {step.value: value for step, value in zip(STEPS, row, strict=True) if value}
        for name, row in zip(STATE_FEATURES, weights.of_state.round(2).tolist(), strict=True)
    }
    of_step = dict(zip(STEP_FEATURES, weights.of_step.round(2).tolist(), strict=True))
    acceptance = {"slope": round(weights.scale.slope, 3), "intercept": round(weights.scale.intercept, 3)}
    of_state = {name: row for name, row in rounded.items() if row}
    return {"acceptance": acceptance, "of_step": of_step, "of_state": of_state}
