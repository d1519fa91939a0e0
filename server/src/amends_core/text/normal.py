"""What the encoder gets to read: the words, without what must not change a judgement.

Links, handles, addresses and long numbers become one placeholder each, and emoji go, so that a
sentence means the same with another order number, another name of an account or a smile at its end.
Training and serving share this function; `NORMALISATION` is written into each bundle's manifest.
"""

import re
import unicodedata

NORMALISATION = 1

_QUOTES = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u02bc": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2013": "-",
        "\u2014": " - ",
        "\u2026": "...",
    }
)
_PLACEHOLDERS = (
    (
        re.compile(
            r"(?:https?\s*:\s*//\s*|www\.)[^\s,;]+|<url>|(?<![\w.-])[\w-]{1,63}\.(?:com|org|net|ly|io|co)/\S*", re.I
        ),
        "<url>",
    ),
    (re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}\.[\w.]+"), "<email>"),
    (re.compile(r"(?<!\w)@\w+|<user>"), "<user>"),
    (re.compile(r"#?\b(?=[A-Z0-9-]{5})(?=(?:[A-Z-]{0,30}\d){3})[A-Z0-9][A-Z0-9-]{4,}\b"), "<number>"),
    (re.compile(r"\+?\d(?:[\s().-]?\+?\d){7,}"), "<number>"),
)
_STRETCHED = re.compile(r"([^\W\d_]|[!?.])\1{3,}")
_SPACE = re.compile(r"\s+")
_SYMBOLS = {"So", "Sk", "Cs", "Co", "Cn", "Cf", "Cc", "Mn"}
_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")


def normalise(text: str) -> str:
    """Gives the text as the encoder reads it; may be empty. Offsets are not kept.

    Repeated until nothing changes, so that normalising twice is normalising once.
    """
    while (again := _once(text)) != text:
        text = again
    return text


def _once(text: str) -> str:
    text = unicodedata.normalize("NFKC", text.translate(_QUOTES))
    for pattern, placeholder in _PLACEHOLDERS:
        text = pattern.sub(placeholder, text)
    if not text.isascii():
        text = "".join(" " if not c.isascii() and unicodedata.category(c) in _SYMBOLS else c for c in text)
    text = _STRETCHED.sub(r"\1\1\1", text)
    return _SPACE.sub(" ", text).strip()


def has_words(text: str) -> bool:
    """Whether the text holds at least one letter or digit."""
    return any(c.isalnum() for c in text)


def word_count(text: str) -> int:
    """How many words the text holds; `can't` and `re-send` are one each."""
    return sum(1 for _ in _WORD.finditer(text))
