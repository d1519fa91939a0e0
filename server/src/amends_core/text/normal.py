"""What the encoder gets to read: the words, without what must not change a judgement.

Links, handles, addresses and long numbers become one placeholder each, and emoji go, so that a
sentence means the same with another order number, another name of an account or a smile at its end. One name is read
for all (`particulars`), and slips of the fingers are put right (`spelling`).
Training and serving share this function; `NORMALISATION` is written into each bundle's manifest.
"""

import re
import unicodedata

from amends_core.text.memory import remembered
from amends_core.text.particulars import without_particulars
from amends_core.text.spelling import corrected

NORMALISATION = 3
"""1 had no spelling put right, 2 read names, numbers and genders as they were written."""
CONTEXT_CHARACTERS = 200
"""How much of what was said before is read: about 45 tokens."""
HEAD_CHARACTERS, TAIL_CHARACTERS = 160, 240
"""What is read of a long message: with a context, about the 128 tokens that the encoder takes."""
CONTEXT_MARK = "\x1e"
"""Stands in a passage between a text and what was said before it; requests may hold no such character."""

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
        ("/", "<", "w.", "W."),
        re.compile(
            r"(?:https?\s*:\s*//\s*|www\.)[^\s,;]+|<url>|(?<![\w.-])[\w-]{1,63}\.(?:com|org|net|ly|io|co)/\S*", re.I
        ),
        "<url>",
    ),
    (("@",), re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}\.[\w.]+"), "<email>"),
    (("@",), re.compile(r"(?<!\w)@\w+"), "<user>"),
)
"""What a text must hold one of, the pattern and what stands for it."""
_NUMBERS = (
    re.compile(r"#?\b(?=[A-Z0-9-]{5})(?=(?:[A-Z-]{0,30}\d){3})[A-Z0-9][A-Z0-9-]{4,}\b"),
    re.compile(r"\+?\d(?:[\s().-]{0,2}\+?\d){7,}"),
)
_DIGIT = re.compile(r"\d")
_STRETCHED = re.compile(r"([^\W\d_]|[!?.])\1{3,}")
_SYMBOLS = {"So", "Sk", "Cs", "Co", "Cn", "Cf", "Cc", "Mn"}
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")


def normalise(text: str) -> str:
    """Gives the text as the encoder reads it; may be empty. Offsets are not kept.

    Repeated until nothing changes, so that normalising twice is normalising once.
    """
    while (again := _once(text)) != text:
        text = again
    return text


def _once(text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_QUOTES))
    for signs, pattern, placeholder in _PLACEHOLDERS:
        if any(sign in text for sign in signs):
            text = pattern.sub(placeholder, text)
    if _DIGIT.search(text):
        for pattern in _NUMBERS:
            text = pattern.sub("<number>", text)
    if not text.isascii():
        text = "".join(" " if not c.isascii() and unicodedata.category(c) in _SYMBOLS else c for c in text)
    return " ".join(_STRETCHED.sub(r"\1\1\1", text).split())


def digest(text: str) -> str:
    """A message as the encoder can read it whole: head and tail of a long one, where greeting and request stand."""
    if len(text) <= HEAD_CHARACTERS + TAIL_CHARACTERS:
        return text
    head = text[:HEAD_CHARACTERS].rpartition(" ")[0] or text[:HEAD_CHARACTERS]
    tail = text[-TAIL_CHARACTERS:].partition(" ")[2] or text[-TAIL_CHARACTERS:]
    return f"{head} ... {tail}"


def passage_of(text: str, said_before: str) -> str:
    """One string for a text and what the other side said before it: what is encoded, cached and looked up."""
    context = context_tail(said_before)
    return f"{text}{CONTEXT_MARK}{context}" if context else text


def parts_of(passage: str) -> tuple[str, str]:
    """The text of a passage as the encoder reads it, and its context; the latter is empty where it has none."""
    text, _, context = passage.partition(CONTEXT_MARK)
    return as_read(text), context_tail(context)


def raw_text_of(passage: str) -> str:
    """The text of a passage as it was written."""
    return passage.partition(CONTEXT_MARK)[0]


def as_read(text: str) -> str:
    """A text as the encoder reads it: normalised, without particulars, slips put right."""
    return corrected(without_particulars(normalise(text)))


@remembered
def context_tail(text: str) -> str:
    """The end of what the other side said before, as the encoder reads it beside a message; may be empty.

    Questions and offers stand at the end, and they are what a short answer answers.
    """
    text = without_particulars(normalise(text))
    if len(text) > CONTEXT_CHARACTERS:
        text = text[-CONTEXT_CHARACTERS:].partition(" ")[2]
    return corrected(text)[-CONTEXT_CHARACTERS:]


def has_words(text: str) -> bool:
    """Whether the text holds at least one letter or digit."""
    return _LETTER_OR_DIGIT.search(text) is not None


@remembered
def word_count(text: str) -> int:
    """How many words the text holds; `can't` and `re-send` are one each."""
    return len(_WORD.findall(text))
