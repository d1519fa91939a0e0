"""The wheel in a fresh environment: it serves, it is small, and strangers can call it."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import psutil
import pytest
from amends_client.testing import ServerProcess
from installed import PATIENCE_S, children_of, clean_environment

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

MAX_RESIDENT_BYTES = 400e6
CUSTOMER = "Third week without my parcel, and nobody answers."
REPLY = "I am sorry, three weeks is far too long. I will find it today and call you by five."


def _amends(environment: Path, *args: str, **more_environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [environment / "bin/amends", *args],
        cwd=environment,
        env={**clean_environment(), **more_environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def test_the_wheel_holds_model_playbooks_and_types_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for ending in (
        "amends_core/models/amends-minilm-l6/model.onnx",
        "amends_core/models/amends-minilm-l6/manifest.json",
        "amends_core/playbooks/data/playbooks/unified.yaml",
        "amends_core/checks/samples.yaml",
        "amends/v1/empathy_service_pb2.py",
        "amends_client/py.typed",
        "licenses/LICENSE",
    ):
        assert any(name.endswith(ending) for name in names), ending
    assert not [name for name in names if "test" in name.split("/")[0] or "__pycache__" in name]


def test_no_torch_is_installed(environment: Path) -> None:
    installed = {path.name.split("-")[0] for path in environment.glob("lib/*/site-packages/*")}
    assert "onnxruntime" in installed
    assert not installed & {"torch", "transformers", "sentence_transformers", "sklearn"}


def test_the_installed_packages_fit_together(environment: Path) -> None:
    check = [environment / "bin/python", "-m", "pip", "check", "--disable-pip-version-check"]
    done = subprocess.run(check, env=clean_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_command_line_checks_a_playbook_without_a_server(environment: Path) -> None:
    (playbook,) = environment.glob("lib/*/site-packages/amends_core/playbooks/data/playbooks/six_steps.yaml")
    done = _amends(environment, "playbooks", "check", str(playbook))
    assert done.returncode == 0, done.stderr
    assert "six_steps over parcel in heat" in done.stdout
    assert "fit to serve, errors 0" in done.stdout


def test_the_command_line_scores_a_reply(environment: Path, served: ServerProcess) -> None:
    done = _amends(environment, "score", "--json", "--target", served.target, "--customer", CUSTOMER, "--reply", REPLY)
    assert done.returncode == 0, done.stderr
    judgement = json.loads(done.stdout)["judgement"]
    assert sum(share.get("points", 0) for share in judgement["contributions"]) == judgement["score"]


def test_the_command_that_the_server_prints_works(environment: Path, served: ServerProcess) -> None:
    """What a newcomer copies from the terminal."""
    hint = served.wait_for_line(lambda line: line.startswith("  amends score"))
    done = subprocess.run(
        hint,
        shell=True,
        cwd=environment,
        env={**clean_environment(), "PATH": f"{environment / 'bin'}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_a_foreign_client_scores_through_reflection(served: ServerProcess, tmp_path: Path) -> None:
    request = {"turns": [{"role": "ROLE_CUSTOMER", "text": CUSTOMER}], "reply": [{"text": REPLY}]}
    done = _curl(served, tmp_path, "amends.v1.EmpathyService/ScoreReply", request)
    assert done.returncode == 0, done.stderr
    response = json.loads(done.stdout)
    assert response["judgement"]["playbook"]["name"] == "unified"
    assert response["model"]["sha256"] == served.record["model_sha256"]


def test_a_foreign_client_reads_what_was_wrong(served: ServerProcess, tmp_path: Path) -> None:
    done = _curl(served, tmp_path, "amends.v1.EmpathyService/ScoreReply", {"reply": [{"text": REPLY}]})
    assert done.returncode != 0
    error = json.loads(done.stderr)
    assert error["code"] == "invalid_argument"
    assert "turns" in error["message"]
    assert {detail["type"] for detail in error["details"]} == {"google.rpc.ErrorInfo", "google.rpc.BadRequest"}


def _curl(served: ServerProcess, folder: Path, method: str, request: object) -> "subprocess.CompletedProcess[str]":
    command = [Path(sys.executable).parent / "buf", "curl", "--protocol", "grpc", "--http2-prior-knowledge"]
    return subprocess.run(
        [*command, "--data", json.dumps(request), f"http://localhost:{served.port}/{method}"],
        cwd=folder,
        env={**clean_environment(), "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def test_it_stays_small_under_work(environment: Path, served: ServerProcess, tmp_path: Path) -> None:
    lines = tmp_path / "many.jsonl"
    turns = [{"role": "customer", "text": CUSTOMER}]
    lines.write_text(
        "".join(json.dumps({"turns": turns, "reply": f"{REPLY} Your case is {n}."}) + "\n" for n in range(200))
    )
    done = _amends(environment, "score", str(lines), "--target", served.target)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 200
    family = [psutil.Process(served.process.pid), *children_of(served)]
    assert len(family) > 2, "workers are processes"
    assert sum(each.memory_full_info().pss for each in family) < MAX_RESIDENT_BYTES, "what is shared counts once"


def test_the_log_tells_how_long_the_start_took(served: ServerProcess) -> None:
    assert 0 < served.record["start_seconds"] < served.seconds_to_serve


def test_settings_that_cannot_be_used_end_with_status_2(environment: Path) -> None:
    done = _amends(environment, "serve", "--port", "99999", AMENDS_PROT="1")
    assert done.returncode == 2
    assert "AMENDS_PROT" in done.stderr
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr
