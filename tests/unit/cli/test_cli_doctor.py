"""`amends doctor` tells what is wrong with an installation, and what to do."""

import shutil
import subprocess
import sys
import types
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import grpc
import pytest
from amends.v1 import empathy_service_pb2, server_info_pb2
from amends_cli.checks import (
    Finding,
    LocalModel,
    State,
    check_clock,
    check_model,
    check_packages,
    check_python,
    check_tls,
)
from amends_cli.doctor import examine
from amends_client import ClientOptions
from amends_client.testing import Failure, FakeServer
from google.protobuf.timestamp_pb2 import Timestamp
from grpc_health.v1 import health_pb2

Run = Callable[..., Any]

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
SHA = "ab" * 32


def info(sha256: str = SHA, calibrated: datetime = NOW - timedelta(days=9)) -> server_info_pb2.ServerInfo:
    stamp = Timestamp()
    stamp.FromDatetime(calibrated)
    return server_info_pb2.ServerInfo(
        model=server_info_pb2.ModelInfo(sha256=sha256), server_version="1.2.0", calibration_time=stamp
    )


class BundleError(Exception):
    """Stands in for that of the core."""


def install_core(monkeypatch: pytest.MonkeyPatch, load_bundle: Callable[[Path], object]) -> None:
    core, bundle, errors = (types.ModuleType(f"amends_core{name}") for name in ("", ".bundle", ".errors"))
    bundle.load_bundle = load_bundle  # type: ignore[attr-defined]
    bundle.DEFAULT_BUNDLE = Path("/default")  # type: ignore[attr-defined]
    errors.BundleError = BundleError  # type: ignore[attr-defined]
    for module in (core, bundle, errors):
        monkeypatch.setitem(sys.modules, module.__name__, module)


def whole_bundle(path: Path) -> object:
    manifest = types.SimpleNamespace(name=path.name, version="1.2.0", calibrated_at=NOW - timedelta(days=9))
    return types.SimpleNamespace(sha256=SHA, manifest=manifest)


@pytest.fixture
def core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AMENDS_MODEL_DIR", raising=False)
    install_core(monkeypatch, whole_bundle)


def findings(server: FakeServer) -> dict[str, Finding]:
    return {finding.name: finding for finding in examine(ClientOptions(target=server.target), now=NOW)}


@pytest.mark.parametrize(
    ("version", "state"), [((3, 11, 7), State.OK), ((3, 14, 0), State.OK), ((3, 10, 9), State.FAIL)]
)
def test_python_must_be_new_enough(version: tuple[int, ...], state: State) -> None:
    assert check_python(version).state is state


def test_packages_are_told_with_their_versions() -> None:
    finding = check_packages(lambda _: "1.0")
    assert finding.state is State.OK
    assert "grpcio 1.0" in finding.detail


def test_lacking_package_is_named() -> None:
    def version_of(name: str) -> str:
        if name in {"protobuf", "onnxruntime"}:
            raise PackageNotFoundError(name)
        return "1.0"

    assert check_packages(version_of) == Finding("packages", State.FAIL, "without protobuf", "pip install amends")


@pytest.mark.parametrize(
    ("local", "server", "state"),
    [
        (LocalModel(SHA, NOW), info(), State.OK),
        (LocalModel("cd" * 32, NOW), info(), State.FAIL),
        (None, info(), State.SKIPPED),
        (LocalModel(SHA, NOW), None, State.SKIPPED),
    ],
)
def test_model_of_server_and_installation_must_be_one(
    local: LocalModel | None, server: server_info_pb2.ServerInfo | None, state: State
) -> None:
    assert check_model(local, server).state is state


@pytest.mark.parametrize(("behind_s", "state"), [(0, State.OK), (1, State.FAIL)])
def test_clock_must_not_be_behind_the_calibration(behind_s: int, state: State) -> None:
    finding = check_clock(NOW, [NOW - timedelta(days=9), NOW + timedelta(seconds=behind_s)])
    assert finding.state is state
    assert bool(finding.remedy) is (state is State.FAIL)


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate that holds for two days from now, its key, and another key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    for name in ("one", "two"):
        command = (
            "openssl req -x509 -nodes -days 2 -subj /CN=localhost -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 "
            f"-keyout {folder / name}.key -out {folder / name}.pem"
        )
        subprocess.run(command.split(), check=True, capture_output=True)
    return folder


