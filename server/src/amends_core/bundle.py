"""The model bundle: a versioned directory that is trusted only once every file has been checked.

A bundle holds `model.onnx` (token ids in; embedding and logits out), `tokenizer.json`, `manifest.json`
and, for people, `README.md` (the model card) and the licences. The manifest names the sha256 of each of
them, so the sha256 of the manifest identifies the model. Beside it may lie `reference.json`, see `reference`.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amends_core.errors import BundleError
from amends_core.taxonomy import CUSTOMER_ACTS, SENTENCE_LABELS, SENTENCE_MISSTEPS, STEPS, Label, Step
from amends_core.text.normal import NORMALISATION

FORMAT = 2
MODELS_DIR = Path(__file__).with_name("models")
DEFAULT_BUNDLE = MODELS_DIR / "amends-minilm-l6"
REFERENCE = "reference.json"
"""Beside a bundle's manifest, and not listed in it: it is counted by the finished bundle, whose identity it names."""
REMEDY = "install the package again, or point AMENDS_MODEL_DIR at a whole bundle"

OUTPUTS: tuple[str, ...] = (
    *(f"step:{step}" for step in STEPS),
    *(f"strong:{step}" for step in STEPS),
    *(f"misstep:{misstep}" for misstep in SENTENCE_MISSTEPS),
    *(f"act:{act}" for act in CUSTOMER_ACTS),
    "upset",
    "care",
    *(f"next:{step}" for step in STEPS),
)
"""What the columns of the graph's `logits` output mean, in order."""


def output_name(label: Label) -> str:
    """The output that says whether a sentence carries the label."""
    return f"step:{label}" if isinstance(label, Step) else f"misstep:{label}"


@dataclass(frozen=True, slots=True)
class PlattScale:
    """Maps a logit to a calibrated probability: sigmoid(slope * logit + intercept).

    Source: Platt (1999), Probabilistic outputs for support vector machines.
    """

    slope: float
    intercept: float

    def probability(self, logits: NDArray[np.floating]) -> NDArray[np.float64]:
        """Calibrated probabilities of logits of any shape, in that shape; computed in doubles."""
        return logistic(self.slope * np.asarray(logits, np.float64) + self.intercept)


UNSCALED = PlattScale(1.0, 0.0)
"""Takes a logit at its word."""


def logistic(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities from log odds; beyond 60 either way they count as 60, so that `exp` cannot overflow."""
    found: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-np.minimum(np.maximum(log_odds, -60.0), 60.0)))
    return found


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a bundle says about itself."""

    name: str
    version: str
    base_model: str
    licence: str
    max_tokens: int
    dimension: int
    calibration: Mapping[str, PlattScale]
    """Per output of `OUTPUTS`; acts share `temperature` instead."""
    thresholds: Mapping[str, float]
    """Per step and misstep output: the calibrated probability from which the label is claimed."""
    act_temperature: float
    calibrated_at: datetime
    training_data: str
    metrics: Mapping[str, float]
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle whose files have been checked."""

    path: Path
    manifest: Manifest
    sha256: str
    """Of the manifest, in hexadecimal: identifies the model."""
    model: bytes
    tokenizer: str
    reference: bytes | None
    """`reference.json` as it lies there, which no checksum covers; None where there is none."""


def load_bundle(path: Path = DEFAULT_BUNDLE) -> Bundle:
    """Reads and checks a bundle.

    Raises:
        BundleError: a file is missing or differs from its checksum, the manifest is of another format, or
            the graph refers to external data.
    """
    raw = _read(path, "manifest.json")
    manifest = _parse_manifest(path, raw)
    files = {name: _read_checked(path, name, sha256) for name, sha256 in manifest.files.items()}
    for name in ("model.onnx", "tokenizer.json"):
        if name not in files:
            raise BundleError(f"the manifest of bundle {path.name} lists no {name}; {REMEDY}")
    _refuse_external_data(path, files["model.onnx"])
    return Bundle(
        path=path,
        manifest=manifest,
        sha256=hashlib.sha256(raw).hexdigest(),
        model=files["model.onnx"],
        tokenizer=_text(path, "tokenizer.json", files["tokenizer.json"]),
        reference=_read(path, REFERENCE) if (path / REFERENCE).exists() else None,
    )


def _read(path: Path, name: str) -> bytes:
    if Path(name).name != name:
        raise BundleError(f"bundle {path.name} names a file outside itself: {name!r}; {REMEDY}")
    try:
        if (path / name).exists() and not (path / name).is_file():  # a pipe or a device may never end
            raise BundleError(f"cannot read {name} of bundle {path}: it is no regular file; {REMEDY}")
        return (path / name).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BundleError(f"cannot read {name} of bundle {path}: {reason}; {REMEDY}") from error


def _read_checked(path: Path, name: str, sha256: str) -> bytes:
    content = _read(path, name)
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise BundleError(
            f"{name} of bundle {path} is damaged: sha256 is {found[:12]}…, the manifest says {sha256[:12]}…; {REMEDY}"
        )
    return content


def _text(path: Path, name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BundleError(f"{name} of bundle {path} is no text in UTF-8; {REMEDY}") from error


def _refuse_external_data(path: Path, model: bytes) -> None:
    # TensorProto.data_location = EXTERNAL comes with an `external_data` entry keyed "location". The word alone is
    # looked for: its length before it can be written in several ways. No weight or operator name of ours holds it.
    if b"location" in model:
        raise BundleError(
            f"model.onnx of bundle {path} refers to external data, which is refused; export it as one file"
        )


def _parse_manifest(path: Path, raw: bytes) -> Manifest:
    try:
        data = json.loads(raw)
        if data["format"] != FORMAT or data["normalisation"] != NORMALISATION:
            raise BundleError(
                f"bundle {path} has format {data['format']} and normalisation {data['normalisation']}, this release "
                f"reads {FORMAT} and {NORMALISATION}; export it with this release"
            )
        if tuple(data["outputs"]) != OUTPUTS:
            raise BundleError(f"bundle {path} was made for another taxonomy; train it with this release")
        manifest = _manifest_of(data)
        _check_calibration(path, manifest)
        return manifest
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise BundleError(f"manifest.json of bundle {path} is not valid: {error!r}; {REMEDY}") from error


def _check_calibration(path: Path, manifest: Manifest) -> None:
    scaled = {name for name in OUTPUTS if not name.startswith("act:")}
    claimed = {output_name(label) for label in SENTENCE_LABELS}
    missing = sorted(scaled - set(manifest.calibration)) + sorted(claimed - set(manifest.thresholds))
    if missing:
        raise BundleError(f"manifest.json of bundle {path} lacks the calibration of {', '.join(missing[:5])}; {REMEDY}")


def _manifest_of(data: Mapping[str, Any]) -> Manifest:
    return Manifest(
        name=data["name"],
        version=data["version"],
        base_model=data["base_model"],
        licence=data["licence"],
        max_tokens=int(data["max_tokens"]),
        dimension=int(data["dimension"]),
        calibration={name: PlattScale(*map(float, pair)) for name, pair in data["calibration"].items()},
        thresholds={name: float(value) for name, value in data["thresholds"].items()},
        act_temperature=float(data["act_temperature"]),
        calibrated_at=datetime.fromisoformat(data["calibrated_at"]),
        training_data=data["training_data"],
        metrics=dict(data["metrics"]),
        files={name: str(sha256) for name, sha256 in data["files"].items()},
    )
