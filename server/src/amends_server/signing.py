"""The signatures of a model bundle: Ed25519 over `manifest.json`, detached, the 64 bytes as OpenSSL writes them.

The manifest names the sha256 of every other file but `reference.json`, which names the manifest's: where a bundle holds
one it has a signature of its own, `reference.json.sig`. Together they cover all that is read. Keys are PEM files:

openssl genpkey -algorithm ed25519 -out model.key && openssl pkey -in model.key -pubout -out model.pub
openssl pkeyutl -sign -rawin -inkey model.key -in manifest.json -out manifest.json.sig
openssl pkeyutl -verify -rawin -pubin -inkey model.pub -in manifest.json -sigfile manifest.json.sig

Source: RFC 8032, Edwards-curve digital signature algorithm; RFC 8410, its keys in PEM.
"""

import hashlib
from pathlib import Path

from amends_core.bundle import REFERENCE, Bundle, load_bundle
from amends_core.errors import BundleError
from cryptography.exceptions import InternalError, InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

MANIFEST = "manifest.json"
SIGNATURE = "manifest.json.sig"
REFERENCE_SIGNATURE = f"{REFERENCE}.sig"
_REMEDY = "get the bundle anew from whom you trust, or sign it with `amends bundle sign` once you have vetted it"


class KeyUnusable(BundleError):
    """A key file that holds no Ed25519 key of the kind that is needed; the message names it and the remedy."""


def sign_bundle(folder: Path, key: Path) -> list[Path]:
    """Signs a bundle whose files agree with its manifest, and gives the files of the signatures.

    Raises:
        BundleError: the bundle is missing or damaged, or a signature cannot be written.
        KeyUnusable: the file holds no unencrypted Ed25519 private key.
    """
    private = _read_private(key)
    bundle = load_bundle(folder)
    raw = _read(folder, MANIFEST)
    _hold_to(bundle, raw)
    signed = {SIGNATURE: raw} if bundle.reference is None else {SIGNATURE: raw, REFERENCE_SIGNATURE: bundle.reference}
    return [_write(folder / name, private.sign(content)) for name, content in signed.items()]


def load_signed(folder: Path, key: Path) -> Bundle:
    """Loads a bundle whose files carry good signatures; nothing of it is parsed before that is known.

    Raises:
        BundleError: it is unsigned, signed by another key or changed since, or missing or damaged.
        KeyUnusable: the file holds no Ed25519 public key.
    """
    public = _read_public(key)
    raw = _read(folder, MANIFEST)
    if not _is_signed(raw, _read(folder, SIGNATURE), public):
        raise _not_by(key, folder, "manifest")
    bundle = load_bundle(folder)
    _hold_to(bundle, raw)
    reference = bundle.reference
    if reference is not None and not _is_signed(reference, _read(folder, REFERENCE_SIGNATURE), public):
        raise _not_by(key, folder, "reference")
    return bundle


def _is_signed(content: bytes, signature: bytes, public: Ed25519PublicKey) -> bool:
    try:
        public.verify(signature, content)
    except InvalidSignature:
        return False
    return True


def _not_by(key: Path, folder: Path, what: str) -> BundleError:
    return BundleError(
        f"the signature of bundle {folder} is not by the key of {key}, or its {what} was changed; {_REMEDY}"
    )


def _write(path: Path, signature: bytes) -> Path:
    try:
        path.write_bytes(signature)
    except OSError as error:
        raise BundleError(f"cannot write {path}: {error.strerror}; make the folder writable") from error
    return path


def _hold_to(bundle: Bundle, raw: bytes) -> None:
    """What was loaded must be what the signature is of: the file may have been replaced in between."""
    if bundle.sha256 != hashlib.sha256(raw).hexdigest():
        raise BundleError(f"{MANIFEST} of bundle {bundle.path} changed while it was read; try again")


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        if name in {SIGNATURE, REFERENCE_SIGNATURE} and isinstance(error, FileNotFoundError):
            raise BundleError(f"bundle {folder} is not signed: it holds no {name}; {_REMEDY}") from None
        raise BundleError(f"cannot read {name} of bundle {folder}: {error.strerror}; {_REMEDY}") from error


def _read_public(path: Path) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(_read_key(path))
    except (ValueError, UnsupportedAlgorithm, InternalError):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise KeyUnusable(
            f"{path} holds no Ed25519 public key in PEM; make it with "
            "`openssl pkey -in model.key -pubout -out model.pub`"
        )
    return key


def _read_private(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(_read_key(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm, InternalError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnusable(
            f"{path} holds no unencrypted Ed25519 private key in PEM; make one with "
            "`openssl genpkey -algorithm ed25519 -out model.key`, or sign with openssl where the key is kept"
        )
    return key


def _read_key(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeyUnusable(f"cannot read the key {path}: {error.strerror}; give a PEM file") from error
