"""What was read in a text, remembered: a conversation comes again with every reply that is judged in it."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

Found = TypeVar("Found")

TEXTS = 4096
"""How many texts a function remembers: the sentences of some two hundred conversations at once."""
LONGEST = 500
"""Longer texts are read anew each time, so that memory is bounded: by 2 million characters a function, which share
the texts that they have in common."""


def remembered(read: Callable[[str], Found]) -> Callable[[str], Found]:
    """Makes a pure function of a text answer from memory, for the last TEXTS texts that it read. Thread-safe.

    What it gives must be immutable.
    """
    known = lru_cache(TEXTS)(read)

    @wraps(read)
    def answer(text: str) -> Found:
        return known(text) if len(text) <= LONGEST else read(text)

    return answer
