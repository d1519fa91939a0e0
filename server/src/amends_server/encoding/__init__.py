"""From texts to encodings: cache, one queue, threads that share one ONNX session."""

from amends_server.encoding.cache import EncodingCache
from amends_server.encoding.pool import EncoderPool, EncodingFailed, InferenceFailed, Overloaded, QueueExpired

__all__ = ["EncoderPool", "EncodingCache", "EncodingFailed", "InferenceFailed", "Overloaded", "QueueExpired"]
