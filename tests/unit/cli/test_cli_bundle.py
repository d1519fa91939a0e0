"""`amends bundle`: signs, verifies, and tells in a line what must not serve."""

from pathlib import Path

import pytest
from amends_cli.app import app
from amends_core.bundle import REFERENCE
from amends_server.signing import SIGNATURE
from second_bundle import VERSION, write_bundle, write_keys
from typer.testing import CliRunner


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "bundle")


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    return write_keys(tmp_path)


def run(*args: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["bundle", *map(str, args)])
    return done.exit_code, done.output


def test_what_was_signed_is_verified(bundle: Path, keys: tuple[Path, Path]) -> None:
    status, shown = run("sign", bundle, "--key", keys[0])
    assert (status, SIGNATURE in shown) == (0, True)
    status, shown = run("verify", bundle, "--key", keys[1])
    assert status == 0
    assert VERSION in shown
    assert "whole and signed by this key" in shown


def test_a_changed_reference_ends_with_2_in_one_line(bundle: Path, keys: tuple[Path, Path]) -> None:
    run("sign", bundle, "--key", keys[0])
    text = (bundle / REFERENCE).read_text()
    (bundle / REFERENCE).write_text(text.replace('"score"', '"scope"'))
    status, shown = run("verify", bundle, "--key", keys[1])
    assert status == 2
    assert "its reference was changed" in shown
    assert len(shown.strip().splitlines()) == 1


def test_without_a_key_the_signature_is_said_not_to_be_checked(bundle: Path) -> None:
    status, shown = run("verify", bundle)
    assert status == 0
    assert "whole; the signature was not checked" in shown


def test_what_is_not_signed_or_damaged_ends_with_2_in_one_line(bundle: Path, keys: tuple[Path, Path]) -> None:
    status, shown = run("verify", bundle, "--key", keys[1])
    assert status == 2
    assert "is not signed" in shown
    (bundle / "tokenizer.json").write_text("{}")
    for arguments in (("verify", bundle), ("sign", bundle, "--key", keys[0])):
        status, shown = run(*arguments)
        assert status == 2
        assert "is damaged" in shown
        assert len(shown.strip().splitlines()) == 1
