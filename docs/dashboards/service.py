"""A real service with all that the dashboards show: TLS, tenants, playbooks, an audit log, a candidate on trial."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from amends_client.testing import ServerProcess
from amends_core.bundle import DEFAULT_BUNDLE
from amends_server.identity.token_file import with_entry
from amends_server.identity.tokens import make_token
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

_TERMS = {"acme": "calls_per_s: 1\ncalls_burst: 3\n", "beta": ""}
_WORKERS = 2
"""As many anywhere, so that what is too much for them is."""
_CERTIFICATE_DAYS = 90


@dataclass(frozen=True, slots=True)
class Served:
    """A service that runs, the certificate to trust, and the token of each tenant."""

    port: int
    metrics_port: int
    root: Path
    tokens: dict[str, str]


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """Starts `amends serve` with everything that the dashboards show, and ends it."""
    tokens = _write_tenants(folder)
    certificate, key = _write_certificate(folder)
    flags: dict[str, object] = {
        "workers": _WORKERS,
        "tls-cert": certificate,
        "tls-key": key,
        "tokens": folder / "tokens.yaml",
        "tenant-dir": folder / "tenants",
        "playbook-dir": folder / "playbooks",
        "audit-log": folder / "audit.jsonl",
    }
    flags |= {"shadow-model-dir": _write_candidate(folder / "candidate"), "shadow-share": "0.7", "canary-share": "0.2"}
    (folder / "playbooks").mkdir()
    with ServerProcess(*(f"--{name}={value}" for name, value in flags.items())) as server:
        yield Served(server.port, server.metrics_port, certificate, tokens)


def _write_tenants(folder: Path) -> dict[str, str]:
    content, tokens = b"", {}
    for tenant, terms in _TERMS.items():
        (folder / "tenants" / tenant).mkdir(parents=True)
        (folder / "tenants" / tenant / "tenant.yaml").write_text(terms)
        tokens[tenant], entry = make_token(tenant, "desk")
        content = with_entry(folder / "tokens.yaml", content, entry)
    (folder / "tokens.yaml").write_bytes(content)
    return tokens


def _write_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that vouches for itself, and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=_CERTIFICATE_DAYS))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / "tls.pem", folder / "tls.key"
    files[0].write_bytes(certificate.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


def _write_candidate(folder: Path) -> Path:
    """The embedded bundle with another calibration, so that the two differ now and then."""
    shutil.copytree(DEFAULT_BUNDLE, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    shifted = {name: [slope, offset - 1.5] for name, (slope, offset) in manifest["calibration"].items()}
    manifest |= {"version": f"{manifest['version']}-next", "calibration": shifted}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder
