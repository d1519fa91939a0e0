"""Conversations of the training data as passages: graded replies, and turns whose labels nobody gave."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from amends_core.bundle import OUTPUTS
from amends_core.text import digest, has_words, split

from amends_train.samples import Further, Passage
from amends_train.targets import graded_target

_FOLDERS = ("replies", "next_steps")


def read_conversations(data: Path) -> list[Further]:
    """Every sentence and message of the conversations below `data`, each once; a graded one by its first reply."""
    found: dict[Passage, Further] = {}
    for folder in _FOLDERS:
        for path in sorted((data / folder).glob("*.jsonl")):
            for line in path.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                for further in (*_replies(row.get("replies", ())), *_turns(row["turns"])):
                    found.setdefault(further.passage, further)
    return list(found.values())


def unlabelled(sentences: Iterable[str]) -> list[Further]:
    """Sentences of agents that nobody labelled."""
    return [Further((sentence, ""), *_nothing()) for sentence in sentences]


def _replies(replies: Iterable[dict[str, object]]) -> Iterator[Further]:
    for reply in replies:
        target, weight = graded_target(float(str(reply["grade"])))
        yield from (Further((sentence, ""), target, weight) for sentence in _sentences(str(reply["text"])))


def _turns(turns: Iterable[dict[str, str]]) -> Iterator[Further]:
    said = ""  # by the agent, last
    for turn in turns:
        if turn["role"] == "customer":
            yield Further((digest(turn["text"]), said), *_nothing(), of_customer=True)
        else:
            said = turn["text"]
            yield from unlabelled(_sentences(said))


def _sentences(text: str) -> Iterator[str]:
    return (span.trimmed(text).of(text) for span in split(text) if has_words(span.of(text)))


def _nothing() -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    return np.zeros(len(OUTPUTS), dtype=np.float32), np.zeros(len(OUTPUTS), dtype=np.float32)
