"""Writes what is made from a dataset's rows: `python -m amends_eval.datasets.publish`.

Schemas, the counted parts of the cards, and last the checksums, which cover both. Rows it leaves alone.
"""

from pathlib import Path

from amends_eval.datasets.cards import CARD, counted, with_counted
from amends_eval.datasets.catalogue import CHECKSUMS, FOLDER, MODELS, VERSION, checksums
from amends_eval.datasets.schemas import SCHEMA, schema


def publish(folder: Path) -> None:
    """Writes them for every dataset of a folder."""
    for name, model in MODELS.items():
        place = folder / f"{name}-v{VERSION}"
        (place / SCHEMA).write_text(schema(model), encoding="utf-8")
        card = place / CARD
        card.write_text(with_counted(card.read_text(encoding="utf-8"), counted(name, folder)), encoding="utf-8")
        (place / CHECKSUMS).write_text(checksums(place), encoding="utf-8")


if __name__ == "__main__":
    publish(FOLDER)
