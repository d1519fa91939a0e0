"""Whether a text is in another language than English, where that is sure.

Short texts and texts of mixed code ("Sorry po, wala pa rin yung refund") count as English: the model was taught many
Englishes, and refusing one of them would be worse than reading it with less certainty.
"""

import re
from collections.abc import Mapping

import pycld2

from amends_core.text.memory import remembered

_NAMES: Mapping[str, str] = {
    "ar": "Arabic",
    "bg": "Bulgarian",
    "bn": "Bengali",
    "cs": "Czech",
    "de": "German",
    "el": "Greek",
    "es": "Spanish",
    "fa": "Persian",
    "fi": "Finnish",
    "fr": "French",
    "hi": "Hindi",
    "hu": "Hungarian",
    "it": "Italian",
    "iw": "Hebrew",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sv": "Swedish",
    "ta": "Tamil",
    "th": "Thai",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "ur": "Urdu",
    "vi": "Vietnamese",
    "zh": "Chinese",
    "zh-Hant": "Chinese",
}
"""The languages that are told, by the code of the detector. Malay, Swahili, Tagalog and their like are not among them:
they are what English is mixed with, and the detector takes one for the other. Nor is Danish: typos read like it."""
LEAST_WORDS = 8
"""A text in letters of Latin, Greek or Cyrillic with fewer words is too short to tell."""
LEAST_SHARE = 90
"""Percent of the text that the detector must give to the language."""
ENGLISH_SHARE = 0.05
"""From this share of plainly English words on a text is mixed, and not in another language: one in twenty."""
_ENGLISH = frozenset(
    "the and you your you're yours with this that that's these those my please thanks thank have haven't has from they "
    "their what what's why when where who how refund order package parcel tracking delivery driver bill booking "
    "charged charge want it's i'm i've i'll don't didn't can't won't isn't ain't we're our are been can could would "
    "should just still again she because about before after than then very really out there everything nobody "
    "money yesterday today tomorrow all broken inside waiting never always says said told called".split()
)
"""None of them is a word of the languages above, as far as customers write them."""
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
_WITHOUT_SPACES = frozenset({"ja", "ko", "th", "zh", "zh-Hant"})
_FEW_CHARACTERS = 10


@remembered
def other_language(text: str) -> str:
    """The English name of the language of a text that is surely not English; empty where it is or may be.

    Source: Sites (2013), Compact Language Detector 2.
    """
    words = _WORD.findall(text.lower().replace("\u2019", "'"))
    english = sum(word in _ENGLISH for word in words)
    if not words or english >= ENGLISH_SHARE * len(words):
        return ""
    try:
        is_reliable, _, found = pycld2.detect(text, isPlainText=True)
    except pycld2.error:  # characters that it takes for damaged UTF-8
        return ""
    _, code, percent, _ = found[0]
    is_long = len(text) >= _FEW_CHARACTERS if code in _WITHOUT_SPACES else len(words) >= LEAST_WORDS
    return _NAMES.get(code, "") if is_reliable and percent >= LEAST_SHARE and is_long else ""
