"""Text: normalised for the encoder, split into sentences with exact offsets."""

from amends_core.text.language import other_language
from amends_core.text.memory import remembered
from amends_core.text.normal import digest, has_words, normalise, parts_of, passage_of, raw_text_of, word_count
from amends_core.text.sentences import Span, split
from amends_core.text.words import has_digits, shared_words, words_in

__all__ = [
    "Span",
    "digest",
    "has_digits",
    "has_words",
    "normalise",
    "other_language",
    "parts_of",
    "passage_of",
    "raw_text_of",
    "remembered",
    "shared_words",
    "split",
    "word_count",
    "words_in",
]