def with_tls(pem: Path, *, key: str = "one.key", root: str = "one.pem") -> ClientOptions:
    return ClientOptions(tls_root_path=pem / root, tls_cert_path=pem / "one.pem", tls_key_path=pem / key)


def test_tls_files_that_belong_together_are_ok(pem: Path) -> None:
    assert check_tls(with_tls(pem), datetime.now(UTC) + timedelta(hours=1)).state is State.OK


@pytest.mark.parametrize("days", [-9, 9])
def test_authority_that_is_out_of_date_is_told(pem: Path, days: int) -> None:
    finding = check_tls(with_tls(pem), datetime.now(UTC) + timedelta(days=days))
    assert finding.state is State.FAIL
    assert finding.detail.startswith("out of date: authority ")


@pytest.mark.parametrize("changed", [{"key": "two.key"}, {"root": "one.key"}, {"root": "absent.pem"}])
def test_tls_files_that_do_not_fit_are_told(pem: Path, changed: dict[str, str]) -> None:
    finding = check_tls(with_tls(pem, **changed), datetime.now(UTC))
    assert finding.state is State.FAIL
    assert finding.remedy


@pytest.mark.usefixtures("core")
def test_healthy_installation_passes_every_check(server: FakeServer) -> None:
    server.answer("GetServerInfo", empathy_service_pb2.GetServerInfoResponse(info=info()))
    found = findings(server)
    del found["packages"]
    assert {name: finding.state for name, finding in found.items()} == dict.fromkeys(
        ("python", "model bundle", "tls", "server", "same model", "clock"), State.OK
    )
    assert found["model bundle"].detail == "default 1.2.0 (abababababab)"
    assert found["server"].detail == f"{server.target} serves, version 1.2.0"


@pytest.mark.usefixtures("core")
def test_bundle_is_taken_from_where_the_server_takes_it(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMENDS_MODEL_DIR", "/models/mine")
    assert findings(server)["model bundle"].detail.startswith("mine 1.2.0")


def test_damaged_bundle_fails_with_the_remedy_of_the_core(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def load_bundle(_: Path) -> object:
        raise BundleError("model.onnx is damaged; install the package again")

    install_core(monkeypatch, load_bundle)
    found = findings(server)
    assert found["model bundle"] == Finding(
        "model bundle", State.FAIL, "model.onnx is damaged", "install the package again"
    )
    assert found["same model"].state is State.SKIPPED


def test_client_without_the_core_skips_the_bundle(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [name for name in sys.modules if name.partition(".")[0] == "amends_core"] + ["amends_core"]:
        monkeypatch.setitem(sys.modules, module, None)
    assert findings(server)["model bundle"].state is State.SKIPPED


@pytest.mark.usefixtures("core")
def test_server_that_does_not_serve_fails(server: FakeServer) -> None:
    server.answer("Check", health_pb2.HealthCheckResponse(status=health_pb2.HealthCheckResponse.NOT_SERVING))
    server.answer("GetServerInfo", empathy_service_pb2.GetServerInfoResponse(info=info()))
    found = findings(server)
    assert found["server"].state is State.FAIL
    assert found["same model"].state is State.OK


@pytest.mark.usefixtures("core")
def test_server_that_fails_is_told_with_the_remedy(server: FakeServer) -> None:
    server.answer("Check", Failure(grpc.StatusCode.UNAUTHENTICATED, "who are you?"))
    assert findings(server)["server"] == Finding(
        "server", State.FAIL, f"{server.target}: who are you?", "set AMENDS_TOKEN, or --tls-cert and --tls-key"
    )


@pytest.mark.usefixtures("core")
def test_command_exits_with_1_if_a_check_fails(server: FakeServer, run: Run) -> None:
    server.answer("GetServerInfo", empathy_service_pb2.GetServerInfoResponse(info=info(sha256="cd" * 32)))
    result = run("doctor")
    assert result.exit_code == 1
    assert "fail" in result.stdout
    assert "here abababababab, the server has cdcdcdcdcdcd" in result.stdout
    assert "install the server's version here, or roll the server out anew" in result.stdout


@pytest.mark.usefixtures("core")
def test_command_exits_with_0_if_none_fails(server: FakeServer, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.version", lambda _: "1.0")
    server.answer("GetServerInfo", empathy_service_pb2.GetServerInfoResponse(info=info()))
    result = run("doctor")
    assert result.exit_code == 0, result.stdout
    assert "fail" not in result.stdout
