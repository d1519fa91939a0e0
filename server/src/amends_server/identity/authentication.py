"""From what a call brings to who calls. Pure but for the clock it is given."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from amends_server.identity.caller import ANONYMOUS, DEFAULT_TENANT, Caller, Method, NotAllowed, NotKnown, Refusal
from amends_server.identity.jwts import JwtVerifier
from amends_server.identity.tokens import TokenStore

_SCHEME = "bearer "


@dataclass(frozen=True, slots=True)
class Proofs:
    """By what callers may show who they are, as it stands at the moment; nobody is asked where there is none."""

    tokens: TokenStore | None = None
    jwts: JwtVerifier | None = None
    certificates: bool = False
    """Whether every caller shows a certificate that was verified."""
    tenants_by_certificate: Mapping[str, str] = field(default_factory=dict)
    """Empty: every certificate is of the default tenant, unless there are tenants."""
    has_tenants: bool = False


def identify(proofs: Proofs, authorization: str | None, names: Sequence[str], now: Callable[[], datetime]) -> Caller:
    """Tells who calls.

    Args:
        proofs: what is accepted.
        authorization: the metadata of that name.
        names: those of the client's verified certificate.
        now: gives the time, with its zone.

    Raises:
        NotKnown: nothing shows who calls, or what should does not hold.
        NotAllowed: the caller is known, and of no tenant.
    """
    bearer = proofs.tokens is not None or proofs.jwts is not None
    if bearer and authorization is not None:
        return _by_bearer(proofs, authorization, now)
    owned = next((name for name in names if name in proofs.tenants_by_certificate), None)
    if owned is not None:
        return Caller(proofs.tenants_by_certificate[owned], owned, Method.CERTIFICATE)
    if bearer:
        raise NotKnown(Refusal.NO_TOKEN, "no token: send the metadata `authorization: Bearer TOKEN` with every call")
    if not proofs.certificates:
        return ANONYMOUS
    if proofs.has_tenants:
        raise NotAllowed(
            Refusal.UNKNOWN_CERTIFICATE,
            "no tenant has this client certificate: have its name put under `certificates` of a tenant.yaml",
        )
    return Caller(DEFAULT_TENANT, names[0] if names else "unnamed", Method.CERTIFICATE)


def _by_bearer(proofs: Proofs, authorization: str, now: Callable[[], datetime]) -> Caller:
    if authorization[: len(_SCHEME)].lower() != _SCHEME:
        raise NotKnown(Refusal.NO_TOKEN, "the metadata `authorization` must be `Bearer TOKEN`")
    token = authorization[len(_SCHEME) :].strip()
    # Three parts with dots between them are a JWT (RFC 7515); our own tokens hold no dot.
    if proofs.jwts is not None and (proofs.tokens is None or token.count(".") == 2):
        return proofs.jwts.verify(token)
    assert proofs.tokens is not None
    return proofs.tokens.verify(token, now())
