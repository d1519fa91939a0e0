"""An adjudicator's session over what two labellers see differently. Knows no terminal, and not who is who."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from amends_eval.datasets.rows import Labels
from amends_eval.labels import notation
from amends_eval.labels.dialogue import Dialogue
from amends_eval.labels.items import Item
from amends_eval.labels.journal import Entry
from amends_eval.labels.notation import NONE, NotationError
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


class Adjudication(Dialogue[Dispute]):
    """An adjudicator and the sentences with something open.

    A line names what is open: `5:2` firm, `?5` or not named optional, `-5` refused, `-` refuses all of it.
    """

    _anew = "decide it anew"

    def __init__(self, found: Sequence[Dispute], answered: Iterable[Entry], adjudicator: str) -> None:
        open_ = {dispute.item.id: dispute for dispute in found if dispute.settlement.open}
        super().__init__(open_, answered, adjudicator)
        self._quit = not open_

    def _read(self, thing: Dispute, line: str) -> tuple[Entry, str]:
        decision = _decision(line, thing.settlement.open)
        entry = Entry(**decision.model_dump(), id=thing.item.id, labeller=self._person)
        return entry, f"settled: {notation.in_words(decided(thing.settlement, entry))}"


def _decision(line: str, open_: Sequence[str]) -> Labels:
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
