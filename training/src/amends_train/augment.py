"""What must not change a label, done to training sentences: typos, lost punctuation, merged sentences."""

import random
from collections.abc import Sequence

_KEYBOARD = {"a": "s", "e": "r", "i": "o", "n": "m", "o": "p", "r": "t", "s": "d", "t": "y", "u": "i", "l": "k"}


def roughen(text: str, rng: random.Random) -> str:
    """Gives the sentence as a hurried agent might type it; the same sentence two times out of three."""
    draw = rng.random()
    if draw < 0.66:
        return text
    if draw < 0.76:
        return text.rstrip(".!?").replace("'", "")
    if draw < 0.82:
        return text.lower().replace(",", "")
    if draw < 0.86:
        return text.rstrip(".") + rng.choice(["!", "!!", "..", ""])
    return _mistype(text, rng)


def _mistype(text: str, rng: random.Random) -> str:
    words = text.split(" ")
    places = [i for i, word in enumerate(words) if len(word) > 3 and word.isalpha()]
    for place in rng.sample(places, min(len(places), 1 + len(places) // 8)):
        words[place] = _mistype_word(words[place], rng)
    return " ".join(words)


def _mistype_word(word: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(word) - 1)
    kind = rng.randrange(4)
    if kind == 0:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == 1:
        return word[:at] + word[at + 1 :]
    if kind == 2:
        return word[:at] + word[at] + word[at:]
    return word[:at] + _KEYBOARD.get(word[at], word[at]) + word[at + 1 :]


def joined(first: str, second: str, rng: random.Random) -> str:
    """Two sentences as one, as chat agents run them together."""
    glue: Sequence[str] = (", ", " ", " and ", " - ", "; ", "... ")
    return first.rstrip(".!") + rng.choice(glue) + (second[:1].lower() + second[1:] if rng.random() < 0.7 else second)
