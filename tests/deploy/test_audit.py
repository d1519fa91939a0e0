"""What ships is looked up in a folder of advisories; one that concerns it is found, others are not."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from deploy_files import DEPLOY, ROOT, load_supply
from packaging.version import Version

audit = load_supply("audit")
RUNTIME = ROOT / "requirements/runtime.txt"
GRPCIO = audit.pins(RUNTIME)["grpcio"]
Write = Callable[..., None]


def advisory(name: str = "grpcio", ecosystem: str = "PyPI", **affected: Any) -> dict[str, Any]:
    """A made-up advisory."""
    return {
        "id": "MADE-UP-2026-1",
        "aliases": ["CVE-2026-99999"],
        "modified": "2026-01-02T00:00:00Z",
        "summary": "Made up for a test.",
        "affected": [{"package": {"ecosystem": ecosystem, "name": name}, **affected}],
    }


def between(*events: dict[str, str]) -> list[dict[str, Any]]:
    return [{"type": "ECOSYSTEM", "events": list(events)}]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(document: dict[str, Any], name: str = "pypi/a.json") -> None:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(document) if path.suffix == ".json" else yaml.safe_dump(document))

    return written


def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    status = audit.main(["--db", str(folder), str(RUNTIME)])
    shown = capsys.readouterr()
    return status, shown.out + shown.err


@pytest.mark.parametrize("suffix", ["json", "yaml"])
def test_a_made_up_advisory_against_what_ships_is_found(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    write(advisory(ranges=between({"introduced": "0"}, {"fixed": "9999"})), f"pypi/a.{suffix}")
    status, shown = run(tmp_path, capsys)
    assert status == 1
    assert f"grpcio {GRPCIO}: MADE-UP-2026-1 (CVE-2026-99999): Made up for a test.; fixed in 9999" in shown


@pytest.mark.parametrize(
    ("name", "ecosystem", "changes"),
    [
        ("nothing-of-ours", "PyPI", {}),
        ("grpcio", "npm", {}),
        ("grpcio", "PyPI", {"withdrawn": "2026-01-03T00:00:00Z"}),
    ],
)
def test_an_advisory_that_does_not_concern_what_ships_is_not(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, ecosystem: str, changes: dict[str, str]
) -> None:
    write(advisory(name, ecosystem, versions=[GRPCIO]) | changes)
    assert run(tmp_path, capsys)[0] == 0


def test_names_are_compared_as_the_index_does(write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(advisory("GRPCIO_Health.Checking", versions=[audit.pins(RUNTIME)["grpcio-health-checking"]]))
    assert run(tmp_path, capsys)[0] == 1


@pytest.mark.parametrize(
    ("events", "hit", "missed"),
    [
        ([{"introduced": "0"}], ["0.1", "99"], []),
        ([{"introduced": "0"}, {"fixed": "2.0"}], ["1.9.9", "2.0rc1"], ["2.0", "2.0.1"]),
        ([{"introduced": "1.2"}, {"last_affected": "1.4"}], ["1.2", "1.4.0"], ["1.1", "1.4.1"]),
        ([{"introduced": "0"}, {"fixed": "1"}, {"introduced": "2"}, {"fixed": "3"}], ["0.5", "2.5"], ["1.5", "3"]),
        ([{"fixed": "1.10"}, {"introduced": "1.9"}], ["1.9", "1.9.5"], ["1.8", "1.10"]),
    ],
)
def test_ranges_are_read_as_osv_says(events: list[dict[str, str]], hit: list[str], missed: list[str]) -> None:
    affected = {"ranges": between(*events)}
    assert [version for version in (*hit, *missed) if audit.is_affected(Version(version), affected)] == hit


def test_listed_versions_are_compared_as_versions() -> None:
    assert audit.is_affected(Version("1.0"), {"versions": ["not-a-version", "1.0.0"]})
    assert not audit.is_affected(Version("1.0"), {"versions": ["1.0.1"]})


def test_ranges_of_commits_are_no_versions() -> None:
    assert not audit.is_affected(Version("1.0"), {"ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]})


@pytest.mark.parametrize("text", ["", "[]", "{", '{"summary": "no id"}'])
def test_a_file_that_is_no_advisory_is_named_and_nothing_is_said_to_be_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    (tmp_path / "odd.json").write_text(text)
    status, shown = run(tmp_path, capsys)
    assert status == 2
    assert "odd.json" in shown


def test_an_empty_folder_is_no_clean_bill(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, shown = run(tmp_path, capsys)
    assert status == 2
    assert "holds no *.json" in shown


LOCKS = sorted(path for path in (ROOT / "requirements").glob("*.txt"))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_pin_of_a_lock_has_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text()
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(entries) == len(audit.pins(lock))
    for entry in entries:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry.split()[0]
    assert not re.search(r"https?://|--(extra-)?index-url|--find-links", text)


def test_the_image_installs_nothing_without_its_hash() -> None:
    dockerfile = (DEPLOY / "docker/Dockerfile").read_text()
    for install in re.findall(r"install [^&]*requirements/\S+", dockerfile):
        assert "--require-hashes" in install
