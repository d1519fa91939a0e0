"""`amends playbooks check`: findings as lines, exit codes, JSON, and the sample conversations turn by turn."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from amends_core.playbooks.library import DATA_DIR

Run = Callable[..., Any]
SHIPPED = DATA_DIR / "playbooks"


@pytest.fixture
def own(tmp_path: Path) -> Callable[..., Path]:
    """Writes a shipped playbook as one's own, with parts of its text replaced."""

    def write(*changes: tuple[str, str], name: str = "mine") -> Path:
        text = (SHIPPED / "defuse_and_retain.yaml").read_text().replace("name: defuse_and_retain", f"name: {name}")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        path = tmp_path / f"{name}.yaml"
        path.write_text(text)
        return path

    return write


def test_playbook_is_run_over_sample_conversations_step_by_step(run: Run, own: Callable[..., Path]) -> None:
    path = own()
    result = run("playbooks", "check", str(path))
    assert result.exit_code == 0
    for told in (
        "mine over parcel in heat",
        "stage vent (1)",
        "expected: listen",
        "advice: listen",
        "silent now:",
        "scored ",
    ):
        assert told in result.stdout
    assert result.stdout.splitlines()[-1].startswith(f"{path}: fit to serve, errors 0, warnings ")


def test_error_is_told_with_file_line_field_and_remedy_and_ends_with_1(run: Run, own: Callable[..., Path]) -> None:
    path = own(("CONFIRM, ACCEPT, SATISFIED", "ACCEPT, SATISFIED"))
    result = run("playbooks", "check", str(path))
    line = next(n for n, text in enumerate(path.read_text().splitlines(), 1) if "reflection_is_confirmed" in text)
    assert result.exit_code == 1
    assert (
        f"{path}:{line}: error: rules.reflection_is_confirmed: stage 'reflect' is left without CONFIRM; "
        "add CONFIRM to stages[1].advance_on, or take the rule out\n"
    ) in result.stdout
    assert "over parcel in heat" not in result.stdout


def test_warnings_fail_only_where_they_are_told_to(run: Run, own: Callable[..., Path]) -> None:
    path = own()
    assert run("playbooks", "check", "--quiet", str(path)).exit_code == 0
    strict = run("playbooks", "check", "--quiet", "--strict", str(path))
    assert strict.exit_code == 1
    assert ": warning: exemplars." in strict.stdout
    assert "over parcel in heat" not in strict.stdout


def test_json_holds_findings_and_rehearsals(run: Run, own: Callable[..., Path]) -> None:
    good, bad = own(), own(("schema: 1", "schema: 2"), name="bad")
    result = run("playbooks", "check", "--json", str(good), str(bad))
    assert result.exit_code == 1
    fine, refused = json.loads(result.stdout)
    assert fine["playbook"].keys() == {"name", "version", "sha256"}
    assert len(fine["rehearsals"]) >= 6
    assert fine["rehearsals"][0]["turns"][0]["expected"] == ["LISTEN"]
    assert fine["rehearsals"][0]["turns"][1]["judgement"]["score"] > 0
    assert refused["playbook"] is None
    assert refused["findings"] == [
        {
            "level": "error",
            "line": 1,
            "field": "schema",
            "wrong": "must be 1, is 2",
            "remedy": "see docs/playbooks.md for the field",
        }
    ]


def test_folder_is_checked_whole_and_its_names_must_differ(run: Run, own: Callable[..., Path], tmp_path: Path) -> None:
    first = own()
    (tmp_path / "again.yaml").write_text(first.read_text() + "\n")
    result = run("playbook", "check", "--quiet", str(tmp_path))
    assert result.exit_code == 1
    assert "mine.yaml:2: error: name: another playbook is named 'mine'; rename one" in result.stdout
    assert result.stdout.count("fit to serve") == 1


def test_what_a_key_holds_reaches_no_terminal_raw(run: Run, own: Callable[..., Path]) -> None:
    path = own(("exemplars:\n", 'exemplars:\n  "\\e[31mred": []\n'))
    shown = run("playbooks", "check", str(path)).stdout
    assert "\x1b" not in shown
    assert "exemplars" in shown


@pytest.mark.parametrize("given", ["missing.yaml", "."])
def test_nothing_to_check_is_told(run: Run, tmp_path: Path, given: str) -> None:
    result = run("playbooks", "check", str(tmp_path / given))
    assert result.exit_code in {1, 2}
    assert ("missing.yaml" if given == "missing.yaml" else "holds no *.yaml") in result.stdout + result.stderr


def test_without_the_extra_it_tells_what_to_install(
    run: Run, own: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = own()
    monkeypatch.setitem(sys.modules, "amends_core.checks", None)
    result = run("playbooks", "check", str(path))
    assert result.exit_code == 2
    assert "pip install 'amends[server]'" in result.stderr
    assert result.stderr.count("\n") == 1
