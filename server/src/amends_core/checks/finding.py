"""What a check finds."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a finding weighs."""

    ERROR = "error"
    """The playbook contradicts itself: it is not served."""
    WARNING = "warning"
    """It is served; its author should look."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with a playbook."""

    level: Level
    field: str
    """Its path in the file, such as `stages[2].advance_on`; empty where the whole file is meant."""
    wrong: str
    remedy: str
    line: int = 0
    """From 1; 0 where it is not known."""

    def __str__(self) -> str:
        return f"{self.field}: {self.wrong}; {self.remedy}" if self.field else f"{self.wrong}; {self.remedy}"


def error(field: str, wrong: str, remedy: str) -> Finding:
    """A finding that keeps the playbook from being served."""
    return Finding(Level.ERROR, field, wrong, remedy)


def warning(field: str, wrong: str, remedy: str) -> Finding:
    """A finding that its author should look at."""
    return Finding(Level.WARNING, field, wrong, remedy)
