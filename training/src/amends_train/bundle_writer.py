"""Writes a bundle: graph, tokenizer, manifest, model card, licences."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from amends_core.bundle import FORMAT, OUTPUTS
from amends_core.text.normal import NORMALISATION

from amends_train.calibrate import Calibration

TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True, slots=True)
class BundleFacts:
    """What the manifest says beside files and calibration."""

    name: str
    version: str
    base_model: str
    licence: str
    max_tokens: int
    dimension: int
    training_data: str
    metrics: Mapping[str, float]


def write_bundle(
    path: Path, graph: Path, tokenizer: str, calibration: Calibration, facts: BundleFacts, card: str
) -> None:
    """Replaces what lies at `path` with a bundle."""
    if path.exists() and any(path.iterdir()) and not (path / "manifest.json").exists():
        raise FileExistsError(f"{path} holds something that is no bundle; choose another folder with --out")
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    shutil.copy(graph, path / "model.onnx")
    (path / "tokenizer.json").write_text(tokenizer, encoding="utf-8")
    (path / "README.md").write_text(card, encoding="utf-8")
    shutil.copy(TEMPLATES / "NOTICE", path / "NOTICE")
    manifest = {
        "format": FORMAT,
        "normalisation": NORMALISATION,
        "name": facts.name,
        "version": facts.version,
        "base_model": facts.base_model,
        "licence": facts.licence,
        "training_data": facts.training_data,
        "max_tokens": facts.max_tokens,
        "dimension": facts.dimension,
        "outputs": list(OUTPUTS),
        "calibrated_at": datetime.now(UTC).replace(microsecond=0).isoformat(),
        "calibration": {
            name: [round(scale.slope, 6), round(scale.intercept, 6)] for name, scale in calibration.scales.items()
        },
        "thresholds": dict(calibration.thresholds),
        "act_temperature": round(calibration.act_temperature, 6),
        "metrics": {name: round(value, 4) for name, value in facts.metrics.items()},
        "files": {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(path.iterdir())},
    }
    (path / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
