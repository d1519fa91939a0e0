"""The readers of files that anybody may have written, each as a function of bytes that never raises but as it says."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from amends_core.bundle import load_bundle
from amends_core.coaching.token import Memory
from amends_core.errors import AmendsError
from amends_core.playbooks.parser import read_playbook
from amends_core.teaching import parse_examples, parse_exemplars
from amends_core.teaching.custom_step import parse_step


def read_manifest(data: bytes) -> None:
    """A bundle whose manifest holds `data`."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "manifest.json").write_bytes(data)
        load_bundle(Path(folder))


READERS: dict[str, Callable[[bytes], object]] = {
    "playbook": lambda data: read_playbook(data.decode("utf-8", "replace")),
    "exemplars": lambda data: parse_exemplars("own.yaml", data.decode("utf-8", "replace")),
    "examples": lambda data: parse_examples("step.yaml", data.decode("utf-8", "replace")),
    "custom_step": lambda data: parse_step("step.json", data.decode("utf-8", "replace"), "0" * 64, 384),
    "resume_token": Memory.from_token,
    "manifest": read_manifest,
}


def read(name: str, data: bytes) -> None:
    """Has a reader read; its own errors are its answer, and any other goes on."""
    try:
        READERS[name](data)
    except AmendsError:
        return
