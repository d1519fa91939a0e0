"""Bearer tokens of our own: made here, kept as checksums alone, compared in constant time.

A token is `amends_`, a public id and 256 random bits. So many bits cannot be guessed, which is why one round of
SHA-256 is enough at rest; passwords would need more.
Source: NIST SP 800-63B, 5.1.2.2 (look-up secrets of at least 112 bits may be hashed with an approved one-way function).
"""

import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from amends_server.identity.caller import Caller, IdentityError, Method, NotKnown, Refusal

_ID_BYTES = 8
_SECRET_BYTES = 32
_TOKEN = re.compile(r"amends_([0-9a-f]{16})_[A-Za-z0-9_-]{43}")
_NOBODYS = sha256(secrets.token_bytes(_SECRET_BYTES)).hexdigest()
"""Compared with where there is no entry, so that an unknown id takes as long as a wrong secret."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is kept of a token."""

    id: str
    """16 hexadecimal digits; they stand in the token, too, and are no secret."""
    sha256: str
    """Of the whole token, in hexadecimal."""
    tenant: str
    subject: str
    expires: datetime | None = None
    """With a time zone; None: it never ends."""


def make_token(tenant: str, subject: str, expires: datetime | None = None) -> tuple[str, Entry]:
    """A new token, which is told once, and what is to be kept of it."""
    token_id = secrets.token_hex(_ID_BYTES)
    token = f"amends_{token_id}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    return token, Entry(token_id, _checksum(token), tenant, subject, expires)


class TokenStore:
    """The tokens that are known; immutable."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._by_id: dict[str, Entry] = {}
        for entry in entries:
            if entry.id in self._by_id:
                raise IdentityError(f"two tokens have the id {entry.id}; keep one")
            self._by_id[entry.id] = entry

    def verify(self, token: str, now: datetime) -> Caller:
        """Tells who holds the token.

        Raises:
            NotKnown: there is no such token, or it has ended.
        """
        shape = _TOKEN.fullmatch(token)
        entry = self._by_id.get(shape[1]) if shape else None
        matches = hmac.compare_digest(_checksum(token), entry.sha256 if entry else _NOBODYS)
        if entry is None or not matches:
            raise NotKnown(
                Refusal.BAD_TOKEN, "the bearer token is not known here; ask whoever runs the service for one"
            )
        if entry.expires is not None and entry.expires <= now:
            raise NotKnown(
                Refusal.EXPIRED_TOKEN, "the bearer token has ended; ask whoever runs the service for a new one"
            )
        return Caller(entry.tenant, entry.subject, Method.TOKEN)


def _checksum(token: str) -> str:
    return sha256(token.encode()).hexdigest()
