"""The server's certificate, its key and the authorities of clients: checked whole before a handshake meets them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from amends_server.identity.caller import IdentityError
from amends_server.identity.kept import Contents, Kept, Told


@dataclass(frozen=True, slots=True)
class Certificates:
    """What a handshake needs."""

    key: bytes
    chain: bytes
    authorities: bytes | None
    """None: clients show no certificate."""
    expires: datetime
    """When the first certificate of the chain to end does so, with its zone."""

    def configuration(self) -> grpc.ServerCertificateConfiguration:
        """The same for gRPC."""
        return grpc.ssl_server_certificate_configuration([(self.key, self.chain)], self.authorities)


def keep_certificates(chain: Path, key: Path, authorities: Path | None, told: Told) -> Kept[Certificates]:
    """Reads the PEM files, and keeps them.

    Raises:
        IdentityError: they cannot be read or used.
    """
    paths = [key, chain, *([authorities] if authorities else [])]
    return Kept("certificates", paths, lambda contents: read_certificates(contents, datetime.now(UTC)), told)


def read_certificates(contents: Contents, now: datetime) -> Certificates:
    """Reads key, chain and, where there is a third, authorities.

    Raises:
        IdentityError: one is no PEM of its kind, key and certificate are no pair, or a certificate is out of date.
    """
    key, chain, *others = contents
    certificates = _certificates(chain, "--tls-cert")
    if _public_part(key) != _public_bytes(certificates[0]):
        raise IdentityError("--tls-key is not the key of the first certificate of --tls-cert; give a pair")
    authorities = others[0] if others else None
    if authorities is not None:
        _certificates(authorities, "--tls-client-ca")
    expires = min(each.not_valid_after_utc for each in certificates)
    begins = max(each.not_valid_before_utc for each in certificates)
    if not begins <= now < expires:
        raise IdentityError(f"--tls-cert holds from {begins:%Y-%m-%d %H:%M} to {expires:%Y-%m-%d %H:%M} UTC; renew it")
    return Certificates(key, chain, authorities, expires)


def server_credentials(kept: Kept[Certificates]) -> grpc.ServerCredentials:
    """Credentials that each new connection takes from what is kept; connections that are open stay as they are."""
    given = kept.current
    require = given.authorities is not None
    fetcher: Any = _fetcher(kept, given)  # may give None, which the stubs do not know
    return grpc.dynamic_ssl_server_credentials(given.configuration(), fetcher, require)


def _fetcher(kept: Kept[Certificates], given: Certificates) -> Callable[[], grpc.ServerCertificateConfiguration | None]:
    def fetch() -> grpc.ServerCertificateConfiguration | None:
        """Called on a thread of gRPC before each handshake; None: as before, which spares gRPC a new context."""
        nonlocal given
        current = kept.current
        if current is given:
            return None
        given = current
        return current.configuration()

    return fetch


def _certificates(content: bytes, flag: str) -> Sequence[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(content)
    except Exception:  # of some strange bytes the library says InvalidVersion, UnsupportedAlgorithm, InternalError
        raise IdentityError(f"{flag} holds no PEM certificates; give a chain, the server's own first") from None


def _public_part(key: bytes) -> bytes:
    try:
        public = load_pem_private_key(key, password=None).public_key()
    except Exception:  # as above; TypeError: it wants a password
        raise IdentityError("--tls-key holds no PEM private key without a password; give one") from None
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _public_bytes(certificate: x509.Certificate) -> bytes:
    try:
        public = certificate.public_key()
    except Exception:  # as above
        raise IdentityError("--tls-cert is of a key that cannot be read; give one of an RSA or EC key") from None
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
