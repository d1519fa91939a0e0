"""The embedded model and the judgement say of a dozen cases what they said when people last read it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from generate import CASES, EXPECTED, Golden

CPU = Path("/proc/cpuinfo")
pytestmark = pytest.mark.skipif(
    CPU.exists() and "vnni" not in CPU.read_text(encoding="utf-8"),
    reason="int8 kernels give other digits on processors without VNNI; expected.json was written on one with it",
)
READ = json.loads(EXPECTED.read_text(encoding="utf-8"))
STALE = "expected.json is of another {}; run `make golden`, read the difference and commit it"


@pytest.fixture(scope="module")
def golden() -> Golden:
    return Golden()


def loosened(expected: Any) -> Any:
    """`expected` with each float loosened to 1e-6, so that one comparison shows the difference; all else is exact."""
    if isinstance(expected, float):
        return pytest.approx(expected, abs=1e-6)
    if isinstance(expected, dict):
        return {key: loosened(value) for key, value in expected.items()}
    if isinstance(expected, list):
        return [loosened(value) for value in expected]
    return expected


def test_expected_outcomes_are_of_the_embedded_model(golden: Golden) -> None:
    assert READ["model"] == golden.model, STALE.format("model")


def test_every_case_has_its_expected_outcome() -> None:
    assert [case["name"] for case in READ["cases"]] == [case["name"] for case in CASES], STALE.format("set of cases")


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case_is_judged_as_it_was_when_last_read(golden: Golden, case: Mapping[str, Any]) -> None:
    expected = next(outcome for outcome in READ["cases"] if outcome["name"] == case["name"])
    found = golden.outcome(case)
    assert found == loosened(expected), STALE.format("outcome, or the change is a fault")
