"""Writes which evaluation texts training data says as well: `python -m amends_eval.datasets.leakage`.

Exit 1 where a text is there word for word or nearly. Texts of fewer than LEAST_WORDS words are left out: everybody
writes "Thank you so much". What only measures (`unseen`) teaches nothing: it is compared as evaluation texts are.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from amends_core.text import word_count

from amends_eval.datasets.catalogue import FOLDER, MODELS, VERSION
from amends_eval.labels.duplicates import ALIKE, NEAR, Match, Text, embedder, matches

TRAINING = Path("training/data")
REPORT = TRAINING / "LEAKAGE.md"
UNSEEN = "unseen"
"""The folder of training data that only measures."""
LEAST_WORDS = 5
_SAID = ("text", "a", "b", "honest", "gamed", "customer")
"""Fields that hold what somebody says."""


def said_in(value: object, name: str = "") -> Iterator[str]:
    """Every text that a row holds, however deep."""
    if isinstance(value, str):
        if name in _SAID:
            yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from said_in(inner, key)
    elif isinstance(value, Sequence):
        for inner in value:
            yield from said_in(inner, name)


def texts_of(file: Path) -> list[Text]:
    """The texts of a file of rows that are long enough to be somebody's own, each under its row's id."""
    rows = (json.loads(line) for line in file.read_text(encoding="utf-8").splitlines())
    return [Text(row["id"], text) for row in rows for text in said_in(row) if word_count(text) >= LEAST_WORDS]


def report(found: Mapping[str, tuple[int, Sequence[Match]]], trained: int) -> str:
    """The page: how many texts of each half stand in training data, and which."""
    lines = [
        "# What training and evaluation have in common\n",
        f"Made by `make leakage`: evaluation texts of {LEAST_WORDS} words or more beside {trained:,} training texts;",
        "of training data, what the unseen authors wrote only measures, and is compared in the same way.",
        f"Near: TF-IDF cosine of character 3- to 5-grams from {NEAR}. Alike: cosine of the encoder from {ALIKE}; it",
        "was trained to put together what does the same, so these are paraphrases more often than copies.",
        "Sentences by real agents do not ship and are not compared here; no author wrote on both sides.\n",
        "| half | texts | the same | near | alike |",
        "| --- | --- | --- | --- | --- |",
    ]
    for half, (texts, matched) in found.items():
        ways = Counter(match.way for match in {match.id: match for match in reversed(matched)}.values())
        lines.append(f"| {half} | {texts} | {ways['exact']} | {ways['near']} | {ways['alike']} |")
    pairs = [f"- {m.id} and {m.other}: {m.way}, {m.likeness:.3f}" for _, matched in found.values() for m in matched]
    return "\n".join([*lines, "", *(["## Pairs\n", *pairs] if pairs else [])]).rstrip() + "\n"


def taught(folder: Path) -> list[Path]:
    """The files of training data that teach."""
    return sorted(file for file in folder.glob("*/*.jsonl") if file.parent.name != UNSEEN)


def measured(folder: Path) -> Iterator[tuple[str, Path]]:
    """What measures, by its name: the halves of the evaluation data, and each unseen author of training data."""
    for name in MODELS:
        for file in sorted((FOLDER / f"{name}-v{VERSION}").glob("*.jsonl")):
            yield f"{name} {file.stem}", file
    for file in sorted((folder / UNSEEN).glob("*.jsonl")):
        yield f"{UNSEEN} {file.stem}", file


def main() -> int:
    """Compares, writes the page, and says whether anything stands on both sides."""
    embed = embedder()
    trained = [text for file in taught(TRAINING) for text in texts_of(file)]
    found = {}
    for name, file in measured(TRAINING):
        texts = texts_of(file)
        found[name] = len(texts), matches(texts, trained, embed)
    REPORT.write_text(report(found, len(trained)), encoding="utf-8")
    return int(any(match.way != "alike" for _, matched in found.values() for match in matched))


if __name__ == "__main__":
    sys.exit(main())
