"""`amends token` tells a token once, and writes its checksum where a server reads it."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from amends_cli.app import app
from amends_server.identity.caller import NotKnown
from amends_server.identity.tenants import Tenant
from amends_server.identity.token_file import parse_tokens
from typer.testing import CliRunner, Result

TENANTS = {"acme": Tenant("acme"), "default": Tenant("default")}


def run(*args: str) -> Result:
    return CliRunner().invoke(app, ["token", *args])


def test_the_token_is_told_and_its_entry_is_what_a_server_reads() -> None:
    result = run("desk", "--tenant", "acme")
    assert result.exit_code == 0
    (token,) = result.stdout.splitlines()
    head, entry = result.stderr.split("\n", 1)
    assert "--tokens" in head
    assert token[24:] not in result.stderr
    assert parse_tokens(Path("tokens.yaml"), entry.encode(), TENANTS).verify(token, datetime.now(UTC)).tenant == "acme"


def test_a_file_grows_by_one_entry_and_keeps_what_it_says(tmp_path: Path) -> None:
    file = tmp_path / "tokens.yaml"
    first = run("desk", "--file", str(file)).stdout.strip()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_text("# ours\n" + file.read_text())
    file.chmod(0o640)
    second = run("bot", "--tenant", "acme", "--days", "2", "--file", str(file)).stdout.strip()
    store, now = parse_tokens(file, file.read_bytes(), TENANTS), datetime.now(UTC)
    assert [store.verify(token, now).subject for token in (first, second)] == ["desk", "bot"]
    with pytest.raises(NotKnown, match="ended"):
        store.verify(second, now + timedelta(days=2))
    assert file.read_text().startswith("# ours\n")
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["tokens.yaml"]


def test_a_file_that_would_no_longer_be_read_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "tokens.yaml"
    file.write_text("tokens:\nothers: 1\n")
    result = run("desk", "--file", str(file))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith(f"amends: {file}")
    assert file.read_text() == "tokens:\nothers: 1\n"


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    result = run("desk", "--file", str(tmp_path / "nowhere" / "tokens.yaml"))
    assert result.exit_code == 2
    assert "cannot write" in result.stderr
