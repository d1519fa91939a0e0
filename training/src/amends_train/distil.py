"""Distillation: what a teacher says of every passage that a student reads."""

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from scipy.special import expit, softmax
from sentence_transformers import SentenceTransformer

from amends_train.fit import predict
from amends_train.network import Network
from amends_train.samples import Corpus, Passage, SoftTargets
from amends_train.targets import ACTS


def soft_targets(
    network: Network, base: SentenceTransformer, passages: Iterable[Passage], max_tokens: int
) -> SoftTargets:
    """Probabilities of every output for each passage: sigmoids, and a softmax over the acts."""
    unique = sorted(set(passages))
    with torch.autocast("cpu", dtype=torch.bfloat16):  # a teacher's third decimal teaches nothing
        logits = predict(network, base, unique, max_tokens)
    said = expit(logits).astype(np.float32)
    said[:, ACTS] = softmax(logits[:, ACTS], axis=1)
    return dict(zip(unique, said, strict=True))


def passages_of(corpus: Corpus) -> Iterator[Passage]:
    """Every passage as an epoch may read it, before it is roughened."""
    yield from ((row.text, "") for row in corpus.agents)
    for row in corpus.customers:
        yield from ((row.text, row.context), (row.text, ""))
    yield from (further.passage for further in corpus.further)
