"""Distillation: what a teacher says of the training passages, and of sentences that nobody labelled."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from amends_core.text import digest, has_words, split
from scipy.special import expit, softmax
from sentence_transformers import SentenceTransformer

from amends_train.fit import predict
from amends_train.network import Network
from amends_train.rows import AgentRow, CustomerRow
from amends_train.samples import Corpus, Passage, SoftTargets, heard
from amends_train.targets import ACTS, UPSET, Floats

_CONVERSATIONS = ("replies", "next_steps")
"""Folders of training data whose conversations hold sentences that nobody labelled."""


def soft_targets(
    network: Network, base: SentenceTransformer, passages: Iterable[Passage], max_tokens: int
) -> SoftTargets:
    """Probabilities of every output for each passage: sigmoids, and a softmax over the acts."""
    unique = sorted(set(passages))
    logits = predict(network, base, unique, max_tokens)
    said = expit(logits).astype(np.float32)
    said[:, ACTS] = softmax(logits[:, ACTS], axis=1)
    return dict(zip(unique, said, strict=True))


def passages_of(agents: Sequence[AgentRow], customers: Sequence[CustomerRow]) -> Iterator[Passage]:
    """Every passage of the rows as an epoch may read it, before it is roughened."""
    yield from ((row.text, "") for row in agents)
    for row in customers:
        yield from ((row.text, row.context), (row.text, ""))


def taught(
    agents: Sequence[AgentRow],
    customers: Sequence[CustomerRow],
    sentences: Sequence[Passage],
    messages: Sequence[Passage],
    soft: SoftTargets,
) -> Corpus:
    """The rows with the teacher's word on them, and sentences and messages that it alone labels."""
    unlabelled = [(passage, heard(soft[passage])) for passage in sentences]
    unlabelled += [(passage, _customer_weight(soft[passage])) for passage in messages]
    return Corpus(agents, customers, soft, unlabelled)


def conversations(data: Path) -> tuple[list[Passage], list[Passage]]:
    """Sentences of agents, and messages of customers with what was said before, from unlabelled conversations."""
    sentences: dict[Passage, None] = {}
    messages: dict[Passage, None] = {}
    for folder in _CONVERSATIONS:
        for path in sorted((data / folder).glob("*.jsonl")):
            for line in path.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                before = ""  # what the agent said last
                for turn in row["turns"]:
                    if turn["role"] == "customer":
                        messages[digest(turn["text"]), before] = None
                        continue
                    before = turn["text"]
                    sentences.update(dict.fromkeys(_sentences(before)))
                for reply in row.get("replies", ()):
                    sentences.update(dict.fromkeys(_sentences(reply["text"])))
    return list(sentences), list(messages)


def _sentences(text: str) -> Iterator[Passage]:
    pieces = (span.trimmed(text).of(text) for span in split(text) if has_words(span.of(text)))
    return ((piece, "") for piece in pieces)


def _customer_weight(soft: Floats) -> Floats:
    weight = np.zeros_like(soft)
    weight[ACTS] = weight[UPSET] = 1.0
    return weight
