"""`amends doctor`: checks the installation and the way to the server, and tells the remedy for what fails."""

import os
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import typer
from amends.v1 import server_info_pb2
from amends_client import Client, ClientError, ClientOptions
from grpc_health.v1 import health_pb2
from rich.console import RenderableType
from rich.text import Text

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
from amends_cli.connection import connected
from amends_cli.failures import remedy, what
from amends_cli.output import print_text
from amends_cli.tables import plain_table

_COLOURS = {State.OK: "green", State.FAIL: "bold red", State.SKIPPED: "yellow"}


@connected
def doctor(*, options: ClientOptions) -> None:
    """Check the installation and the way to the server."""
    findings = list(examine(options, now=datetime.now(UTC)))
    print_text(_show(findings))
    if any(finding.state is State.FAIL for finding in findings):
        raise typer.Exit(1)


def examine(options: ClientOptions, *, now: datetime) -> Iterator[Finding]:
    """Makes every check; one that fails stops none of the others."""
    yield check_python(sys.version_info[:3])
    yield check_packages(metadata.version)
    bundle, local = _read_bundle()
    yield bundle
    yield check_tls(options, now)
    reached, server = _ask_server(options)
    yield reached
    yield check_model(local, server)
    yield check_clock(now, _calibrations(local, server))


def _read_bundle() -> tuple[Finding, LocalModel | None]:
    try:
        # Only here: the other commands must work where the server's extra is not installed.
        from amends_core.bundle import DEFAULT_BUNDLE, load_bundle
        from amends_core.errors import BundleError
    except ModuleNotFoundError as error:
        return Finding("model bundle", State.SKIPPED, f"{error.name} is not installed; a client needs none"), None
    path = Path(os.environ.get("AMENDS_MODEL_DIR") or DEFAULT_BUNDLE)
    try:
        bundle = load_bundle(path)
    except BundleError as error:
        # The core ends each of these messages with the remedy.
        damage, _, cure = str(error).rpartition("; ")
        return Finding("model bundle", State.FAIL, damage, cure), None
    detail = f"{bundle.manifest.name} {bundle.manifest.version} ({bundle.sha256[:12]})"
    return Finding("model bundle", State.OK, detail), LocalModel(bundle.sha256, bundle.manifest.calibrated_at)


def _ask_server(options: ClientOptions) -> tuple[Finding, server_info_pb2.ServerInfo | None]:
    try:
        with Client(options) as client:
            status = client.health().status
            info = client.server_info().info
    except ClientError as error:
        return Finding("server", State.FAIL, f"{options.target}: {what(error)}", remedy(error)), None
    if status != health_pb2.HealthCheckResponse.SERVING:
        return Finding(
            "server", State.FAIL, f"{options.target} answers but does not serve", "wait, or read its log"
        ), info
    return Finding("server", State.OK, f"{options.target} serves, version {info.server_version}"), info


def _calibrations(local: LocalModel | None, server: server_info_pb2.ServerInfo | None) -> list[datetime]:
    here = [local.calibrated_at] if local else []
    there = [server.calibration_time.ToDatetime(UTC)] if server and server.HasField("calibration_time") else []
    return here + there


def _show(findings: Iterable[Finding]) -> RenderableType:
    table = plain_table("amends doctor", "", "check", "found")
    for finding in findings:
        remedy = f"\n{finding.remedy}" if finding.remedy else ""
        table.add_row(
            Text(finding.state, style=_COLOURS[finding.state]),
            finding.name,
            Text.assemble(finding.detail, (remedy, "bold")),
        )
    return table
