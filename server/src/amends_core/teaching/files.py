"""Where teaching comes from: a file of own exemplars, a folder of fitted steps."""

from dataclasses import dataclass
from pathlib import Path

from amends_core.bundle import Bundle
from amends_core.errors import TeachingError
from amends_core.teaching.custom_step import CustomStep, parse_step
from amends_core.teaching.own_exemplars import OwnExemplars, parse_exemplars

MAX_STEPS = 20
"""Each costs some microseconds a sentence."""
_MOST_READ = 4_000_000
"""Bytes of a file: more than any reader takes, so that each refuses what is too large by itself."""


@dataclass(frozen=True, slots=True)
class Teaching:
    """All that a company taught; empty as it stands."""

    exemplars: OwnExemplars | None = None
    steps: tuple[CustomStep, ...] = ()

    @property
    def phrases(self) -> tuple[str, ...]:
        """What must be encoded for it, in a stable order."""
        own = self.exemplars.phrases if self.exemplars else ()
        return (*own, *(text for step in self.steps for text in step.exemplars))


UNTAUGHT = Teaching()
"""Nothing."""


def load_teaching(exemplars: Path | None, steps: Path | None, bundle: Bundle) -> Teaching:
    """Loads what is given.

    Raises:
        TeachingError: a file cannot be read or used; the message says how to mend it.
    """
    return Teaching(
        exemplars=parse_exemplars(exemplars.name, read_text(exemplars)) if exemplars else None,
        steps=load_steps(steps, bundle) if steps else (),
    )


def load_steps(folder: Path, bundle: Bundle) -> tuple[CustomStep, ...]:
    """The steps of a folder's `*.json`, by name.

    Raises:
        TeachingError: the folder holds none or too many, a name comes twice, or a file cannot be used.
    """
    paths = sorted(folder.glob("*.json")) if folder.is_dir() else []
    if not paths:
        raise TeachingError(f"{folder} holds no *.json; point at a folder of steps that `amends steps fit` wrote")
    if len(paths) > MAX_STEPS:
        raise TeachingError(f"{folder} holds {len(paths)} steps, at most {MAX_STEPS}; take some out")
    steps = [parse_step(path.name, read_text(path), bundle.sha256, bundle.manifest.dimension) for path in paths]
    names = [step.name for step in steps]
    for name in names:
        if names.count(name) > 1:
            raise TeachingError(f"{folder} holds two steps named {name}; keep one, or fit it under another name")
    return tuple(sorted(steps, key=lambda step: step.name))


def read_text(path: Path) -> str:
    """The text of a file.

    Raises:
        TeachingError: it cannot be read as UTF-8.
    """
    try:
        if path.exists() and not path.is_file():  # a pipe or a device may never end
            raise TeachingError(f"cannot read {path}: no regular file; give a YAML or JSON file in UTF-8")
        with path.open("rb") as file:
            return file.read(_MOST_READ).decode()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise TeachingError(f"cannot read {path}: {reason}; give a YAML or JSON file in UTF-8") from None
