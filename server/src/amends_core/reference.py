"""How judgements are usually distributed: the reference that drift of live traffic is measured against.

Each judgement is looked at in a few figures, and each look falls into one bin. A reference counts the bins over
conversations that are known; the service counts the same bins over those it judges. How far the two lie apart is the
population stability index, the sum of (p - q) ln(p / q) over the bins.

Source: Jeffreys (1946), An invariant form for the prior probability, for the divergence; Siddiqi (2006), Credit Risk
Scorecards, for the rule of thumb (under 0.1 steady, over 0.25 shifted); Yurdakul and Naranjo (2020), Statistical
properties of the population stability index, for the bias of about (bins - 1)(1/n + 1/m) of samples of n and m.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amends_core.bundle import REFERENCE, Bundle
from amends_core.errors import BundleError
from amends_core.judgement import Judgement, Verdict
from amends_core.taxonomy import MISSTEPS, STEPS, Strength

FORMAT = 1
NONE = "NONE"
"""The bin of a reply without any step, or without any misstep."""
_PARTS = 10
_REMEDY = "write it anew with `python -m amends_train.reference`"


def _ranges(width: float) -> tuple[str, ...]:
    return tuple(f"{part * width:g}-{(part + 1) * width:g}" for part in range(_PARTS))


_SHARES, _POINTS = _ranges(0.1), _ranges(10)

FIGURES: Mapping[str, tuple[str, ...]] = {
    "score": _POINTS,
    "confidence": _SHARES,
    "upset": _SHARES,
    "probability": _SHARES,
    "verdict": tuple(verdict.value for verdict in Verdict),
    "step": (*(step.value for step in STEPS), NONE),
    "misstep": (*(misstep.value for misstep in MISSTEPS), NONE),
}
"""The bins of each figure. `probability` is that of the likeliest label of each sentence of the reply."""

Counts = Mapping[str, Mapping[str, int]]
"""Figure, bin, how often."""


@dataclass(frozen=True, slots=True)
class Reference:
    """How the judgements of a bundle are distributed, by playbook."""

    model_sha256: str
    playbooks: Mapping[str, Counts]

    def shares(self, playbook: str, figure: str) -> Mapping[str, float]:
        """The share of each bin; they add up to 1."""
        counts = self.playbooks[playbook][figure]
        whole = sum(counts.values())
        return {name: count / whole for name, count in counts.items()}


def observations(judgement: Judgement) -> Iterator[tuple[str, str]]:
    """Every figure of a judgement with the bin it falls into; several of `probability`, `step` and `misstep`."""
    yield "score", _bin(judgement.score / 100, _POINTS)
    yield "confidence", _bin(judgement.confidence, _SHARES)
    yield "upset", _bin(judgement.customer.upset, _SHARES)
    yield "verdict", judgement.verdict.value
    for sentence in judgement.sentences:
        reading = sentence.reading
        yield "probability", _bin(max(*reading.steps.values(), *reading.missteps.values()), _SHARES)
    steps = [step.value for step, found in judgement.steps.items() if found.strength is not Strength.ABSENT]
    yield from (("step", name) for name in steps or [NONE])
    yield from (("misstep", name) for name in [finding.misstep.value for finding in judgement.missteps] or [NONE])


def count(judgements: Iterable[Judgement]) -> Counts:
    """Counts the bins over judgements; every bin of `FIGURES` is there, some with 0."""
    found = Counter(look for judgement in judgements for look in observations(judgement))
    return {figure: {name: found[figure, name] for name in bins} for figure, bins in FIGURES.items()}


def load_reference(path: Path, bundle: Bundle) -> Reference:
    """Reads a reference of this bundle from a file of one's own.

    Raises:
        BundleError: the file cannot be read, breaks the format, or was counted by another model.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BundleError(f"reference {path} cannot be used: {error!r}; {_REMEDY}") from error
    return _read(raw, path, bundle)


def own_reference(bundle: Bundle) -> Reference:
    """Reads the reference that came with a bundle.

    Raises:
        BundleError: none came with it, or it breaks the format, or was counted by another model.
    """
    if bundle.reference is None:
        raise BundleError(f"bundle {bundle.path} holds no {REFERENCE}; {_REMEDY}")
    return _read(bundle.reference, bundle.path / REFERENCE, bundle)


def _read(raw: bytes, path: Path, bundle: Bundle) -> Reference:
    try:
        reference = _parsed(json.loads(raw))
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise BundleError(f"reference {path} cannot be used: {error!r}; {_REMEDY}") from error
    by = reference.model_sha256
    if by != bundle.sha256:
        raise BundleError(f"reference {path} was counted by model {by[:12]}…, this is {bundle.sha256[:12]}…; {_REMEDY}")
    return reference


def _parsed(data: Any) -> Reference:
    if data["format"] != FORMAT:
        raise ValueError(f"format is {data['format']}, this release reads {FORMAT}")
    reference = Reference(str(data["model_sha256"]), data["playbooks"])
    for name, counts in reference.playbooks.items():
        if {figure: tuple(bins) for figure, bins in counts.items()} != dict(FIGURES):
            raise ValueError(f"playbook {name} has other figures or bins")
        if any(value < 0 for bins in counts.values() for value in bins.values()):
            raise ValueError(f"playbook {name} has a count below 0")
        if not all(sum(bins.values()) for bins in counts.values()):
            raise ValueError(f"playbook {name} has a figure without any count")
    return reference


def _bin(share: float, names: tuple[str, ...]) -> str:
    """The bin of a value from 0 to 1; its upper end belongs to the last."""
    return names[min(int(share * _PARTS), _PARTS - 1)]
