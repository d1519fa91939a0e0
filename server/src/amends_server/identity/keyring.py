"""All by which callers are known and the service shows itself: files that are kept, under their settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from amends_server.identity.authentication import Proofs
from amends_server.identity.caller import IdentityError
from amends_server.identity.certificates import Certificates, keep_certificates
from amends_server.identity.jwts import JwtRules, JwtVerifier, parse_jwks
from amends_server.identity.kept import Contents, Kept, Told
from amends_server.identity.tenants import Tenants, tenants_by_certificate
from amends_server.identity.token_file import parse_tokens
from amends_server.identity.tokens import TokenStore
from amends_server.settings import Settings


@dataclass(frozen=True, slots=True)
class Keyring:
    """What is kept; None where a setting is not given."""

    certificates: Kept[Certificates] | None
    tokens: Kept[TokenStore] | None
    jwts: Kept[JwtVerifier] | None
    asks_certificates: bool
    has_tenants: bool
    tenants_by_certificate: Mapping[str, str] = field(default_factory=dict)

    def proofs(self) -> Proofs:
        """What is accepted at the moment."""
        return Proofs(
            tokens=self.tokens.current if self.tokens else None,
            jwts=self.jwts.current if self.jwts else None,
            certificates=self.asks_certificates,
            tenants_by_certificate=self.tenants_by_certificate,
            has_tenants=self.has_tenants,
        )

    @property
    def kept(self) -> Sequence[Kept[Any]]:
        """What is to be looked at for changes."""
        return [each for each in (self.certificates, self.tokens, self.jwts) if each is not None]


def open_keyring(settings: Settings, tenants: Tenants, told: Told) -> Keyring:
    """Reads every file that the settings name.

    Raises:
        IdentityError: one cannot be read or used.
    """
    pair = (settings.tls_cert, settings.tls_key)
    return Keyring(
        certificates=keep_certificates(pair[0], pair[1], settings.tls_client_ca, told) if pair[0] and pair[1] else None,
        tokens=_keep_tokens(settings.tokens, tenants, told) if settings.tokens else None,
        jwts=_keep_jwks(settings.jwks, _rules(settings), told) if settings.jwks else None,
        asks_certificates=settings.tls_client_ca is not None,
        has_tenants=settings.tenant_dir is not None,
        tenants_by_certificate=tenants_by_certificate(tenants),
    )


def _keep_tokens(path: Path, tenants: Tenants, told: Told) -> Kept[TokenStore]:
    return Kept("tokens", [path], lambda contents: parse_tokens(path, contents[0], tenants), told)


def _keep_jwks(path: Path, rules: JwtRules, told: Told) -> Kept[JwtVerifier]:
    def read(contents: Contents) -> JwtVerifier:
        try:
            return parse_jwks(contents[0], rules)
        except IdentityError as error:
            raise IdentityError(f"{path} {error}") from None

    return Kept("keys", [path], read, told)


def _rules(settings: Settings) -> JwtRules:
    return JwtRules(
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
        algorithms=frozenset(settings.jwt_algorithms.split(",")),
        tenant_claim=settings.jwt_tenant_claim if settings.tenant_dir else None,
    )
