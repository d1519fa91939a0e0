"""A labeller's session: fed with what is typed, it says what to save and what to show. Knows no terminal."""

from collections.abc import Iterable, Sequence

from amends_eval.labels import notation
from amends_eval.labels.dialogue import Dialogue
from amends_eval.labels.items import Item
from amends_eval.labels.journal import Entry


class Session(Dialogue[Item]):
    """One labeller and a list of sentences."""

    def __init__(self, items: Sequence[Item], answered: Iterable[Entry], labeller: str) -> None:
        super().__init__({item.id: item for item in items}, answered, labeller)

    def _read(self, thing: Item, line: str) -> tuple[Entry, str]:
        given = notation.typed(line)
        entry = Entry(**given.model_dump(), id=thing.id, text=thing.text, context=thing.context, labeller=self._person)
        return entry, f"saved: {notation.in_words(entry)}"
