"""From a trained network to ONNX: one graph, fused, then int8; checked against sentence-transformers itself."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from amends_core.encoder import open_session
from amends_core.text import parts_of
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers import optimizer
from onnxruntime.transformers.fusion_options import AttentionMaskFormat, FusionOptions
from sentence_transformers import SentenceTransformer

from amends_train.fit import Passage, token_ids
from amends_train.network import Network
from amends_train.targets import Floats

OPSET = 17
_FLOAT = 1  # onnx.TensorProto.FLOAT


def export_fp32(network: Network, path: Path) -> None:
    """Writes the fused fp32 graph: `input_ids` (1, tokens) int64 to `embedding` (1, d) and `logits` (1, outputs)."""
    network.eval()
    raw = path.with_suffix(".raw.onnx")
    example = torch.tensor([[101, 2057, 2024, 3374, 102]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter names its own deprecation and each traced constant
        # The tracing exporter: onnxruntime's fusions know its patterns and fail on those of the dynamo one.
        torch.onnx.export(
            network,
            (example,),
            str(raw),
            dynamo=False,
            opset_version=OPSET,
            input_names=["input_ids"],
            output_names=["embedding", "logits"],
            dynamic_axes={"input_ids": {1: "tokens"}},
        )
    config = network.transformer.config
    fused = optimizer.optimize_model(
        str(raw),
        model_type="bert",
        num_heads=config.num_attention_heads,
        hidden_size=config.hidden_size,
        optimization_options=_fusions(),
        opt_level=0,
    )
    fused.save_model_to_file(str(path))
    raw.unlink()


def _fusions() -> FusionOptions:
    """Those that pay: see docs/decisions/0016 for the others. A sentence is run alone, so nothing is masked."""
    fusions = FusionOptions("bert")
    fusions.enable_skip_layer_norm = False
    fusions.enable_bias_skip_layer_norm = False
    fusions.attention_mask_format = AttentionMaskFormat.NoMask
    return fusions


def quantise(fp32: Path, path: Path) -> None:
    """Writes the dynamic int8 graph, one scale a channel: a scale a tensor cost 0.07 of cosine on stock MiniLM."""
    quantize_dynamic(
        str(fp32),
        str(path),
        weight_type=QuantType.QInt8,
        per_channel=True,
        extra_options={"MatMulConstBOnly": True, "DefaultTensorType": _FLOAT},
    )


class Graph:
    """An exported graph, run one sentence at a time as the service does."""

    def __init__(self, path: Path, model: SentenceTransformer, max_tokens: int) -> None:
        self._session = open_session(str(path))
        self._model = model
        self._max_tokens = max_tokens

    def run(self, passages: Sequence[Passage]) -> tuple[Floats, Floats]:
        """Embeddings (len(passages), d) and logits (len(passages), outputs)."""
        found = [self._session.run(["embedding", "logits"], {"input_ids": self._ids(passage)}) for passage in passages]
        return np.concatenate([pair[0] for pair in found]), np.concatenate([pair[1] for pair in found])

    def _ids(self, passage: Passage) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        return np.array([token_ids(self._model, passage, self._max_tokens)], dtype=np.int64)


def embedding_gap(graph: Graph, model: SentenceTransformer, texts: Sequence[str]) -> float:
    """Largest absolute difference between the graph's embeddings and those of sentence-transformers."""
    ours, _ = graph.run([(text, "") for text in texts])
    theirs = model.encode([parts_of(text)[0] for text in texts], normalize_embeddings=True, show_progress_bar=False)
    return float(np.abs(ours - theirs).max())
