"""Which column of a table is which field of a row: as told, else guessed by its name."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from amends_eval.errors import DatasetError
from amends_eval.labels.notation import NAMES, spelled

_HEADERS: Mapping[str, tuple[str, ...]] = {
    "text": ("text", "sentence", "utterance", "reply", "agent", "agent_text", "satz", "antwort", "phrase", "texto"),
    "labels": ("labels", "label", "codes", "code", "tags", "tag", "annotation", "annotations", "kategorie"),
    "optional": ("optional", "maybe", "arguable"),
    "context": ("context", "customer", "customer_text", "customer_message", "before", "kontext", "kunde", "kundin"),
    "id": ("id", "row_id", "item_id", "key", "uid"),
    "conversation": ("conversation", "conversation_id", "thread", "thread_id", "ticket", "ticket_id", "dialog_id"),
    "author": ("author", "labeller", "labeler", "annotator", "coder", "rater"),
    "channel": ("channel", "kanal"),
    "industry": ("industry", "branche"),
    "register": ("register",),
    "english": ("english",),
    "kind": ("kind",),
}
"""Field to the headers by which it is guessed, likeliest first."""
FIELDS = tuple(_HEADERS)


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the fields stand."""

    by_field: Mapping[str, int]
    """Field to index of its column."""
    by_label: Mapping[str, int]
    """A label's code to index of its column, where each label has a column of its own; else empty."""
    guessed: frozenset[str]
    """The fields that nobody told."""


def arranged(
    header: Sequence[str], told: Mapping[str, str], codes: Sequence[str] = (), *, labelled: bool = True
) -> Columns:
    """Finds the columns.

    Args:
        header: the names of the columns.
        told: field to the name of its column; an empty name: the field is in none.
        codes: their codes for labels, which may head a column, as our names may.
        labelled: whether there must be labels.

    Raises:
        DatasetError: a field or a column is unknown or there twice, or text or labels are in no column.
    """
    if unknown := sorted(set(told) - set(FIELDS)):
        raise DatasetError(f"--map {unknown[0][:40]}=…: no such field; there are {', '.join(FIELDS)}")
    named = {field: _index(header, name) for field, name in told.items() if name}
    guessed = {field: index for field in FIELDS if field not in told and (index := _guess(header, field)) is not None}
    # One column is one field: what was told comes first.
    guessed = {field: index for field, index in guessed.items() if index not in named.values()}
    by_field = {**guessed, **named}
    by_label = {} if not labelled or "labels" in by_field else _label_columns(header, codes, set(by_field.values()))
    _require(header, by_field, by_label, labelled=labelled)
    return Columns(by_field, by_label, frozenset(guessed))


def assignments(pairs: Sequence[str]) -> dict[str, str]:
    """Reads `field=column` pairs.

    Raises:
        DatasetError: one has no `=`, or a field is named twice.
    """
    found: dict[str, str] = {}
    for pair in pairs:
        field, sign, column = pair.partition("=")
        if not sign or field.strip() in found:
            raise DatasetError(f"--map {pair[:60]!r}: write FIELD=COLUMN, each field once, such as text=Satz")
        found[field.strip()] = column.strip()
    return found


def _index(header: Sequence[str], name: str) -> int:
    places = [index for index, column in enumerate(header) if column == name]
    if not places:
        places = [index for index, column in enumerate(header) if column.casefold() == name.casefold()]
    if len(places) != 1:
        wrong = "is there more than once" if places else "is not there"
        raise DatasetError(f"column {name[:40]!r} {wrong}; the columns are {_listed(header)}")
    return places[0]


def _guess(header: Sequence[str], field: str) -> int | None:
    plain = [re.sub(r"\W+", "_", column.casefold()).strip("_") for column in header]
    for name in _HEADERS[field]:
        if plain.count(name) == 1:
            return plain.index(name)
    return None


def _label_columns(header: Sequence[str], codes: Sequence[str], taken: set[int]) -> dict[str, int]:
    known = {code.casefold() for code in codes}
    free = {column: index for index, column in enumerate(header) if index not in taken and header.count(column) == 1}
    return {column: index for column, index in free.items() if column.casefold() in known or spelled(column) in NAMES}


def _require(
    header: Sequence[str], by_field: Mapping[str, int], by_label: Mapping[str, int], *, labelled: bool
) -> None:
    if "text" not in by_field:
        raise DatasetError(f"no column is the text: name it with --map text=COLUMN; the columns are {_listed(header)}")
    if labelled and "labels" not in by_field and not by_label:
        raise DatasetError(
            "no column holds labels: name it with --map labels=COLUMN, or with a column a label let their names be "
            f"ours or in --label-map; the columns are {_listed(header)}"
        )
    if len(set(by_field.values())) < len(by_field):
        raise DatasetError("one column is mapped to two fields: give each field its own")


def _listed(header: Sequence[str]) -> str:
    return ", ".join(column[:40] or "(no name)" for column in header[:40])
