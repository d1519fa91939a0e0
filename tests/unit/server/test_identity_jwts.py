"""JSON Web Tokens: signature, algorithm, issuer, audience and time must hold, and no message quotes a token."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from amends_server.identity.caller import Caller, IdentityError, Method, NotAllowed, NotKnown
from amends_server.identity.jwts import JwtRules, parse_jwks
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from jwt_issuer import AUDIENCE, ISSUER, Issuer

RULES = JwtRules(ISSUER, AUDIENCE, frozenset({"RS256", "ES256", "EdDSA"}), "tenant")
ISSUERS = {name: Issuer(name) for name in ("RS256", "ES256", "EdDSA")}
FIRST = ISSUERS["ES256"]


def encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def refusal(token: str, issuer: Issuer = FIRST, rules: JwtRules = RULES) -> NotKnown:
    with pytest.raises(NotKnown) as caught:
        parse_jwks(issuer.jwks(), rules).verify(token)
    for part in token.split("."):
        assert len(part) < 8 or part not in str(caught.value)
    assert caught.value.__cause__ is None
    return caught.value


@pytest.mark.parametrize("algorithm", ISSUERS)
def test_whom_a_good_token_names_is_known(algorithm: str) -> None:
    issuer = ISSUERS[algorithm]
    assert parse_jwks(issuer.jwks(), RULES).verify(issuer.token()) == Caller("acme", "desk", Method.JWT)


NOW = int(time.time())


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": NOW - 3600}, "EXPIRED_TOKEN"),
        ({"nbf": NOW + 3600}, "EARLY_TOKEN"),
        ({"aud": "billing"}, "WRONG_AUDIENCE"),
        ({"aud": ["billing", "mail"]}, "WRONG_AUDIENCE"),
        ({"iss": "https://other.example"}, "WRONG_ISSUER"),
        ({"exp": None}, "MISSING_CLAIM"),
        ({"aud": None}, "MISSING_CLAIM"),
        ({"iss": None}, "MISSING_CLAIM"),
        ({"sub": None}, "MISSING_CLAIM"),
        ({"sub": "\x00\x1b"}, "BAD_TOKEN"),
    ],
    ids=str,
)
def test_every_claim_must_hold(claims: dict[str, Any], reason: str) -> None:
    assert refusal(FIRST.token(**claims)).reason == reason


def test_one_of_several_audiences_is_enough() -> None:
    assert parse_jwks(FIRST.jwks(), RULES).verify(FIRST.token(aud=["billing", AUDIENCE])).subject == "desk"


def test_a_clock_that_is_a_little_off_does_no_harm() -> None:
    assert parse_jwks(FIRST.jwks(), RULES).verify(FIRST.token(exp=int(time.time()) - 10))


def test_another_key_under_the_same_id_does_not_do() -> None:
    assert refusal(Issuer("ES256").token()).reason == "BAD_TOKEN"


def test_an_unknown_key_is_told_with_the_remedy() -> None:
    error = refusal(Issuer("ES256", kid="second").token())
    assert error.reason == "UNKNOWN_KEY"
    assert "--jwks" in str(error)


def test_without_a_kid_one_key_is_enough_and_of_two_none_is_guessed() -> None:
    plain = Issuer("ES256", kid=None)
    assert parse_jwks(plain.jwks(), RULES).verify(plain.token()).subject == "desk"
    with pytest.raises(NotKnown):
        parse_jwks(plain.jwks(FIRST), RULES).verify(FIRST.token(headers={"kid": "second"}))


def test_no_algorithm_at_all_is_refused() -> None:
    body = encoded({"iss": ISSUER, "aud": AUDIENCE, "sub": "desk", "tenant": "acme", "exp": NOW + 3600})
    for name in ("none", "None", "nOnE"):
        token = f"{encoded({'alg': name, 'typ': 'JWT', 'kid': 'first'})}.{body}."
        assert refusal(token).reason == "BAD_TOKEN"


def test_a_public_key_is_no_shared_secret() -> None:
    """The classic confusion: HS256 with the public key's own bytes as the secret."""
    issuer = ISSUERS["RS256"]
    secret = issuer.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "desk", "tenant": "acme", "exp": NOW + 3600}
    signed = f"{encoded({'alg': 'HS256', 'typ': 'JWT', 'kid': 'first'})}.{encoded(claims)}"
    mac = base64.urlsafe_b64encode(hmac.new(secret, signed.encode(), hashlib.sha256).digest()).rstrip(b"=").decode()
    assert refusal(f"{signed}.{mac}", issuer).reason == "BAD_TOKEN"


