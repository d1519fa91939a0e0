"""Names, numbers and genders, which must not move a judgement: the encoder reads the same one for all of a kind.

A name is found by where it stands (after a title, a greeting or a comma, or as one who presents themselves), never by a
list of names, which would know those of some peoples better than those of others. Names of products and places are
left alone, and so are days and months: a promise with a time is worth more.
"""

import re
from typing import Final

from amends_core.text.spelling import frequency, own_words
from amends_core.text.words import has_digits

_NO_NAME = (
    r"(?!(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b|(?:January|February|March|April|May|June|July|August|September"
    r"|October|November|December|Today|Tonight|Tomorrow|Christmas|Easter|Sir|Madam|Ma'am|Mr|Mrs|Ms|Miss|Mx|Dr|Team|All"
    r"|Everyone|There)\b)"
)
_WORD = r"(?:[DO]')?[^\W\d_a-z](?=[^\W\d_]{0,30}[a-z\u00df-\u024f])[^\W\d_]{1,30}(?:['-][^\W\d_]{1,30})?"
"""Begins with no small letter of English and holds a small one: neither initials nor `DM`."""
_NAME = rf"{_NO_NAME}{_WORD}(?: {_WORD})?"
_GREETING = (
    r"hi|hiya|hello|hey|dear|welcome|morning|afternoon|evening|day|thanks|thank you|thankyou|cheers|sorry|apologies|bye"
    r"|goodbye|okay|ok|yes|no|oh|sure|right|well|understood|certainly|absolutely|you|again|there"
)
_PRESENTS = r"i'm|i am|this is|name is|name's|(?:speak|speaking|talk|talking|chatting) (?:with|to)"
_NAMES: Final = (
    (re.compile(rf"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr)(\.?) {_NAME}"), r"Mr\1 Smith"),
    (re.compile(rf"\b((?i:{_GREETING}),? ){_NAME}(?=\s*(?:[,.!?;:)-]|$))"), r"\1Alex"),
    (re.compile(rf"(, ){_NAME}(?=[,.!?]|\s*$)"), r"\1Alex"),
    (re.compile(rf"\b((?i:{_PRESENTS}) ){_NAME}(?=[,.!?]| (?:from|and|here|with|at|in)\b|\s*$)"), r"\1Alex"),
)
_PROPER = re.compile(r" (?:[DO]')?[^\W\d_a-z][^\W\d_]{0,30}[a-z\u00df-\u024f]")
"""What every name has of which these patterns tell; most sentences have none."""
_FIRST = re.compile(rf"{_NO_NAME}({_WORD})(?=, )")
_RARE = 400
"""A word that opens a sentence before a comma may be a name where the dictionary has counted it less often."""
_VOWEL = re.compile(r"[aeiouy\u00c0-\u024f]")

_ALONE = r"(?<![\w.,/:#-])"
_ENDS = r"(?![\w/:-]|[.,]\w)"
_NUMBERS: Final = (
    (re.compile(r"\b\d{1,2}([:.])\d{2}(?=\s?[ap]\.?m\b)", re.I), r"3\g<1>30"),
    (re.compile(rf"{_ALONE}(?:[01]?\d|2[0-3]):[0-5]\d(?![\w:]|\s?[ap]\.?m\b)"), "14:30"),
    (re.compile(rf"{_ALONE}\d{{1,2}}(?=\s?(?:[ap]\.?m\b|o'clock))", re.I), "3"),
    (re.compile(rf"{_ALONE}\d+(?:,\d{{3}})*\.\d\d{_ENDS}"), "24.99"),
    (re.compile(rf"{_ALONE}\d+\.\d{_ENDS}"), "4.5"),
    (re.compile(rf"{_ALONE}0\d{{2,4}}{_ENDS}"), "0800"),
    (
        re.compile(rf"{_ALONE}(?!0\d|(?:0|1|100|1[89]\d\d|20\d\d)(?!,?\d))\d+(?:,\d{{3}})*(?:{_ENDS}|(?=-\w))"),
        "5",
    ),
    (re.compile(r"\b([Aa])n (?=[35]\b|24\.99|4\.5)"), r"\1 "),
)
"""0 and 1 stay, as a word may be its singular; so do years, `24/7`, `2nd` and whatever else is no plain number."""

_SHE = re.compile(r"\b(she|her|hers|herself|madam|ma'am)\b", re.I)
_HIS: Final = {"she": "he", "hers": "his", "herself": "himself", "madam": "sir", "ma'am": "sir"}
_AFTER_HIM = re.compile(
    r"\s*(?:[^\w\s]|$)|\s+(?:to|in|on|at|for|with|about|by|and|or|but|the|an?|that|this|what|when|if|not|yet|again|today"
    r"|tomorrow|tonight|now|directly|(?:my|your|him|her|our|them)sel(?:f|ves)|up|back|out|off|down|over|know|you|your|my"
    r"|our|as|so|from|until|before|after|because|via|will|is|was)\b",
    re.I,
)
"""What follows on `her` where it stands for `him` and not for `his`."""


def without_particulars(text: str) -> str:
    """The text with one name for all names, one number for those of a kind, and one gender; costs some 10 us."""
    if _PROPER.search(text):
        for pattern, one in _NAMES:
            text = pattern.sub(one, text)
    if first := _FIRST.match(text):
        text = _opening(first) + text[first.end() :]
    if _SHE.search(text):
        text = _SHE.sub(_his, text)
    if has_digits(text):
        for pattern, one in _NUMBERS:
            text = pattern.sub(one, text)
    return text


def _opening(first: re.Match[str]) -> str:
    word = first[1].lower()
    is_word = word in own_words() or frequency(word) >= _RARE or word.endswith("ly") or not _VOWEL.search(word)
    return first[0] if is_word else "Alex"


def _his(her: re.Match[str]) -> str:
    word = her[0]
    his = _HIS.get(word.lower()) or ("him" if _AFTER_HIM.match(her.string, her.end()) else "his")
    return his.capitalize() if word[0].isupper() else his
