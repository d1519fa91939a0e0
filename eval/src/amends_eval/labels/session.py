"""A labeller's session: fed with what is typed, it says what to save and what to show. Knows no terminal."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from amends_eval.labels import notation
from amends_eval.labels.items import Item
from amends_eval.labels.journal import Entry
from amends_eval.labels.notation import NotationError

HELP = "?"
UNDO = frozenset({"u", "undo"})
SKIP = frozenset({"s", "skip"})
QUIT = frozenset({"q", "quit"})


@dataclass(frozen=True, slots=True)
class Response:
    """What follows from a line."""

    save: Entry | None = None
    said: str = ""
    """To the labeller."""
    help: bool = False
    """Whether to show the labels with their meaning."""


class Session:
    """One labeller and a list of sentences. What was answered before is not asked again."""

    def __init__(self, items: Sequence[Item], answered: Iterable[Entry], labeller: str) -> None:
        self._items = {item.id: item for item in items}
        self._history = [entry for entry in answered if entry.id in self._items]
        done = {entry.id for entry in self._history}
        self._queue = [item for item in items if item.id not in done]
        self._skipped: list[Item] = []
        self._labeller = labeller
        self._quit = False

    @property
    def current(self) -> Item | None:
        """The sentence that is asked about; None where none is left."""
        return self._queue[0] if self._queue else None

    @property
    def over(self) -> bool:
        """Whether the labeller is done: when none is left, the last answer can still be taken back."""
        return self._quit

    @property
    def answered(self) -> int:
        """How many have an answer."""
        return len(self._history)

    @property
    def whole(self) -> int:
        """How many there are."""
        return len(self._items)

    @property
    def skipped(self) -> int:
        """How many were passed over in this session; the next one asks them again."""
        return len(self._skipped)

    def feed(self, line: str) -> Response:
        """Takes what was typed about the current sentence."""
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

    def _answer(self, line: str) -> Response:
        try:
            given = notation.typed(line)
        except NotationError as error:
            return Response(said=str(error))
        item = self._queue.pop(0)
        entry = Entry(**given.model_dump(), id=item.id, text=item.text, context=item.context, labeller=self._labeller)
        self._history.append(entry)
        return Response(save=entry, said=f"saved: {notation.in_words(entry)}")

    def _undo(self) -> Response:
        if not self._history:
            return Response(said="nothing is there to take back")
        last = self._history.pop()
        self._queue.insert(0, self._items[last.id])
        taken = Entry(id=last.id, labels=(), labeller=self._labeller, undone=True)
        return Response(save=taken, said="taken back: answer it anew")
