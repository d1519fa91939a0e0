"""What must not change a label, done to training sentences: typos, lost punctuation, merged sentences."""

import random
import re
from collections.abc import Callable, Mapping, Sequence

_KEYBOARD = {"a": "s", "e": "r", "i": "o", "n": "m", "o": "p", "r": "t", "s": "d", "t": "y", "u": "i", "l": "k"}
_SHORT = {
    "you": "u", "your": "ur", "are": "r", "please": "pls", "thanks": "thx", "tomorrow": "tmrw", "because": "cos",
    "though": "tho", "and": "n", "to": "2", "for": "4", "right": "rite", "about": "abt", "message": "msg",
    "with": "w/", "minutes": "mins", "going": "goin", "okay": "k", "people": "ppl", "really": "rly", "before": "b4",
}  # fmt: skip
"""What thumbs make of words."""
_NAMES = (
    "Aisha Aleksandra Amara Anil Ayesha Beatriz Bongani Brónagh Carlos Chidi Chloe Daniel Dimitri Ewa Fatima "
    "Femi Gareth Giulia Grace Hamza Hana Hiroshi Ifeoma Ingrid Jamal James Jin Joao Kamala Keisha Kwame "
    "Lakshmi Lars Leilani Liam Lucia Maria Mei Mohammed Nadia Ngozi Nia Noah Olga Oluwaseun Omar Pablo Priya "
    "Rasheed Ravi Rosa Sanjay Sarah Shanice Siobhan Sofia Tariq Thandi Tom Tomasz Tyrone Uma Wanjiru Wei "
    "Xiomara Yusuf Zainab Zoe"
).split()
_NAME = re.compile(rf"\b({'|'.join(_NAMES)})\b")
_DIGIT = re.compile(r"\d")
Way = Callable[[str, random.Random], str]


def roughen(text: str, rng: random.Random) -> str:
    """Gives the sentence as another agent might type it: a typo, a short form, another name; half the time itself."""
    renamed = _NAME.sub(lambda _: rng.choice(_NAMES), text)
    way: Way = rng.choices(list(_WAYS), weights=list(_WAYS.values()))[0]
    return way(renamed, rng)


def _shortened(text: str, rng: random.Random) -> str:
    return " ".join(_SHORT.get(word, word) if rng.random() < 0.7 else word for word in text.split(" "))


def _mistype(text: str, rng: random.Random) -> str:
    words = text.split(" ")
    places = [i for i, word in enumerate(words) if len(word) > 3 and word.isalpha()]
    for place in rng.sample(places, min(len(places), 1 + len(places) // 6)):
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


def turned(first: str, second: str, rng: random.Random) -> str:
    """Two sentences with a word of contrast between them."""
    glue: Sequence[str] = (
        ", but ",
        " but ",
        ", but ",
        ", however ",
        ", although ",
        " - but ",
        ", though ",
        "... but ",
        ", only ",
    )
    return first.rstrip(".!") + rng.choice(glue) + second[:1].lower() + second[1:]


_WAYS: Mapping[Way, float] = {
    lambda text, _: text: 0.5,
    lambda text, _: text.rstrip(".!?").replace("'", ""): 0.1,
    lambda text, _: text.lower().replace(",", ""): 0.07,
    lambda text, _: text.upper(): 0.02,
    lambda text, rng: text.rstrip(".") + rng.choice(["!", "!!", "..", "", " 🙂", " ^JM", " -Sam"]): 0.04,
    lambda text, rng: _DIGIT.sub(lambda _: rng.choice("0123456789"), text): 0.05,
    _shortened: 0.05,
    _mistype: 0.17,
}
"""What may be done to a sentence, and how often."""
