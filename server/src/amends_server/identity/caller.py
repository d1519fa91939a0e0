"""Who calls, and the two ways of not being let in. Messages tell the remedy and never hold what was sent."""

from dataclasses import dataclass
from enum import StrEnum

DEFAULT_TENANT = "default"
"""Whose callers are who name no tenant."""


class Method(StrEnum):
    """How a caller showed who it is."""

    NONE = "none"
    TOKEN = "token"
    JWT = "jwt"
    CERTIFICATE = "certificate"


class Refusal(StrEnum):
    """Why a caller is turned away; programs may match the value."""

    BAD_TOKEN = "BAD_TOKEN"
    EARLY_TOKEN = "EARLY_TOKEN"
    EXPIRED_TOKEN = "EXPIRED_TOKEN"
    MISSING_CLAIM = "MISSING_CLAIM"
    NO_TENANT = "NO_TENANT"
    NO_TOKEN = "NO_TOKEN"
    UNKNOWN_CERTIFICATE = "UNKNOWN_CERTIFICATE"
    UNKNOWN_KEY = "UNKNOWN_KEY"
    UNKNOWN_TENANT = "UNKNOWN_TENANT"
    WRONG_AUDIENCE = "WRONG_AUDIENCE"
    WRONG_ISSUER = "WRONG_ISSUER"


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
        reason: why, as a word.
        message: what is wrong and what to do; never anything of the token.
    """

    def __init__(self, reason: Refusal, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class NotAllowed(Exception):
    """The caller is known and may not call. Arguments as those of `NotKnown`."""

    def __init__(self, reason: Refusal, message: str) -> None:
        super().__init__(message)
        self.reason = reason
