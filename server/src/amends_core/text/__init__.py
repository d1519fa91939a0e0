"""Text: normalised for the encoder, split into sentences with exact offsets."""

from amends_core.text.normal import digest, has_words, normalise, parts_of, passage_of, word_count
from amends_core.text.sentences import Span, split

__all__ = ["Span", "digest", "has_words", "normalise", "parts_of", "passage_of", "split", "word_count"]
