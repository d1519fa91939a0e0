"""Licences of what ships: what is allowed passes, what is unknown, copyleft or changed is told with the remedy."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from amends_core.bundle import DEFAULT_BUNDLE
from deploy_files import ROOT, load_supply

bill = load_supply("bill")
POLICY: dict[str, Any] = yaml.safe_load(bill.POLICY.read_text())


def component(*licences: dict[str, Any], name: str = "some-package") -> dict[str, Any]:
    return {"type": "library", "name": name, "version": "1.0", "licenses": list(licences)}


def problem_of(*components: dict[str, Any], libraries: tuple[str, ...] = ()) -> str:
    (entry,) = bill.entries_of({"components": list(components)}, POLICY, libraries)
    problem: str = entry.problem
    return problem


MIT = {"license": {"id": "MIT"}}


@pytest.mark.parametrize(
    "licence", [MIT, {"expression": "Apache-2.0 OR BSD-3-Clause"}, {"license": {"id": "BSD-2-Clause"}}]
)
def test_a_permissive_licence_may_ship(licence: dict[str, Any]) -> None:
    assert problem_of(component(licence)) == ""


@pytest.mark.parametrize(
    "licence",
    [
        {"license": {"id": "GPL-3.0-only"}},
        {"license": {"id": "AGPL-3.0-or-later"}},
        {"license": {"id": "MPL-2.0"}},
        {"expression": "MIT AND LGPL-2.1-only"},
        {"license": {"name": "Our Own Licence"}},
    ],
)
def test_what_is_not_on_the_list_may_not(licence: dict[str, Any]) -> None:
    assert "is not allowed: leave the package out" in problem_of(component(licence))
    assert "is not allowed" in problem_of(component(MIT, licence)), "one of two is enough"


def test_a_package_that_states_nothing_may_not() -> None:
    assert "states no licence: read its files" in problem_of(component())


def test_a_decision_for_one_package_holds_only_for_what_it_states() -> None:
    stated = {"expression": "MPL-2.0 AND MIT"}
    assert problem_of(component(stated, name="tqdm")) == ""
    assert "look again" in problem_of(component({"license": {"id": "GPL-3.0-only"}}, name="tqdm"))
    assert "is not allowed" in problem_of(component(stated, name="other"))


def test_names_are_compared_as_the_index_does() -> None:
    twice = [{"license": {"id": "Apache-2.0"}}, {"license": {"name": POLICY["packages"]["tokenizers"]["states"][0]}}]
    assert problem_of(component(*twice, name="huggingface_hub")) == ""


def test_a_library_inside_a_wheel_must_be_known() -> None:
    assert problem_of(libraries=("libgfortran-040039e1.so.5.0.0",)) == ""
    assert "enter it under `libraries`" in problem_of(libraries=("libsurprise-1.so",))


def test_every_decision_has_its_reason() -> None:
    assert all(POLICY["allowed"].values())
    for part in ("packages", "libraries"):
        assert all(rule["why"] and rule["licence"] for rule in POLICY[part].values()), part


def test_decisions_are_on_what_ships() -> None:
    pinned = load_supply("audit").pins(ROOT / "requirements/runtime.txt")
    assert set(POLICY["packages"]) <= set(pinned), "a decision on what is gone is to go, too"


def test_bill_and_report_are_written_and_the_status_tells(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw, report, environment = tmp_path / "sbom.json", tmp_path / "licences.md", tmp_path / "env"
    libraries = environment / "lib/python3.11/site-packages/numpy.libs"
    libraries.mkdir(parents=True)
    (libraries / "libquadmath-1.so").touch()
    options = ["--environment", environment, "--model", DEFAULT_BUNDLE, "--report", report]
    arguments = [str(each) for each in (raw, *options)]

    raw.write_text(json.dumps({"bomFormat": "CycloneDX", "components": [component(MIT)]}))
    assert bill.main(arguments) == 0
    model = json.loads(raw.read_text())["components"][-1]
    assert model["hashes"][0]["content"] == hashlib.sha256((DEFAULT_BUNDLE / "manifest.json").read_bytes()).hexdigest()
    assert model["licenses"] == [{"license": {"id": "Apache-2.0"}}]
    assert "| libquadmath |" in report.read_text()

    raw.write_text(json.dumps({"bomFormat": "CycloneDX", "components": [component()]}))
    assert bill.main(arguments) == 1
    assert "some-package 1.0: states no licence" in capsys.readouterr().err
