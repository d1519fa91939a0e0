"""The network: a sentence-transformer and one linear layer of heads on its pooled embedding."""

from pathlib import Path

import torch
from amends_core.bundle import OUTPUTS
from sentence_transformers import SentenceTransformer
from torch import Tensor, nn


class Network(nn.Module):
    """Token ids to embedding and logits.

    Mean pooling over the tokens, as all-MiniLM-L6-v2 does; the heads read the pooled vector before it is
    brought to unit length.
    """

    def __init__(self, transformer: nn.Module, dimension: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.transformer = transformer
        self.dropout = nn.Dropout(dropout)
        self.heads = nn.Linear(dimension, len(OUTPUTS))

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Gives embeddings (batch, dimension) of unit length and logits (batch, len(OUTPUTS)).

        `input_ids` has shape (batch, tokens), int64; without a mask every token counts.
        """
        pooled = self.pooled(input_ids, attention_mask)
        return nn.functional.normalize(pooled, dim=-1), self.heads(self.dropout(pooled))

    def pooled(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        """The mean of the tokens, of shape (batch, dimension): what the heads read."""
        mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        hidden = self.transformer(input_ids=input_ids, attention_mask=mask).last_hidden_state
        if attention_mask is None:
            return hidden.mean(dim=1)
        weights = mask.unsqueeze(-1).to(hidden.dtype)
        return (hidden * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1.0)


def load_base(path: Path) -> SentenceTransformer:
    """The sentence-transformers model at `path`, on the CPU, with attention that exports to ONNX."""
    return SentenceTransformer(str(path), device="cpu", model_kwargs={"attn_implementation": "eager"})


def network_of(model: SentenceTransformer) -> Network:
    """A network over the transformer of a sentence-transformers model, with new heads."""
    return Network(transformer_of(model), dimension_of(model))


def dimension_of(model: SentenceTransformer) -> int:
    """How many numbers the embeddings of a model have."""
    dimension = model.get_embedding_dimension()
    assert dimension is not None
    return dimension


def transformer_of(model: SentenceTransformer) -> nn.Module:
    """The transformer inside a sentence-transformers model."""
    return model[0].auto_model if hasattr(model[0], "auto_model") else model[0].model
