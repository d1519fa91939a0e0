"""Legs: a trained network goes on for passes over the rows, and the mean of all ends reads new authors better.

Within a leg a running mean of the weights is kept (Izmailov et al., 2018, Averaging Weights Leads to Wider Optima), and
what the first leg began with and where each ended are averaged (Wortsman et al., 2022, Model soups). Care, and what a
message calls for, go on being read as before, because the judgement and advice weigh them: their heads are fitted to
what they said, by least squares over the new encoder (after Hinton et al., 2015, Distilling the Knowledge in a Neural
Network).
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from torch import Tensor

from amends_train.fit import FitOptions, fit, pooled, predict
from amends_train.network import Network
from amends_train.samples import Corpus, Passage
from amends_train.targets import CARE, NEXT, Floats

_MOST_PASSAGES = 28_000
_RIDGE = 1e-3
_RATES = {"encoder_rate": 1e-4, "head_rate": 8e-4}
_MEAN_DECAY = 0.998
"""Half of the running mean is of the last 350 batches."""


def leg(
    network: Network, base: SentenceTransformer, corpus: Corpus, options: FitOptions, number: int, checkpoint: Path
) -> Network:
    """Goes on from `network`, which is of `base`, for one pass, and gives where it ends.

    `options` are those of the first training; the leg of this `number`, from 1 on, has rates and a seed of its own. For
    the `checkpoint` see `fit`.
    """
    before = {name: weight.clone() for name, weight in network.state_dict().items()}
    own = replace(options, epochs=1, seed=options.seed + number, mean_decay=_MEAN_DECAY, **_RATES)
    return fit(base, corpus, own, checkpoint, before)


def mean_of_legs(
    ends: Sequence[Network], shares: Sequence[float], base: SentenceTransformer, corpus: Corpus, options: FitOptions
) -> Network:
    """The mean of networks of `base`, by their shares, which reads care and what is called for as the first does."""
    first, mean = ends[0], deepcopy(ends[0])
    mean.load_state_dict(mean_of([one.state_dict() for one in ends], shares))
    for columns, passages in _kept(corpus, random.Random(options.seed)):
        said = predict(first, base, passages, options.max_tokens)[:, columns]
        seen = pooled(mean, base, passages, options.max_tokens)
        state = mean.state_dict()
        weight, bias = fitted_head(seen, said, state["heads.weight"][columns].numpy())
        state["heads.weight"][columns], state["heads.bias"][columns] = torch.from_numpy(weight), torch.from_numpy(bias)
    return mean.eval()


def _kept(corpus: Corpus, rng: random.Random) -> Iterator[tuple[list[int], list[Passage]]]:
    """Which outputs go on being read as they were, and on what that is learnt."""
    said = [(row.text, "") for row in corpus.agents] + [one.passage for one in corpus.further if not one.of_customer]
    asked = [(message.text, message.context) for message in corpus.customers]
    yield [CARE], rng.sample(said, min(len(said), _MOST_PASSAGES))
    yield list(range(NEXT.start, NEXT.stop)), rng.sample(asked, min(len(asked), _MOST_PASSAGES))


def fitted_head(seen: Floats, said: Floats, stood: Floats) -> tuple[Floats, Floats]:
    """The linear head that says of what is seen nearly what was said, drawn to the one that stood.

    Shapes (passages, dimension), (passages, outputs), (outputs, dimension); gives weight and bias.
    """
    middle, rest = seen.mean(axis=0, dtype=np.float64), (said - seen @ stood.T).astype(np.float64)
    centred, offset = seen - middle, rest.mean(axis=0)
    gram = centred.T @ centred / len(seen) + _RIDGE * np.eye(seen.shape[1])
    weight = np.linalg.solve(gram, centred.T @ (rest - offset) / len(seen)).T
    return (stood + weight).astype(np.float32), (offset - weight @ middle).astype(np.float32)


def mean_of(states: Sequence[Mapping[str, Tensor]], shares: Sequence[float]) -> dict[str, Tensor]:
    """The mean of states of a network by their shares, which need not add up to 1; what is no weight is as in the last.

    Raises:
        ValueError: there are not as many shares as states.
    """
    parts = [share / sum(shares) for share in shares]

    def mean(name: str, last: Tensor) -> Tensor:
        if not last.is_floating_point():
            return last
        return sum(part * state[name] for part, state in zip(parts, states, strict=True))  # type: ignore[return-value]

    return {name: mean(name, last) for name, last in states[-1].items()}
