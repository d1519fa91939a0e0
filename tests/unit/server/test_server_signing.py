"""A bundle is loaded by its signature alone where a key is given, and nothing of it is parsed before."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from amends_core.bundle import DEFAULT_BUNDLE, REFERENCE
from amends_core.errors import BundleError
from amends_server.editions import load_model
from amends_server.settings import Settings
from amends_server.signing import REFERENCE_SIGNATURE, SIGNATURE, KeyUnusable, load_signed, sign_bundle
from second_bundle import VERSION, write_bundle, write_keys


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    return write_keys(tmp_path)


@pytest.fixture
def signed(tmp_path: Path, keys: tuple[Path, Path]) -> Path:
    folder = write_bundle(tmp_path / "bundle")
    sign_bundle(folder, keys[0])
    return folder


def test_a_signed_bundle_loads_by_its_key(signed: Path, keys: tuple[Path, Path]) -> None:
    assert load_signed(signed, keys[1]).manifest.version == VERSION
    assert len((signed / SIGNATURE).read_bytes()) == 64


def test_an_unsigned_bundle_is_refused_with_the_remedy(tmp_path: Path, keys: tuple[Path, Path]) -> None:
    with pytest.raises(BundleError, match=r"is not signed: it holds no manifest\.json\.sig; get the bundle anew"):
        load_signed(write_bundle(tmp_path / "bundle"), keys[1])


def test_a_bundle_of_another_key_is_refused(signed: Path, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="is not by the key"):
        load_signed(signed, write_keys(tmp_path, "other")[1])


def test_a_changed_manifest_is_refused_although_its_checksums_hold(signed: Path, keys: tuple[Path, Path]) -> None:
    manifest = json.loads((signed / "manifest.json").read_text())
    manifest["act_temperature"] *= 2
    (signed / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match="its manifest was changed"):
        load_signed(signed, keys[1])


def test_a_manifest_that_is_not_signed_is_not_parsed(signed: Path, keys: tuple[Path, Path]) -> None:
    (signed / "manifest.json").write_text("no JSON")
    with pytest.raises(BundleError, match="its manifest was changed"):
        load_signed(signed, keys[1])


@pytest.mark.parametrize("damage", [b"", b"short", bytes(64), bytes(65)])
def test_a_damaged_signature_is_refused(signed: Path, keys: tuple[Path, Path], damage: bytes) -> None:
    (signed / SIGNATURE).write_bytes(damage)
    with pytest.raises(BundleError, match="is not by the key"):
        load_signed(signed, keys[1])


def test_a_changed_model_is_refused_by_the_signed_checksum(signed: Path, keys: tuple[Path, Path]) -> None:
    with (signed / "model.onnx").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(BundleError, match=r"model\.onnx .* is damaged"):
        load_signed(signed, keys[1])


def test_a_changed_reference_is_refused_although_the_manifest_does_not_name_it(
    signed: Path, keys: tuple[Path, Path]
) -> None:
    with (signed / REFERENCE).open("a") as file:
        file.write(" ")
    with pytest.raises(BundleError, match="its reference was changed"):
        load_signed(signed, keys[1])


def test_a_reference_that_is_slipped_in_is_refused(tmp_path: Path, keys: tuple[Path, Path]) -> None:
    folder = write_bundle(tmp_path / "bundle")
    reference = (folder / REFERENCE).read_bytes()
    (folder / REFERENCE).unlink()
    assert sign_bundle(folder, keys[0]) == [folder / SIGNATURE]
    assert load_signed(folder, keys[1]).reference is None
    (folder / REFERENCE).write_bytes(reference)
    with pytest.raises(BundleError, match=r"is not signed: it holds no reference\.json\.sig"):
        load_signed(folder, keys[1])


def test_a_damaged_bundle_is_not_signed(tmp_path: Path, keys: tuple[Path, Path]) -> None:
    folder = write_bundle(tmp_path / "bundle")
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(BundleError, match=r"tokenizer\.json .* is damaged"):
        sign_bundle(folder, keys[0])
    assert not (folder / SIGNATURE).exists()


@pytest.mark.parametrize("text", ["", "no key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_a_file_without_a_key_is_named_with_the_remedy(signed: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.pem").write_text(text)
    with pytest.raises(KeyUnusable, match=r"bad\.pem holds no Ed25519 public key in PEM; make it with"):
        load_signed(signed, tmp_path / "bad.pem")
    with pytest.raises(KeyUnusable, match=r"bad\.pem holds no unencrypted Ed25519 private key"):
        sign_bundle(signed, tmp_path / "bad.pem")


def test_the_two_keys_are_not_taken_for_each_other(signed: Path, keys: tuple[Path, Path]) -> None:
    with pytest.raises(KeyUnusable, match="no Ed25519 public key"):
        load_signed(signed, keys[0])
    with pytest.raises(KeyUnusable, match="no unencrypted Ed25519 private key"):
        sign_bundle(signed, keys[1])


def test_a_missing_key_is_named(signed: Path) -> None:
    with pytest.raises(KeyUnusable, match=r"cannot read the key /no/such\.pub: No such file"):
        load_signed(signed, Path("/no/such.pub"))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not here: install Debian's package openssl")
def test_openssl_signs_and_verifies_the_same(tmp_path: Path) -> None:
    folder, key, public = write_bundle(tmp_path / "bundle"), tmp_path / "a.key", tmp_path / "a.pub"
    pairs = [(folder / "manifest.json", folder / SIGNATURE), (folder / REFERENCE, folder / REFERENCE_SIGNATURE)]

    def openssl(*args: str | Path) -> None:
        subprocess.run(["openssl", *args], check=True, capture_output=True, timeout=60)

    openssl("genpkey", "-algorithm", "ed25519", "-out", key)
    openssl("pkey", "-in", key, "-pubout", "-out", public)
    for file, signature in pairs:
        openssl("pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", file, "-out", signature)
    by_openssl = [signature.read_bytes() for _, signature in pairs]
    assert load_signed(folder, public).manifest.version == VERSION
    sign_bundle(folder, key)
    assert [signature.read_bytes() for _, signature in pairs] == by_openssl
    for file, signature in pairs:
        openssl("pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", public, "-in", file, "-sigfile", signature)


@pytest.mark.parametrize("name", ["model_dir", "shadow_model_dir"])
def test_the_service_loads_no_unsigned_bundle_beside_a_key(tmp_path: Path, keys: tuple[Path, Path], name: str) -> None:
    with pytest.raises(BundleError, match="is not signed"):
        load_model(Settings(**{name: DEFAULT_BUNDLE, "model_key": keys[1]}))
