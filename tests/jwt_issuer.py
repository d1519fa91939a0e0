"""An issuer of JSON Web Tokens with a key of its own."""

import json
import time
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

ISSUER, AUDIENCE = "https://issuer.example", "amends"
_MAKERS: dict[str, Any] = {
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}


@dataclass
class Issuer:
    """Signs tokens."""

    algorithm: str = "ES256"
    kid: str | None = "first"
    key: Any = field(default=None)

    def __post_init__(self) -> None:
        self.key = self.key or _MAKERS[self.algorithm]()

    def jwk(self, **more: Any) -> dict[str, Any]:
        """The public key."""
        raw = jwt.get_algorithm_by_name(self.algorithm).to_jwk(self.key.public_key(), as_dict=True)
        return {**raw, "use": "sig", **({"kid": self.kid} if self.kid else {}), **more}

    def jwks(self, *others: "Issuer") -> bytes:
        return json.dumps({"keys": [issuer.jwk() for issuer in (self, *others)]}).encode()

    def token(self, *, headers: dict[str, Any] | None = None, **claims: Any) -> str:
        """A token that holds for a minute; claims of None are left out."""
        now = int(time.time())
        whole = {"iss": ISSUER, "aud": AUDIENCE, "sub": "desk", "tenant": "acme", "exp": now + 60, **claims}
        kid = {"kid": self.kid} if self.kid else {}
        given = {name: value for name, value in whole.items() if value is not None}
        return jwt.encode(given, self.key, self.algorithm, headers={**kid, **(headers or {})})
