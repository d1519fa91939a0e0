"""The seam between an evaluation and what it asks."""

from pathlib import Path
from typing import Protocol, Self

from amends_eval.answers import Answer
from amends_eval.questions import Model, Question

STAND_IN = "Hello."
"""Said by the customer where a question has no message of theirs: a service judges no sentence without one."""


class Identity(Model):
    """Which model answers, and where."""

    where: str
    """`in process` or the address of the service."""
    model: str
    version: str
    sha256: str
    """Of the bundle's manifest."""
    playbooks: dict[str, str]
    """Version by name."""


class Target(Protocol):
    """Answers questions. Safe to share between threads."""

    @property
    def identity(self) -> Identity:
        """Who answers."""

    def ask(self, question: Question) -> Answer:
        """Answers one question.

        Raises:
            TargetError: it cannot be answered; the message names no text of the question.
        """

    def __enter__(self) -> Self:
        """Gives the target itself."""

    def __exit__(self, *_: object) -> None:
        """Lets go of what it holds."""


def open_target(where: str, playbooks: Path | None = None) -> Target:
    """Opens a target.

    Args:
        where: empty for the embedded bundle, the folder of a bundle, or `host:port` of a running service.
        playbooks: folder of a company's own playbooks, for a bundle; None: the shipped ones.

    Raises:
        TargetError: it cannot be opened.
    """
    from amends_eval.targets.in_process import InProcess
    from amends_eval.targets.wire import Wire

    if where and not Path(where).is_dir() and ":" in where:
        return Wire(where)
    return InProcess(Path(where) if where else None, playbooks)
