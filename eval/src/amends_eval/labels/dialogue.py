"""Asking a person about one thing after another: a queue, a history, undo, skip and quit. Knows no terminal."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from amends_eval.labels.journal import Entry
from amends_eval.labels.notation import NotationError

HELP = "?"
UNDO = frozenset({"u", "undo"})
SKIP = frozenset({"s", "skip"})
QUIT = frozenset({"q", "quit"})
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Response:
    """What follows from a line."""

    save: Entry | None = None
    said: str = ""
    """To the one who is asked."""
    help: bool = False
    """Whether to show the labels with their meaning."""


class Dialogue(ABC, Generic[_T]):
    """One person and things to ask about, by id. What was answered before is not asked again."""

    def __init__(self, things: Mapping[str, _T], answered: Iterable[Entry], person: str) -> None:
        self._things = things
        self._history = [entry for entry in answered if entry.id in things]
        done = {entry.id for entry in self._history}
        self._queue = [thing for id_, thing in things.items() if id_ not in done]
        self._skipped: list[_T] = []
        self._person = person
        self._quit = False

    @property
    def current(self) -> _T | None:
        """What is asked about; None where nothing is left."""
        return self._queue[0] if self._queue else None

    @property
    def over(self) -> bool:
        """Whether the person is done: when nothing is left, the last answer can still be taken back."""
        return self._quit

    @property
    def answered(self) -> int:
        """How many have an answer."""
        return len(self._history)

    @property
    def whole(self) -> int:
        """How many there are."""
        return len(self._things)

    @property
    def skipped(self) -> int:
        """How many were passed over; the next session asks them again."""
        return len(self._skipped)

    def feed(self, line: str) -> Response:
        """Takes what was typed about the current thing."""
        word = line.strip().lower()
        if word == HELP:
            return Response(help=True)
        if word in UNDO:
            return self._undo()
        if word in QUIT or not self._queue:
            self._quit = True
            return Response()
        if word in SKIP:
            self._skipped.append(self._queue.pop(0))
            return Response(said="passed over: it comes again in the next session")
        return self._answer(line)

    @abstractmethod
    def _read(self, thing: _T, line: str) -> tuple[Entry, str]:
        """The answer that a line gives, and what to say of it.

        Raises:
            NotationError: the line cannot be read.
        """

    def _answer(self, line: str) -> Response:
        try:
            entry, said = self._read(self._queue[0], line)
        except NotationError as error:
            return Response(said=str(error))
        self._queue.pop(0)
        self._history.append(entry)
        return Response(save=entry, said=said)

    def _undo(self) -> Response:
        if not self._history:
            return Response(said="nothing is there to take back")
        last = self._history.pop()
        self._queue.insert(0, self._things[last.id])
        taken = Entry(id=last.id, labels=(), labeller=self._person, undone=True)
        return Response(save=taken, said=f"taken back: {self._anew}")

    _anew = "answer it anew"
