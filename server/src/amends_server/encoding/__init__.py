"""From texts to encodings: cache, one queue, and workers that are fed from it."""

from amends_server.encoding.cache import EncodingCache
from amends_server.encoding.policy import Priority
from amends_server.encoding.pool import (
    Encoded,
    EncoderPool,
    EncodingFailed,
    InferenceFailed,
    Overloaded,
    QueueExpired,
)

__all__ = [
    "Encoded",
    "EncoderPool",
    "EncodingCache",
    "EncodingFailed",
    "InferenceFailed",
    "Overloaded",
    "Priority",
    "QueueExpired",
]
