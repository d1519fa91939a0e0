"""Labelled rows: what one line of `training/data/` and of a labelled evaluation set holds."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from amends_core.taxonomy import CUSTOMER_ACTS, SENTENCE_LABELS, STEPS, Label, Step

_LABELS: Mapping[str, Label] = {label.value: label for label in SENTENCE_LABELS}


REAL = "real"
"""The kind of rows whose text real agents wrote."""
VOICE = "voice"
"""The kind of groups whose rows say the same, with the same labels, in other voices."""


class RowError(ValueError):
    """A row that breaks the format; the message names the file, the line and the remedy."""


@dataclass(frozen=True, slots=True)
class AgentRow:
    """One sentence of an agent."""

    id: str
    author: str
    text: str
    labels: tuple[str, ...]
    """`STEP:1` (weak), `STEP:2` (strong) or `MISSTEP`."""
    optional: tuple[str, ...] = ()
    """Labels a careful judge could give or withhold: left out of training and of scoring."""
    context: str = ""
    """The customer's message before it; empty where it does not matter."""
    channel: str = ""
    industry: str = ""
    register: str = ""
    english: str = ""
    kind: str = ""
    group: str = ""
    """Rows of one contrast group share this; empty outside groups."""

    @property
    def firm(self) -> Mapping[Label, int]:
        """The labels it carries: 1 or 2 for steps by strength, 1 for missteps."""
        return {_LABELS[name]: int(strength or 1) for name, _, strength in (s.partition(":") for s in self.labels)}

    @property
    def arguable(self) -> frozenset[Label]:
        """The labels left out of training and of scoring."""
        return frozenset(_LABELS[name.partition(":")[0]] for name in self.optional)


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """One message of a customer."""

    id: str
    author: str
    text: str
    act: str
    upset: float
    second_act: str = ""
    """An act that could be argued for; empty where none can."""
    context: str = ""
    """What the agent said before."""
    acceptable: tuple[str, ...] = ()
    """Steps that the message, whatever came before, makes a good next one, best first; empty where nobody said."""
    wrong: tuple[str, ...] = ()
    """Steps that would do harm or make no sense after it."""
    channel: str = ""
    industry: str = ""
    register: str = ""
    english: str = ""


def read_agents(path: Path) -> list[AgentRow]:
    """Reads a file, or every `*.jsonl` of a folder in order of name.

    Raises:
        RowError: a line is not a valid row.
    """
    rows = [_agent(file, number, data) for file, number, data in _lines(path)]
    _refuse_twins(row.id for row in rows)
    return rows


def read_customers(path: Path) -> list[CustomerRow]:
    """Reads a file, or every `*.jsonl` of a folder in order of name.

    Raises:
        RowError: a line is not a valid row.
    """
    rows = [_customer(file, number, data) for file, number, data in _lines(path)]
    _refuse_twins(row.id for row in rows)
    return rows


def read_extra(labels: Path, texts: Path) -> list[AgentRow]:
    """Real training sentences that the user brings, with labels by our taxonomy.

    Args:
        labels: JSON lines of `id`, `labels` (bare names), `optional`, `strength` (by step), `annotator`.
        texts: JSON lines of `id` and `sentence`.
    """
    sentences = read_sentences(texts)
    return [_extra(file, number, data, sentences[str(data["id"])]) for file, number, data in _lines(labels)]


def read_sentences(texts: Path) -> dict[str, str]:
    """Real sentences by id, from JSON lines of `id` and `sentence`."""
    return {str(data["id"]): str(data["sentence"]) for _, _, data in _lines(texts)}


def _extra(file: Path, number: int, data: Mapping[str, Any], text: str) -> AgentRow:
    names = {name for name in data["labels"] if name in _LABELS}
    steps = {step.value for step in STEPS}
    fields = {
        "id": data["id"],
        "author": data["annotator"],
        "text": text,
        "kind": REAL,
        "labels": [f"{name}:{data['strength'].get(name) or 1}" if name in steps else name for name in sorted(names)],
        "optional": [name for name in data["optional"] if name in _LABELS and name not in names],
    }
    return _agent(file, number, fields)


