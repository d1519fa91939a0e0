"""What a caller sends beside its messages."""

from collections.abc import Mapping
from typing import Any


def metadata_of(context: Any) -> Mapping[str, str | bytes]:
    """The metadata of a call by its keys, of each the last value; keys that end in `-bin` hold bytes."""
    return dict(context.invocation_metadata() or ())
