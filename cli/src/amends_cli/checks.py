"""What `amends doctor` looks at: pure functions of what was found, which tell the remedy where something fails."""

import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from importlib.metadata import PackageNotFoundError
from pathlib import Path

from amends.v1 import server_info_pb2
from amends_client import ClientOptions

_OLDEST_PYTHON = (3, 11)
_NEEDED = ("amends", "grpcio", "grpcio-health-checking", "protobuf", "rich", "typer")
_SERVER_NEEDS = ("numpy", "onnxruntime", "tokenizers")


class State(StrEnum):
    """What came of a check."""

    OK = "ok"
    FAIL = "fail"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found."""

    name: str
    state: State
    detail: str
    remedy: str = ""
    """What to do; empty unless the check failed."""


@dataclass(frozen=True, slots=True)
class LocalModel:
    """The model bundle of this installation."""

    sha256: str
    calibrated_at: datetime


def check_python(version: Sequence[int]) -> Finding:
    """Checks the version of Python."""
    found = ".".join(str(part) for part in version)
    if tuple(version[:2]) >= _OLDEST_PYTHON:
        return Finding("python", State.OK, found)
    oldest = ".".join(str(part) for part in _OLDEST_PYTHON)
    return Finding("python", State.FAIL, found, f"use Python {oldest} or newer")


def check_packages(version_of: Callable[[str], str]) -> Finding:
    """Checks that what the client needs is installed; what only the server needs is told where it is there.

    Args:
        version_of: gives the version of a package, or raises PackageNotFoundError.
    """
    found = {name: _version(name, version_of) for name in (*_NEEDED, *_SERVER_NEEDS)}
    detail = ", ".join(f"{name} {version}" for name, version in found.items() if version)
    lacking = [name for name in _NEEDED if not found[name]]
    if lacking:
        return Finding("packages", State.FAIL, f"without {', '.join(lacking)}", "pip install amends")
    return Finding("packages", State.OK, detail)


def check_model(local: LocalModel | None, server: server_info_pb2.ServerInfo | None) -> Finding:
    """Checks that server and installation have one model."""
    if local is None or server is None:
        return Finding("same model", State.SKIPPED, "needs both the bundle and the server")
    if local.sha256 == server.model.sha256:
        return Finding("same model", State.OK, local.sha256[:12])
    return Finding(
        "same model",
        State.FAIL,
        f"here {local.sha256[:12]}, the server has {server.model.sha256[:12]}",
        "install the server's version here, or roll the server out anew",
    )


def check_clock(now: datetime, calibrated: Sequence[datetime]) -> Finding:
    """Checks that this machine's clock is not behind the calibration of a model that it has met."""
    stamp = now.isoformat(timespec="seconds")
    if any(now < time for time in calibrated):
        newest = max(calibrated).isoformat(timespec="seconds")
        return Finding("clock", State.FAIL, f"{stamp} is before the model's calibration at {newest}", "set the clock")
    return Finding("clock", State.OK, stamp)


def check_tls(options: ClientOptions, now: datetime) -> Finding:
    """Checks the files for TLS."""
    if not options.uses_tls:
        return Finding("tls", State.OK, "off")
    try:
        stale = list(_stale_roots(options.tls_root_path, now))
        _load_certificate(options)
    except OSError as error:
        return Finding("tls", State.FAIL, _reason(error), "give PEM files that belong together and can be read")
    if stale:
        return Finding("tls", State.FAIL, f"out of date: {', '.join(stale)}", "get the authority's new certificate")
    return Finding("tls", State.OK, "on")


def _version(name: str, version_of: Callable[[str], str]) -> str | None:
    try:
        return version_of(name)
    except PackageNotFoundError:
        return None


def _stale_roots(path: Path | str | None, now: datetime) -> Iterator[str]:
    if path is None:
        return
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cafile=path)
    for certificate in context.get_ca_certs():
        begins, ends = str(certificate["notBefore"]), str(certificate["notAfter"])
        if not ssl.cert_time_to_seconds(begins) <= now.timestamp() <= ssl.cert_time_to_seconds(ends):
            yield f"authority {certificate['serialNumber']} ({begins} to {ends})"


def _load_certificate(options: ClientOptions) -> None:
    if options.tls_cert_path is not None:
        # Without a password of its own, OpenSSL would ask for one at the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(
            options.tls_cert_path, options.tls_key_path, password=lambda: ""
        )


def _reason(error: OSError) -> str:
    return error.reason if isinstance(error, ssl.SSLError) and error.reason else str(error)
