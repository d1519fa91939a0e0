"""The network of a released bundle, taken back out of its int8 graph, so that training can go on from it.

A bundle ships no float weights. Each int8 matrix times its scale is the float one to within half a step of its scale:
logits of some 10 differ by .1 in the mean, and the first batches of training make up for it.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from sentence_transformers import SentenceTransformer

from amends_train.network import Network, network_of
from amends_train.targets import Floats

_EMBEDDINGS = "transformer.embeddings."
_LAYER = "transformer.encoder.layer."
_POOLER = ".pooler."
"""A layer of the base model by which nothing is read: the mean of the tokens is."""
_DENSE = ("attention.output.dense", "intermediate.dense", "output.dense")
_NORMS = ("attention.output.LayerNorm", "output.LayerNorm")
_SUFFIX = "_quantized"


class NotOurs(ValueError):
    """A graph that `export` did not write from the base model that was given."""


def network_of_graph(graph: Path, base: SentenceTransformer) -> Network:
    """The float network of the graph at `graph`, over the transformer of `base`, whose weights are replaced.

    Raises:
        NotOurs: the graph lacks a weight of the base model's network, or has another shape of it.
    """
    network = network_of(base)
    held = {one.name: numpy_helper.to_array(one) for one in onnx.load(str(graph)).graph.initializer}
    try:
        found = dict(_weights(held, len(network.transformer.encoder.layer)))  # type: ignore[arg-type,union-attr]
        state = {name: torch.tensor(weight) for name, weight in found.items()}
        lacking = [name for name in network.load_state_dict(state, strict=False).missing_keys if _POOLER not in name]
    except (KeyError, IndexError, RuntimeError) as error:
        raise NotOurs(f"{graph} is no graph of this base model: {error}") from error
    if lacking:
        raise NotOurs(f"{graph} is no graph of this base model: it lacks {', '.join(lacking)}")
    return network.eval()


def _weights(held: dict[str, Floats], layers: int) -> Iterator[tuple[str, Floats]]:
    for name in ("word_embeddings", "position_embeddings", "token_type_embeddings", "LayerNorm"):
        yield f"{_EMBEDDINGS}{name}.weight", _float(held, f"{_EMBEDDINGS}{name}.weight")
    yield f"{_EMBEDDINGS}LayerNorm.bias", _float(held, f"{_EMBEDDINGS}LayerNorm.bias")
    matrices = [name.removesuffix(_SUFFIX) for name in held if name.startswith("onnx::MatMul") and _SUFFIX in name]
    for layer in range(layers):
        yield from _layer(held, layer, matrices[len(_DENSE) * layer :])
    yield "heads.weight", _float(held, "heads.weight").T
    yield "heads.bias", held["heads.bias"]


def _layer(held: dict[str, Floats], layer: int, matrices: list[str]) -> Iterator[tuple[str, Floats]]:
    """The weights of one layer; its dense matrices are the next of those without a name, in order."""
    prefix = f"{_LAYER}{layer}."
    three = _float(held, f"Attention_{layer}_qkv_weight"), held[f"Attention_{layer}_qkv_bias"]
    weights, biases = np.split(three[0], 3, axis=1), np.split(three[1], 3)
    for part, weight, bias in zip(("query", "key", "value"), weights, biases, strict=True):
        yield f"{prefix}attention.self.{part}.weight", weight.T
        yield f"{prefix}attention.self.{part}.bias", bias
    for part, matrix in zip(_DENSE, matrices[: len(_DENSE)], strict=True):
        yield f"{prefix}{part}.weight", _float(held, matrix).T
        yield f"{prefix}{part}.bias", held[f"{prefix}{part}.bias"]
    for part in _NORMS:
        for kind in ("weight", "bias"):
            yield f"{prefix}{part}.{kind}", held[f"{prefix}{part}.{kind}"]


def _float(held: dict[str, Floats], name: str) -> Floats:
    if name in held:
        return held[name]
    zero, scale = held[f"{name}_zero_point"].astype(np.float32), held[f"{name}_scale"]
    return (held[name + _SUFFIX].astype(np.float32) - zero) * scale
