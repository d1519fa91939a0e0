"""Conversations without words: an encoder that reads from each turn what the turn is named after."""

from collections.abc import Mapping, Sequence

import numpy as np
from amends_core.bundle import OUTPUTS, Manifest
from amends_core.conversation import Turn
from amends_core.encoder import Encoding
from amends_core.playbooks import load_library
from amends_core.scorer import Plan, Scorer, phrases_of
from amends_core.taxonomy import CUSTOMER_ACTS, Role
from amends_core.text import raw_text_of
from scipy.special import logit

SURE = 0.999
_NOTHING = 1.0 - SURE


class Script:
    """Reads `VENT 0.9` as a customer's act and how upset they are, and `EMPATHIZE` as an agent's step made well."""

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest

    def turns(self, said: Sequence[str]) -> list[Turn]:
        """Gives the turns of a conversation; what names an act is the customer's."""
        return [Turn(Role.CUSTOMER if one.split()[0] in CUSTOMER_ACTS else Role.AGENT, one) for one in said]

    def scorer(self) -> Scorer:
        """A scorer over the shipped playbooks, whose exemplars tell it nothing."""
        library = load_library()
        return Scorer(self._manifest, library, {text: self._encoding({}) for text in phrases_of(library)})

    def encodings(self, plan: Plan) -> Mapping[str, Encoding]:
        """Encodes all that a plan asks for."""
        return {text: self._encoding(_outputs(raw_text_of(text))) for text in plan.texts}

    def _encoding(self, outputs: Mapping[str, float]) -> Encoding:
        """The encoding whose calibrated probabilities are the given ones, and next to nothing elsewhere."""
        logits = np.array([self._logit(name, outputs.get(name, _NOTHING)) for name in OUTPUTS], dtype=np.float32)
        embedding = np.full(self._manifest.dimension, self._manifest.dimension**-0.5, dtype=np.float32)
        return Encoding(embedding, logits, tokens=2, unknown_tokens=0, truncated=False)

    def _logit(self, name: str, probability: float) -> float:
        if name.startswith("act:"):
            return float(logit(probability)) * self._manifest.act_temperature
        scale = self._manifest.calibration[name]
        return (float(logit(probability)) - scale.intercept) / scale.slope


def _outputs(said: str) -> Mapping[str, float]:
    name, *upset = said.split()
    if upset:
        return {f"act:{name}": SURE, "upset": float(upset[0])}
    return {f"step:{name}": SURE, f"strong:{name}": SURE}
