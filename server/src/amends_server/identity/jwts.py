"""JSON Web Tokens, verified by PyJWT against keys from a file. Only signatures with a public key are accepted.

Source: RFC 8725 (JWT best current practices): an allow-list of algorithms, one algorithm a key, issuer, audience and
expiry always required.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from amends_server.identity.caller import DEFAULT_TENANT, Caller, IdentityError, Method, NotAllowed, NotKnown, Refusal

_REQUIRED = ("exp", "iss", "aud", "sub")
_NAMES = ("kty", "use", "alg", "kid", "crv")
"""Of a key's members, those that are not numbers of it."""
_LEEWAY_S = 30
"""How far the issuer's clock may be off."""
_MAX_SUBJECT = 200
_MIN_RSA_BITS = 2048
"""Source: NIST SP 800-131A."""


@dataclass(frozen=True, slots=True)
class JwtRules:
    """What a token must say."""

    issuer: str
    audience: str
    algorithms: frozenset[str]
    tenant_claim: str | None
    """The claim that names the tenant; None: every caller is of the default one."""


class JwtVerifier:
    """Verifies tokens; immutable."""

    def __init__(self, keys: Mapping[str | None, jwt.PyJWK], rules: JwtRules) -> None:
        self._keys = keys
        self._rules = rules

    def verify(self, token: str) -> Caller:
        """Tells whom the token names.

        Raises:
            NotKnown: the signature, issuer, audience or time does not hold, or a claim is missing.
            NotAllowed: the token names no tenant.
        """
        claims = self._claims(token)
        return Caller(self._tenant(claims), _subject(claims["sub"]), Method.JWT)

    def _claims(self, token: str) -> Mapping[str, Any]:
        rules = self._rules
        try:
            key = self._key(jwt.get_unverified_header(token).get("kid"))
            return jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],  # a key of one kind never verifies a signature of another
                issuer=rules.issuer,
                audience=rules.audience,
                leeway=_LEEWAY_S,
                options={"require": list(_REQUIRED)},
            )
        except jwt.PyJWTError as error:
            raise _refusal(error, rules) from None  # the library's own message may quote the token

    def _key(self, kid: str | None) -> jwt.PyJWK:
        key = self._keys.get(kid)
        if key is None and kid is None and len(self._keys) == 1:
            (key,) = self._keys.values()
        if key is None:
            raise NotKnown(
                Refusal.UNKNOWN_KEY,
                "the token is signed with a key that is not known here; get a new one, or have the key put into --jwks",
            )
        return key

    def _tenant(self, claims: Mapping[str, Any]) -> str:
        claim = self._rules.tenant_claim
        if claim is None:
            return DEFAULT_TENANT
        tenant = claims.get(claim)
        if not isinstance(tenant, str) or not tenant:
            raise NotAllowed(Refusal.NO_TENANT, f"the token names no tenant: have its issuer add the claim {claim!r}")
        return tenant


def parse_jwks(content: bytes, rules: JwtRules) -> JwtVerifier:
    """Reads a JWK Set (RFC 7517).

    Raises:
        IdentityError: it is none, or holds no key that may be used; nothing of the keys is told.
    """
    try:
        keys = json.loads(content)["keys"]
    except (ValueError, KeyError, TypeError, RecursionError):
        keys = None
    if not isinstance(keys, list):
        raise IdentityError('is no JWK Set: it must be {"keys": [...]} with public keys (RFC 7517)')
    found = [_key_of(f"keys[{index}]", raw) for index, raw in enumerate(keys)]
    usable = [key for key in found if key.algorithm_name in rules.algorithms and key.public_key_use in {None, "sig"}]
    if not usable:
        raise IdentityError(
            f"holds no key for {', '.join(sorted(rules.algorithms))}; give the issuer's keys, or see --jwt-algorithms"
        )
    by_id = {key.key_id: key for key in usable}
    if len(by_id) < len(usable):
        raise IdentityError("holds two keys of one kid, or several without; give each its own")
    return JwtVerifier(by_id, rules)


def _key_of(place: str, raw: Any) -> jwt.PyJWK:
    if not isinstance(raw, dict) or not all(isinstance(raw.get(name), str | None) for name in _NAMES):
        raise IdentityError(f"{place}: must be a public key, with text for {', '.join(_NAMES)} (RFC 7517)")
    if "d" in raw or "k" in raw:
        raise IdentityError(f"{place}: holds a secret key; give the public ones alone, and make a new pair")
    try:
        key = jwt.PyJWK(raw)
    except Exception:  # of some strange keys the libraries say NotImplementedError, UnsupportedAlgorithm, InternalError
        raise IdentityError(f"{place}: holds no public key of a kind that is known; mend it, or take it out") from None
    bits = getattr(key.key, "key_size", None)
    if raw["kty"] == "RSA" and isinstance(bits, int) and bits < _MIN_RSA_BITS:
        raise IdentityError(f"{place}: holds an RSA key of {bits} bits; at least {_MIN_RSA_BITS} are needed")
    return key


def _subject(claim: str) -> str:
    subject = "".join(character for character in claim if character.isprintable())[:_MAX_SUBJECT]
    if not subject:
        raise NotKnown(Refusal.BAD_TOKEN, "the token's claim 'sub' names nobody; get a new token from its issuer")
    return subject


def _refusal(error: jwt.PyJWTError, rules: JwtRules) -> NotKnown:
    if isinstance(error, jwt.ExpiredSignatureError):
        return NotKnown(Refusal.EXPIRED_TOKEN, "the token has ended; get a new one from its issuer")
    if isinstance(error, jwt.ImmatureSignatureError):
        return NotKnown(Refusal.EARLY_TOKEN, "the token is not valid yet; look at the issuer's clock and this server's")
    if isinstance(error, jwt.InvalidAudienceError):
        return NotKnown(
            Refusal.WRONG_AUDIENCE, f"the token is for another service; ask for the audience {rules.audience!r}"
        )
    if isinstance(error, jwt.InvalidIssuerError):
        return NotKnown(Refusal.WRONG_ISSUER, f"the token is of another issuer; get one of {rules.issuer!r}")
    if isinstance(error, jwt.MissingRequiredClaimError):
        return NotKnown(Refusal.MISSING_CLAIM, f"the token must have the claims {', '.join(_REQUIRED)}; get a new one")
    return NotKnown(Refusal.BAD_TOKEN, "the token's form, algorithm or signature does not hold; get a new one")
