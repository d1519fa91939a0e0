"""Masks identifiers in what was said before anything reads it: card numbers, IBANs, e-mail addresses, phone numbers.

A mask keeps the shape of what it covers, character for character: digits become 0, letters x or X, the rest stays. So
every offset in an answer is right for the text as it was sent, and most of it still becomes the placeholder that the
encoder reads for an address or a long number.

What to look for is left to libraries that follow the numbering plans: phonenumbers (ITU-T E.164 and the national
plans) and python-stdnum (ISO 7064 for IBANs, ISO/IEC 7812 for cards). Both are plain Python and load no model.
"""

import asyncio
import re
import unicodedata
from collections.abc import Iterator

from amends.v1 import conversation_pb2
from amends_core.errors import AmendsError
from google.protobuf.message import Message

_MOST_TRIES = 200
"""Runs of digits in one text that are tried as phone numbers and are none: bounds a hostile text to some 20 ms."""
_INLINE_BYTES = 2000
"""Up to here a request is read at once, in some 2 ms; larger ones in a thread, so that they hold nobody up."""
_CARD_DIGITS = range(13, 20)
_ISSUERS = "23456"
"""First digits of payment cards (ISO/IEC 7812)."""
_SEPARATORS = "[ \\t.\u00a0\u2000-\u200b\u202f\u2010-\u2015-]"
_DIGITS = re.compile(rf"\d+(?:{_SEPARATORS}\d+)*")
_GROUP = re.compile(r"\d+")
_EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_IBAN = re.compile(rf"(?<![A-Za-z0-9])(?=([A-Za-z]{{2}}\d{{2}}(?:{_SEPARATORS}?[A-Za-z0-9]){{11,30}}))", re.ASCII)
_LEAST_IBAN = 15
_NO_BRACKETS = str.maketrans("()[]", "    ")


class RedactionUnavailable(AmendsError):
    """Redaction is asked for, and its libraries are not installed."""


class Redactor:
    """Masks identifiers. Immutable, thread-safe, deterministic."""

    def __init__(self, region: str = "") -> None:
        """Takes the country whose national phone numbers are masked; empty for international ones alone.

        Raises:
            RedactionUnavailable: the libraries are not installed.
        """
        try:
            import phonenumbers
            import stdnum.iban
            import stdnum.luhn
        except ImportError as error:
            raise RedactionUnavailable(
                f"redact needs a library that is not installed ({error.name}): pip install 'amends[redaction]'"
            ) from error
        if region and region not in phonenumbers.SUPPORTED_REGIONS:
            raise RedactionUnavailable(
                f"redact_region {region} is no country with a numbering plan; use one such as GB"
            )
        self._phones = phonenumbers.PhoneNumberMatcher
        self._is_card = stdnum.luhn.is_valid
        self._is_iban = stdnum.iban.is_valid
        self._region = region or None

    async def redact(self, request: Message) -> None:
        """Masks every turn of a request, in place."""
        if request.ByteSize() <= _INLINE_BYTES:
            self._redact(request)
        else:
            await asyncio.to_thread(self._redact, request)

    def masked(self, text: str) -> str:
        """The text, as long as before, with every identifier masked."""
        plain = "".join(map(_plain, text))
        for start, end in self._found(plain):
            text = text[:start] + "".join(map(_mask, text[start:end])) + text[end:]
        return text

    def _redact(self, message: Message) -> None:
        if isinstance(message, conversation_pb2.Turn | conversation_pb2.ReplyTurn):
            message.text = self.masked(message.text)
            return
        for field, value in message.ListFields():
            if field.message_type is not None:
                for each in value if field.is_repeated else (value,):
                    self._redact(each)

    def _found(self, text: str) -> Iterator[tuple[int, int]]:
        """Where identifiers stand; they may overlap."""
        if "@" in text:
            yield from (match.span() for match in _EMAIL.finditer(text))
        if not any(character.isdigit() for character in text):
            return
        yield from self._ibans(text)
        yield from self._cards(text)
        yield from self._numbers(text)
        if "(" in text or "[" in text:  # empty or stray brackets before a number hide it from the matcher
            yield from self._numbers(text.translate(_NO_BRACKETS))

    def _numbers(self, text: str) -> Iterator[tuple[int, int]]:
        for match in self._phones(text, self._region, max_tries=_MOST_TRIES):
            yield match.start, match.end

    def _ibans(self, text: str) -> Iterator[tuple[int, int]]:
        for match in _IBAN.finditer(text):
            candidate = match[1]
            for length in range(len(candidate), _LEAST_IBAN - 1, -1):  # words may follow, which look like more of it
                if self._is_iban(re.sub(_SEPARATORS, "", candidate[:length])):
                    yield match.start(), match.start() + length
                    break

    def _cards(self, text: str) -> Iterator[tuple[int, int]]:
        for run in _DIGITS.finditer(text):
            groups = list(_GROUP.finditer(text, *run.span()))
            for first, group in enumerate(groups):
                digits = ""
                for last in groups[first : first + _CARD_DIGITS.stop]:
                    digits += last[0]
                    if len(digits) >= _CARD_DIGITS.stop:
                        break
                    if len(digits) in _CARD_DIGITS and digits[0] in _ISSUERS and self._is_card(digits):
                        yield group.start(), last.end()


def _plain(character: str) -> str:
    """A digit of any script as one of ASCII; anything else as it is."""
    return character if character.isascii() else str(unicodedata.decimal(character, character))


def _mask(character: str) -> str:
    if character.isdecimal():
        return "0"
    if character.isalpha():
        return "X" if character.isupper() else "x"
    return character
