"""An adjudicator's session over what two labellers see differently. Knows no terminal, and not who is who."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from amends_eval.datasets.rows import Labels
from amends_eval.labels import notation
from amends_eval.labels.items import Item
from amends_eval.labels.journal import Entry
from amends_eval.labels.notation import NONE, NotationError
from amends_eval.labels.session import HELP, QUIT, SKIP, UNDO, Response
from amends_eval.labels.settlement import Settlement, decided, in_order_of_chance, settled


@dataclass(frozen=True, slots=True)
class Dispute:
    """One sentence in two readings."""

    item: Item
    readings: tuple[Labels, Labels]
    """In an order that does not tell whose they are."""
    settlement: Settlement


def disputes(a: Mapping[str, Entry], b: Mapping[str, Entry], texts: Mapping[str, Item]) -> list[Dispute]:
    """The sentences that both labelled, those included on which they agree, in the order of `a`."""
    return [
        Dispute(
            texts.get(id_) or Item(id_, entry.text or b[id_].text, entry.context or b[id_].context),
            in_order_of_chance(id_, entry, b[id_]),
            settled(entry, b[id_]),
        )
        for id_, entry in a.items()
        if id_ in b
    ]


class Adjudication:
    """An adjudicator and the sentences with something open."""

    def __init__(self, found: Sequence[Dispute], answered: Iterable[Entry], adjudicator: str) -> None:
        self._open = {dispute.item.id: dispute for dispute in found if dispute.settlement.open}
        self._history = [entry for entry in answered if entry.id in self._open]
        done = {entry.id for entry in self._history}
        self._queue = [dispute for dispute in self._open.values() if dispute.item.id not in done]
        self._adjudicator = adjudicator
        self._quit = not self._open

    @property
    def current(self) -> Dispute | None:
        """What is asked about; None where nothing is left."""
        return self._queue[0] if self._queue else None

    @property
    def over(self) -> bool:
        """Whether the adjudicator is done."""
        return self._quit

    @property
    def answered(self) -> int:
        """How many are decided."""
        return len(self._history)

    @property
    def whole(self) -> int:
        """How many there are."""
        return len(self._open)

    def feed(self, line: str) -> Response:
        """Takes what was typed: `5:2` firm, `?5` or not named optional, `-5` refused, `-` refuses all that is open."""
        word = line.strip().lower()
        if word == HELP:
            return Response(help=True)
        if word in UNDO:
            return self._undo()
        if word in QUIT or not self._queue:
            self._quit = True
            return Response()
        if word in SKIP:
            self._queue.pop(0)
            return Response(said="passed over: it comes again in the next session")
        return self._decide(line)

    def _decide(self, line: str) -> Response:
        dispute = self._queue[0]
        try:
            decision = _read(line, dispute.settlement.open)
        except NotationError as error:
            return Response(said=str(error))
        self._queue.pop(0)
        entry = Entry(**decision.model_dump(), id=dispute.item.id, labeller=self._adjudicator)
        self._history.append(entry)
        return Response(save=entry, said=f"settled: {notation.in_words(decided(dispute.settlement, entry))}")

    def _undo(self) -> Response:
        if not self._history:
            return Response(said="nothing is there to take back")
        last = self._history.pop()
        self._queue.insert(0, self._open[last.id])
        return Response(
            save=Entry(id=last.id, labels=(), labeller=self._adjudicator, undone=True),
            said="taken back: decide it anew",
        )


def _read(line: str, open_: Sequence[str]) -> Labels:
    """The open labels that are firm, and those that are optional; the rest is refused.

    Raises:
        NotationError: a label is not open, or cannot be read.
    """
    words = line.replace(",", " ").split()
    if words == [NONE]:
        return Labels(labels=())
    refused = [notation.found(word.removeprefix(NONE)) for word in words if word.startswith(NONE)]
    named = dict(notation.parsed(word, notation.found) for word in words if not word.startswith(NONE))
    if elsewhere := [name for name in [*refused, *named] if name not in open_]:
        raise NotationError(f"{elsewhere[0]} is not open here: open are {', '.join(open_)}")
    if len({*refused, *named}) < len(words):
        raise NotationError("one label is named twice: name it once")
    firm = {name: strength for name, strength in named.items() if strength is not None}
    return notation.labels(firm, [name for name in open_ if name not in refused])
