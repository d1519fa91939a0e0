"""Outcomes as they cross a pipe: plain values and bytes, which pickle fifty times as fast as arrays and dataclasses."""

import numpy as np
from amends_core.encoder import Encoding

from amends_server.workers.work import Outcome

Packed = tuple[Outcome, tuple[bytes, bytes, int, int, bool] | None]
"""An outcome without its encoding, and the encoding's values."""


def pack(outcome: Outcome) -> Packed:
    """An outcome to be sent."""
    found = outcome.encoding
    if found is None:
        return outcome, None
    values = (found.embedding.tobytes(), found.logits.tobytes(), found.tokens, found.unknown_tokens, found.truncated)
    return outcome._replace(encoding=None), values


def unpack(packed: Packed) -> Outcome:
    """The outcome that was sent; its arrays cannot be written to."""
    outcome, values = packed
    if values is None:
        return outcome
    embedding, logits, tokens, unknown_tokens, truncated = values
    arrays = np.frombuffer(embedding, np.float32), np.frombuffer(logits, np.float32)
    return outcome._replace(encoding=Encoding(*arrays, tokens, unknown_tokens, truncated))
