"""Slips of the fingers put right before the encoder reads: who mistypes a word means the same.

After Norvig (2007), How to Write a Spelling Corrector, with the word counts of pyspellchecker: an unknown word becomes
the most frequent word that is one edit away, and two letters swapped go before other edits. Names, short forms and
words of many Englishes must stay as they are: capitals stay, and so does what the training data's authors write
(`known_words.txt`, made by `make words`).
"""

import re
from functools import cache, lru_cache
from importlib.resources import files

from spellchecker import SpellChecker

_WORD = re.compile(r"(?<![\w@#./:&'<-])[A-Za-z]{3,14}(?![\w@/'>-]|\.\w)")
"""What may be a slip: no part of an address, a placeholder or a compound; longer words would take long to look up."""
_FREE_EDITS_FROM = 4
"""Letters from which a word may be any edit away from another; a shorter one only by a swap."""
_LEAST_COUNT = 1000
"""How often a word must be in the counts for another to be taken for it."""
_MOST_UNKNOWN = 8
"""A text with more unknown words is no mistyped English, and looking all of them up would take long."""
_FREQUENT = 16_384
"""How many words' corrections are remembered."""


@cache
def _dictionary() -> SpellChecker:
    return SpellChecker(language="en", distance=1)


def forget_dictionary() -> None:
    """Gives its 40 MB back; it is read again where it is needed again."""
    _dictionary.cache_clear()


@cache
def own_words() -> frozenset[str]:
    """What the authors of the training data write and pyspellchecker does not know."""
    return frozenset((files(__package__) / "known_words.txt").read_text("utf-8").split())


def corrected(text: str) -> str:
    """The text with slips put right; words that are known, or like no other, stay. Takes some 0.4 ms a slip."""
    unknown = [match for match in _WORD.finditer(text) if _may_be_slip(match) and not _is_known(match[0].lower())]
    if not unknown or len(unknown) > _MOST_UNKNOWN:
        return text
    parts, end = [], 0
    for match in unknown:
        parts += [text[end : match.start()], meant(match[0])]
        end = match.end()
    return "".join([*parts, text[end:]])


def _is_known(word: str) -> bool:
    """Whether a word in small letters is one."""
    return word in own_words() or in_dictionary(word)


def in_dictionary(word: str) -> bool:
    """Whether pyspellchecker has counted a word in small letters."""
    return word in _dictionary()


def frequency(word: str) -> int:
    """How often pyspellchecker has counted a word in small letters."""
    return int(_dictionary().word_frequency.dictionary[word])


def _may_be_slip(match: re.Match[str]) -> bool:
    return match[0].islower() or (match.start() == 0 and match[0][1:].islower())


@lru_cache(_FREQUENT)
def meant(word: str) -> str:
    """The word meant by one of no dictionary. One with a capital may be a name, and is only taken for a swap."""
    small = word.lower()
    edits = _dictionary().edit_distance_1(small)
    found = [edit for edit in edits if frequency(edit) >= _LEAST_COUNT]
    swaps = [edit for edit in found if sorted(edit) == sorted(small)]
    if not swaps and (word != small or len(word) < _FREE_EDITS_FROM):
        return word
    return max(swaps or found, key=lambda edit: (frequency(edit), edit), default=word)