def join_real(labels: Path, texts: Path) -> list[AgentRow]:
    """Joins labels of real sentences, which ship, with the sentences, which the user brings.

    Args:
        labels: JSON lines of `id`, `text_sha256` (first 16 digits), `labels`, `optional`.
        texts: JSON lines of `id` and `sentence`.

    Raises:
        RowError: a sentence is missing or is not the one that was labelled.
    """
    sentences = read_sentences(texts)
    rows = []
    for file, number, data in _lines(labels):
        text = sentences.get(str(data["id"]))
        if text is None or text_sha256(text) != data["text_sha256"]:
            raise RowError(
                f"{file.name}:{number}: {texts.name} holds no such sentence, or another one; bring the labelled edition"
            )
        rows.append(_agent(file, number, {**{k: v for k, v in data.items() if k != "text_sha256"}, "text": text}))
    return rows


def text_sha256(text: str) -> str:
    """The first 16 hexadecimal digits of the sha256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def write_rows(path: Path, rows: Iterable[AgentRow | CustomerRow]) -> None:
    """Writes rows as JSON lines, without empty fields."""
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            data = {key: value for key, value in asdict(row).items() if value not in ("", ())}
            data.setdefault("labels", []) if isinstance(row, AgentRow) else None
            file.write(json.dumps(data, ensure_ascii=False) + "\n")


def _lines(source: Path) -> Iterator[tuple[Path, int, Mapping[str, object]]]:
    for path in [source] if source.is_file() else sorted(source.glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").removesuffix("\n").split("\n"), 1):
            try:
                yield path, number, json.loads(line)
            except ValueError as error:
                raise RowError(f"{path.name}:{number}: not JSON: {error}") from error


def _agent(path: Path, number: int, data: Mapping[str, object]) -> AgentRow:
    try:
        fields = {**data, "labels": tuple(data["labels"]), "optional": tuple(data.get("optional", ()))}  # type: ignore[arg-type]
        row = AgentRow(**fields)  # type: ignore[arg-type]
        weak_or_strong = {1, 2}
        for label, strength in row.firm.items():
            named = f"{label}:{strength}" in row.labels if isinstance(label, Step) else label.value in row.labels
            if not named or strength not in weak_or_strong:
                raise RowError(f"{path.name}:{number}: {label} must read STEP:1, STEP:2 or MISSTEP")
        if not row.text.strip() or row.arguable & set(row.firm):
            raise RowError(f"{path.name}:{number}: the text is empty, or a label is both firm and optional")
        return row
    except (KeyError, TypeError, ValueError) as error:
        raise RowError(f"{path.name}:{number}: {error!r}") from error


def _customer(path: Path, number: int, data: Mapping[str, object]) -> CustomerRow:
    try:
        fields = {**data, "acceptable": tuple(data.get("acceptable", ())), "wrong": tuple(data.get("wrong", ()))}  # type: ignore[arg-type]
        row = CustomerRow(**fields)  # type: ignore[arg-type]
        acts, steps = {act.value for act in CUSTOMER_ACTS}, {step.value for step in STEPS}
        if set(row.acceptable) & set(row.wrong) or not {*row.acceptable, *row.wrong} <= steps:
            raise RowError(f"{path.name}:{number}: acceptable and wrong must name steps, none of them in both")
        if row.act not in acts or row.second_act not in acts | {""} or not 0 <= row.upset <= 1 or not row.text.strip():
            raise RowError(f"{path.name}:{number}: act, second_act, upset or text is out of range")
        return row
    except TypeError as error:
        raise RowError(f"{path.name}:{number}: {error}") from error


def _refuse_twins(ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for row_id in ids:
        if row_id in seen:
            raise RowError(f"two rows have the id {row_id}; ids are unique over all files")
        seen.add(row_id)
