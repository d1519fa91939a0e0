"""Finds, checks and reads the datasets. A dataset is a folder that says all about itself."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from amends_eval.datasets.rows import (
    ArcRow,
    ContrastRow,
    CustomerRow,
    GamingRow,
    InvarianceRow,
    NextStepRow,
    RankedRow,
    RealLabels,
    RealRow,
    Row,
    SentenceRow,
    text_sha256,
)
from amends_eval.errors import DatasetError

Half = Literal["dev", "test"]
CHECKSUMS = "SHA256SUMS"
MODELS: Mapping[str, type[Row]] = {
    "sentences": SentenceRow,
    "real": RealLabels,
    "contrast": ContrastRow,
    "invariance": InvarianceRow,
    "customer": CustomerRow,
    "ranked": RankedRow,
    "gaming": GamingRow,
    "next-step": NextStepRow,
    "arcs": ArcRow,
}
"""The row of each dataset, by its name without version."""
VERSION = 1
_REPOSITORY = Path(__file__).parents[3] / "datasets"
_WHEEL = Path(__file__).with_name("data")
FOLDER = _REPOSITORY if _REPOSITORY.is_dir() else _WHEEL
"""Where the datasets lie that ship."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Rows of one half of one dataset."""

    name: str
    version: int
    half: Half
    sha256: str
    """Of the file of rows."""
    rows: Sequence[Row]


def load(name: str, half: Half, folder: Path = FOLDER, real_texts: Path | None = None) -> Dataset:
    """Reads one half of a dataset.

    Args:
        name: one of `MODELS`.
        half: `dev` or `test`.
        folder: where the datasets lie.
        real_texts: JSON lines of `id`, `sentence` and `context`: the sentences of `real`, which do not ship.

    Raises:
        DatasetError: a file is missing or differs from its checksum, a row breaks the schema, or the
            sentences of `real` were not given.
    """
    path = folder / f"{name}-v{VERSION}" / f"{half}.jsonl"
    content = _checked(path)
    rows: Sequence[Row] = list(parse(MODELS[name], content.decode(), path.name))
    if name == "real":
        if real_texts is None:
            raise DatasetError("the sentences of `real` do not ship: name their file with --real-texts")
        rows = joined([row for row in rows if isinstance(row, RealLabels)], real_texts)
    return Dataset(name, VERSION, half, hashlib.sha256(content).hexdigest(), rows)


def parse(model: type[Row], text: str, name: str) -> Iterator[Row]:
    """Reads JSON lines of one kind of row.

    Raises:
        DatasetError: a line breaks the schema; the message names file, line and field, and not the text.
    """
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        try:
            yield model.model_validate_json(line)
        except ValidationError as error:
            wrong = "; ".join(
                f"{'.'.join(map(str, problem['loc'])) or 'the row'}: {problem['msg']}"
                for problem in error.errors(include_input=False, include_url=False)
            )
            raise DatasetError(f"{name}:{number}: {wrong}") from None


def joined(labels: Sequence[RealLabels], texts: Path) -> list[RealRow]:
    """Joins labels of real sentences with the sentences.

    Raises:
        DatasetError: the file cannot be read, or holds another edition of a sentence.
    """
    sentences = {row["id"]: row for row in json_lines(texts)}
    return [_join(row, sentences.get(row.id), texts) for row in labels]


def checksums(folder: Path) -> str:
    """The lines of `SHA256SUMS` for a dataset's folder, as `sha256sum` writes them."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != CHECKSUMS)
    return "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n" for path in files
    )


def _join(labels: RealLabels, found: Mapping[str, object] | None, texts: Path) -> RealRow:
    sentence = str(found["sentence"]) if found else ""
    if text_sha256(sentence) != labels.text_sha256:
        raise DatasetError(f"{texts.name} holds no sentence {labels.id}, or another one: bring the labelled edition")
    turns = found.get("context") if found else None
    said = [turn for turn in turns if turn["role"] == "customer"] if isinstance(turns, list) else []
    fields = labels.model_dump(exclude={"text_sha256"})
    return RealRow(**fields, text=sentence, context=said[-1]["text"] if said else "")


def json_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a file, each a JSON object.

    Raises:
        DatasetError: the file cannot be read as that.
    """
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)
    except (OSError, ValueError) as error:
        raise DatasetError(f"cannot read {path.name} as JSON lines: {error}") from error


def _checked(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        listed = (path.parent / CHECKSUMS).read_text(encoding="utf-8")
    except OSError as error:
        raise DatasetError(
            f"cannot read {path}: {error.strerror}; name the datasets' folder with --datasets"
        ) from error
    if f"{hashlib.sha256(content).hexdigest()}  {path.name}" not in listed.splitlines():
        raise DatasetError(
            f"{path.parent.name}/{path.name} differs from its checksum: datasets are superseded, not edited"
        )
    return content
