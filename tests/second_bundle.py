"""A second bundle: the embedded one under another version, with other thresholds where a test asks for it."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from amends_core.bundle import DEFAULT_BUNDLE
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

VERSION = "9.9.9"


def write_bundle(folder: Path, *, version: str = VERSION, **changes: Any) -> Path:
    """Copies the embedded bundle, changes its manifest and computes the checksums anew."""
    shutil.copytree(DEFAULT_BUNDLE, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest |= {"version": version, **changes}
    for name in manifest["files"]:
        manifest["files"][name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1))
    return folder


def deaf_calibration() -> dict[str, list[float]]:
    """A calibration by which nothing that an agent writes is a step, a misstep or a sign of care."""
    manifest = json.loads((DEFAULT_BUNDLE / "manifest.json").read_text())
    return {name: pair if name == "upset" else [0.0, -20.0] for name, pair in manifest["calibration"].items()}


def write_keys(folder: Path, name: str = "model") -> tuple[Path, Path]:
    """A throw-away pair: the private key and the public one, as PEM files."""
    key = Ed25519PrivateKey.generate()
    private, public = folder / f"{name}.key", folder / f"{name}.pub"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return private, public
