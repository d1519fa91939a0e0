"""What a caller sends beside its messages."""

import re
from collections.abc import Mapping
from typing import Any

_TRIES_BEFORE_KEY = "grpc-previous-rpc-attempts"
"""What gRPC sends of a call that it tries again. Source: gRFC A6, client retries."""
_TRY_KEY = "x-envoy-attempt-count"
"""Which of its own tries an Envoy sends, from 1. Source: Envoy's API, `include_request_attempt_count`."""
_COUNT = re.compile(r"[0-9]{1,2}")

Metadata = Mapping[str, str | bytes]


def metadata_of(context: Any) -> Metadata:
    """The metadata of a call by its keys, of each the last value; keys that end in `-bin` hold bytes."""
    return dict(context.invocation_metadata() or ())


def tries_before(metadata: Metadata) -> int:
    """How often a call was tried before, as its client says, or else a proxy; 0 where it is the first try."""
    return _count(metadata, _TRIES_BEFORE_KEY) or max(0, _count(metadata, _TRY_KEY) - 1)


def _count(metadata: Metadata, key: str) -> int:
    given = metadata.get(key)
    return int(given) if isinstance(given, str) and _COUNT.fullmatch(given) else 0