def test_an_algorithm_that_is_not_allowed_has_no_key() -> None:
    only = JwtRules(ISSUER, AUDIENCE, frozenset({"RS256"}), "tenant")
    with pytest.raises(IdentityError, match="no key for RS256"):
        parse_jwks(FIRST.jwks(), only)
    both = ISSUERS["RS256"].jwks(Issuer("ES256", kid="elliptic"))
    with pytest.raises(NotKnown):
        parse_jwks(both, only).verify(Issuer("ES256", kid="elliptic").token())


@given(st.text(max_size=300) | st.from_regex(r"[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*", fullmatch=True))
def test_nonsense_is_refused_and_nothing_else_happens(text: str) -> None:
    with pytest.raises(NotKnown):
        parse_jwks(FIRST.jwks(), RULES).verify(text)


@pytest.mark.parametrize("claims", [{"tenant": None}, {"tenant": ""}, {"tenant": ["acme"]}, {"tenant": 7}], ids=str)
def test_who_names_no_tenant_is_not_allowed(claims: dict[str, Any]) -> None:
    with pytest.raises(NotAllowed, match="'tenant'") as caught:
        parse_jwks(FIRST.jwks(), RULES).verify(FIRST.token(**claims))
    assert caught.value.reason == "NO_TENANT"


def test_without_tenants_every_caller_is_of_the_default_one() -> None:
    rules = JwtRules(ISSUER, AUDIENCE, RULES.algorithms, None)
    assert parse_jwks(FIRST.jwks(), rules).verify(FIRST.token(tenant="other")).tenant == "default"


def test_a_subject_is_cut_and_cannot_break_a_line() -> None:
    subject = parse_jwks(FIRST.jwks(), RULES).verify(FIRST.token(sub="a\n\x1b[31mb" + "c" * 500)).subject
    assert subject == ("a[31mb" + "c" * 500)[:200]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"keys": 1}',
        b'{"keys": []}',
        b'{"keys": ["s3cret"]}',
        b'{"keys": [{"kty": "s3cret"}]}',
        b'{"keys": {"s3cret": 1}}',
        b'{"keys": [{"kty": ["s3cret"]}]}',
        b'{"keys": [{"kty": "RSA", "alg": "none"}]}',
        b'{"keys": [{"kty": "RSA", "n": 5, "e": {}}]}',
        b'{"keys":' + b"[" * 100_000,
        b'{"keys": [' + b"9" * 5000 + b"]}",
        b"\xff",
    ],
    ids=range(14),
)
def test_what_is_no_key_set_is_refused_and_not_quoted(content: bytes) -> None:
    with pytest.raises(IdentityError) as caught:
        parse_jwks(content, RULES)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("change", [{"kid": ["s3cret"]}, {"use": {"s3cret": 1}}, {"alg": 5}, {"x": "s3cret"}], ids=str)
def test_the_key_that_is_broken_is_named(change: dict[str, Any]) -> None:
    keys = {"keys": [FIRST.jwk(), Issuer("ES256", kid="second").jwk(**change)]}
    with pytest.raises(IdentityError, match=r"^keys\[1\]: ") as caught:
        parse_jwks(json.dumps(keys).encode(), RULES)
    assert "s3cret" not in str(caught.value)


def test_secret_and_weak_keys_are_refused() -> None:
    for jwk in ({"kty": "oct", "k": "c2VjcmV0"}, FIRST.jwk(d="c2VjcmV0")):
        with pytest.raises(IdentityError, match="secret key"):
            parse_jwks(json.dumps({"keys": [jwk]}).encode(), RULES)
    weak = Issuer("RS256", key=rsa.generate_private_key(65537, 1024))
    with pytest.raises(IdentityError, match="1024 bits"):
        parse_jwks(weak.jwks(), RULES)


def test_two_keys_of_one_id_are_refused() -> None:
    with pytest.raises(IdentityError, match="two keys of one kid"):
        parse_jwks(FIRST.jwks(Issuer("ES256")), RULES)
