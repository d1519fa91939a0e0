"""The baseline that every reader should beat: counting words of a short list."""

import re
from collections.abc import Callable, Mapping, Sequence

from amends_eval.yardsticks.yardstick import Guess


def hits(text: str, words: Sequence[str]) -> int:
    """How often the words and phrases occur, whole and in any case; one that ends in `?` or `!` may end a word."""
    return len(re.findall("|".join(_pattern(word) for word in words), text, re.IGNORECASE)) if words else 0


def level_by_count(words: Sequence[str]) -> Callable[[str], Guess]:
    """`0`, `1` or `2` for no, one or more hits."""

    def guess(text: str) -> Guess:
        count = hits(text, words)
        return Guess(str(min(count, 2)), float(count))

    return guess


def yes_by_count(words: Sequence[str]) -> Callable[[str], Guess]:
    """`yes` where there is a hit, else `no`."""

    def guess(text: str) -> Guess:
        count = hits(text, words)
        return Guess("yes" if count else "no", float(count))

    return guess


def most_hits(words: Mapping[str, Sequence[str]], fallback: str) -> Callable[[str], Guess]:
    """The class with most hits, the first of equals; the fallback where there is none."""

    def guess(text: str) -> Guess:
        counts = {name: hits(text, each) for name, each in words.items()}
        best = max(counts, key=lambda name: counts[name])
        return Guess(best if counts[best] else fallback)

    return guess


def _pattern(word: str) -> str:
    before = r"\b" if word[0].isalnum() else ""
    after = r"\b" if word[-1].isalnum() else ""
    return before + re.escape(word) + after
