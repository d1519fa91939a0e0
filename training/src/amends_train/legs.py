"""Legs: a trained network goes on for a pass over the rows, and the mean of before and after reads new authors better.

Within a leg a running mean of the weights is kept (Izmailov et al., 2018, Averaging Weights Leads to Wider Optima), and
before and after are averaged (Wortsman et al., 2022, Model soups). Care, and what a message calls for, go on being read
as before, because the judgement and advice weigh them: their heads are fitted to what they said, by least squares over
the new encoder (after Hinton et al., 2015, Distilling the Knowledge in a Neural Network).
"""

import random
from collections.abc import Iterator, Mapping
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

SHARE = 0.5
"""Of a leg in the mean: half of one reads authors who are new better than the whole does."""
_MOST_PASSAGES = 28_000
_RIDGE = 1e-3
_RATES = {"encoder_rate": 1e-4, "head_rate": 8e-4}
_MEAN_DECAY = 0.998
"""Half of the running mean is of the last 350 batches."""


def leg(
    network: Network, base: SentenceTransformer, corpus: Corpus, options: FitOptions, number: int, checkpoint: Path
) -> Network:
    """Goes on from `network`, which is of `base`, for one pass, and gives the mean of before and after.

    `options` are those of the first training; the leg of this `number`, from 1 on, has rates and a seed of its own. For
    the `checkpoint` see `fit`.
    """
    before = {name: weight.clone() for name, weight in network.state_dict().items()}
    own = replace(options, epochs=1, seed=options.seed + number, mean_decay=_MEAN_DECAY, **_RATES)
    after = fit(base, corpus, own, checkpoint, before)
    mean = mean_of(before, after.state_dict(), SHARE)
    for columns, passages in _kept(corpus, random.Random(own.seed)):
        after.load_state_dict(before)
        said = predict(after, base, passages, own.max_tokens)[:, columns]
        after.load_state_dict(mean)
        seen = pooled(after, base, passages, own.max_tokens)
        weight, bias = fitted_head(seen, said, mean["heads.weight"][columns].numpy())
        mean["heads.weight"][columns], mean["heads.bias"][columns] = torch.from_numpy(weight), torch.from_numpy(bias)
    after.load_state_dict(mean)
    return after


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


def mean_of(before: Mapping[str, Tensor], after: Mapping[str, Tensor], share: float) -> dict[str, Tensor]:
    """The mean of two states of a network, of which `after` has the `share`; what is no weight is as in `after`."""
    return {name: before[name].lerp(one, share) if one.is_floating_point() else one for name, one in after.items()}
