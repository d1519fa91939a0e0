"""Who calls, and the two ways of not being let in. Messages tell the remedy and never hold what was sent."""

from dataclasses import dataclass
from enum import StrEnum

DEFAULT_TENANT = "default"
"""Whose callers are who name no tenant."""


class Method(StrEnum):
    """How a caller showed who it is."""

    NONE = "none"
    TOKEN = "token"  # noqa: S105  a word, no secret
    JWT = "jwt"
    CERTIFICATE = "certificate"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls."""

    tenant: str
    subject: str
    """The person or program, as the token or certificate names it."""
    method: Method


ANONYMOUS = Caller(DEFAULT_TENANT, "anonymous", Method.NONE)
"""Everyone, where nobody is asked."""


class IdentityError(Exception):
    """A file of tokens, keys, certificates or tenants that cannot be used: the message names it and the remedy."""


class NotKnown(Exception):
    """Nobody could tell who calls.

    Args:
        reason: an upper-case word that programs may match; one of a few.
        message: what is wrong and what to do; never anything of the token.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class NotAllowed(Exception):
    """The caller is known and may not call. Arguments as those of `NotKnown`."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
