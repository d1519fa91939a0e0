"""Every scenario runs as its users run it, for a moment. What it measures then says nothing, so bars are not held."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(900)  # a service starts in each, on a machine that may be busy


def needs(package: str) -> pytest.MarkDecorator:
    absent = importlib.util.find_spec(package) is None
    return pytest.mark.skipif(absent, reason=f"{package} is not installed: `make test-bench` brings it")


def _run(name: str, folder: Path, *, duration: float, scale: float) -> tuple[int, dict[str, Any]]:
    command = (sys.executable, "-m", "benchmarks", "run", name, "--out", str(folder))
    flags = ("--duration", str(duration), "--scale", str(scale))
    done = subprocess.run((*command, *flags), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    assert (folder / f"{name}.html").stat().st_size > 0
    report: dict[str, Any] = json.loads((folder / f"{name}.json").read_text())
    assert report["machine"]["fingerprint"]
    return done.returncode, report


def _phases(report: dict[str, Any]) -> set[str]:
    return {row["phase"] for row in report["rows"]}


def _value(report: dict[str, Any], bar: str) -> Any:
    (found,) = [each["value"] for each in report["bars"] if each["name"] == bar]
    return found


def test_latency(tmp_path: Path) -> None:
    _, report = _run("latency", tmp_path, duration=4, scale=0.02)
    assert _phases(report) == {"lone", "capacity", "half"}


def test_overload(tmp_path: Path) -> None:
    _, report = _run("overload", tmp_path, duration=1, scale=0.1)
    offered = {each["load"]: each["offered_rate"] for each in report["figures"]}
    assert list(offered) == ["capacity", "2×", "5×", "20×"]
    assert offered["20×"] > offered["5×"] > offered["2×"]


def test_nothing_is_left_of_clients_that_vanish(tmp_path: Path) -> None:
    _, report = _run("vanish", tmp_path, duration=1, scale=0.1)
    assert _value(report, "calls still in flight afterwards") == 0
    assert _value(report, "sentences still queued afterwards") == 0


def test_streams_that_nobody_reads_end(tmp_path: Path) -> None:
    _, report = _run("slow-readers", tmp_path, duration=1, scale=0.03)
    assert _value(report, "streams still open afterwards") == 0


def test_idle_connections_are_held(tmp_path: Path) -> None:
    _, report = _run("idle", tmp_path, duration=0.5, scale=0.02)
    assert _value(report, "connections held") == 100


def test_soak(tmp_path: Path) -> None:
    _, report = _run("soak", tmp_path, duration=2, scale=0.5)
    assert report["plots"][0]["x"]
    assert _value(report, "calls still in flight afterwards") == 0


def test_every_call_of_a_million_is_counted(tmp_path: Path) -> None:
    _, report = _run("million", tmp_path, duration=60, scale=0.0004)
    assert _value(report, "calls made") == 400
    assert _value(report, "errors") == 0
    assert _value(report, "calls still in flight afterwards") == 0
    assert 0 < report["figures"][0]["left"] < 200


def test_growth(tmp_path: Path) -> None:
    _, report = _run("growth", tmp_path, duration=0.5, scale=0.001)
    assert len(report["figures"]) == 8
    assert all(each["p50_ms"] > 0 for each in report["figures"])


def test_overhead_is_measured_without_inference(tmp_path: Path) -> None:
    _, report = _run("overhead", tmp_path, duration=1, scale=0.1)
    assert all(each["sentences_encoded"] == 0 and each["cpu_ms_a_call"] > 0 for each in report["figures"])


def test_scores_are_the_same_alone_under_load_and_in_bulk(tmp_path: Path) -> None:
    status, _ = _run("parity", tmp_path, duration=2, scale=0.1)
    assert status == 0


@needs("locust")
def test_contact_centre(tmp_path: Path) -> None:
    _, report = _run("centre-steady", tmp_path, duration=10, scale=0.5)
    assert {row["rpc"] for row in report["rows"]} >= {"NextStep", "ScoreReply", "ScoreReply, open-loop probe"}
    assert not any(row["errors"].get("INVALID_ARGUMENT") for row in report["rows"])
    assert (tmp_path / "centre-steady-locust.html").stat().st_size > 0


@needs("locust")
def test_an_outage_is_survived(tmp_path: Path) -> None:
    _, report = _run("centre-outage", tmp_path, duration=40, scale=0.1)
    after = [row for row in report["rows"] if row["phase"] == "after" and "probe" not in row["rpc"]]
    assert sum(row["calls"] for row in after) > sum(sum(row["errors"].values()) for row in after)


@needs("mosec")
def test_every_peer_is_measured_or_named_as_left_out(tmp_path: Path) -> None:
    _, report = _run("peers", tmp_path, duration=1, scale=0.02)
    measured = {each["way of serving"] for each in report["figures"]}
    left_out = [note for note in report["notes"] if note.startswith("left out: ")]
    assert len(measured) + len(left_out) == 8
    assert {"amends, no cache", "the limit: ONNX Runtime alone"} <= measured


def test_an_unknown_scenario_is_refused() -> None:
    command = (sys.executable, "-m", "benchmarks", "run", "picnic")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "known are" in done.stderr
