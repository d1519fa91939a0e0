"""The readers of files that anybody may have written, each as a function of bytes that never raises but as it says."""

import json
import tempfile
import warnings
from base64 import urlsafe_b64encode
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from amends_core.bundle import Bundle, load_bundle
from amends_core.coaching.token import Memory
from amends_core.errors import AmendsError
from amends_core.playbooks.parser import read_playbook
from amends_core.reference import load_reference
from amends_core.teaching import parse_examples, parse_exemplars
from amends_core.teaching.custom_step import parse_step
from amends_server.identity.caller import IdentityError, NotAllowed, NotKnown
from amends_server.identity.certificates import read_certificates
from amends_server.identity.documents import read_document
from amends_server.identity.jwts import JwtRules, parse_jwks
from amends_server.identity.tenants import Tenant, Terms
from amends_server.identity.token_file import parse_tokens
from amends_server.settings import JWT_ALGORITHMS
from amends_server.signing import load_signed

BETWEEN = b"\xff"
"""Between the files of a handshake: no PEM file holds it."""
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
"""When the certificates among the seeds hold."""
SHA256 = "0" * 64
"""Of the model that references and custom steps among the seeds are of."""
_TENANTS = {"acme": Tenant("acme"), "default": Tenant("default")}
_RULES = JwtRules("https://issuer.example", "amends", frozenset(JWT_ALGORITHMS), "tenant")


def read_manifest(data: bytes) -> None:
    """A bundle whose manifest holds `data`."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "manifest.json").write_bytes(data)
        load_bundle(Path(folder))


def read_reference(data: bytes) -> None:
    """A reference that holds `data`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "reference.json"
        path.write_bytes(data)
        load_reference(path, Bundle(Path(folder), None, SHA256, b"", "", None))  # type: ignore[arg-type]


def read_model_key(data: bytes) -> None:
    """A bundle whose signature is to hold by the key in `data`."""
    with tempfile.TemporaryDirectory() as folder:
        key = Path(folder) / "model.pub"
        key.write_bytes(data)
        for name in ("manifest.json", "manifest.json.sig"):
            (Path(folder) / name).write_bytes(b"{}")
        load_signed(Path(folder), key)


def read_tokens(data: bytes) -> None:
    """A file of tokens; a caller comes with one of another house."""
    store = parse_tokens(Path("tokens.yaml"), data, _TENANTS)
    with suppress(NotKnown):
        store.verify(f"amends_{'0' * 16}_{'A' * 43}", MOMENT)


def read_jwks(data: bytes) -> None:
    """A file of keys; callers come with tokens that none of them signed."""
    verifier = parse_jwks(data, _RULES)
    for algorithm in ("RS256", "ES256", "EdDSA"):
        parts = (json.dumps({"alg": algorithm}).encode(), b'{"sub": "desk"}', b"signed by nobody")
        with suppress(NotKnown, NotAllowed):
            verifier.verify(b".".join(urlsafe_b64encode(part).rstrip(b"=") for part in parts).decode())


def read_terms(data: bytes) -> None:
    """The terms of a tenant, and the quota by them."""
    terms = read_document(Terms, Path("tenant.yaml"), data)
    Tenant("acme", terms).make_quota()


def read_handshake(data: bytes) -> None:
    """Key, chain and, where there is a third part, authorities."""
    parts = data.split(BETWEEN, 2)
    read_certificates((*parts, b"") if len(parts) == 1 else tuple(parts), MOMENT)


READERS: dict[str, Callable[[bytes], object]] = {
    "playbook": lambda data: read_playbook(data.decode("utf-8", "replace")),
    "exemplars": lambda data: parse_exemplars("own.yaml", data.decode("utf-8", "replace")),
    "examples": lambda data: parse_examples("step.yaml", data.decode("utf-8", "replace")),
    "custom_step": lambda data: parse_step("step.json", data.decode("utf-8", "replace"), SHA256, 384),
    "resume_token": Memory.from_token,
    "manifest": read_manifest,
    "reference": read_reference,
    "model_key": read_model_key,
    "tokens": read_tokens,
    "terms": read_terms,
    "jwks": read_jwks,
    "certificates": read_handshake,
}


def read(name: str, data: bytes) -> None:
    """Has a reader read; its own errors are its answer, and any other goes on."""
    try:
        with warnings.catch_warnings(action="ignore"):  # in tests they are errors, and in a service they are not
            READERS[name](data)
    except (AmendsError, IdentityError):
        return
