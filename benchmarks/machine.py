"""Which machine a report was made on: figures of two machines say nothing about each other."""

import hashlib
import os
import platform
import re
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

_PACKAGES = ("amends", "grpcio", "onnxruntime", "tokenizers", "protobuf", "numpy")


def machine() -> dict[str, Any]:
    """What must be the same for two reports to be compared, and `fingerprint`, a hash of it."""
    facts: dict[str, Any] = {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(psutil.virtual_memory().total / 2**30),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "host": _host(),
    }
    text = "\n".join(f"{name}={value}" for name, value in sorted(facts.items()))
    return {**facts, "fingerprint": hashlib.sha256(text.encode()).hexdigest()[:12]}


def software() -> dict[str, str]:
    """Versions of what was measured: they may differ between reports that are compared, and are shown."""
    found = {"python": platform.python_version(), "commit": _commit()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "none"
    return found


def load_before() -> float:
    """Processors that others kept busy over the last minute: above about 0.2, figures are not to be trusted."""
    return round(os.getloadavg()[0], 2)


def _processor() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", _read("/proc/cpuinfo"), re.MULTILINE)
    return found.group(1) if found else platform.processor() or "unknown"


def _host() -> str:
    """A hash that tells two hosts of one kind apart, and nothing else of them."""
    identity = _read("/etc/machine-id").strip() or platform.node()
    return hashlib.sha256(f"amends {identity}".encode()).hexdigest()[:8]


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return ""


def _commit() -> str:
    command = ("git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD")
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return "unknown"
    return done.stdout.strip() or "unknown"
