"""Text: normalised for the encoder, split into sentences with exact offsets."""

from amends_core.text.normal import has_words, normalise, word_count
from amends_core.text.sentences import Span, split

__all__ = ["Span", "has_words", "normalise", "split", "word_count"]
