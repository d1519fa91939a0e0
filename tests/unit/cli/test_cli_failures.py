"""What goes wrong at the command line: one line with the remedy; the flags of the connection, of every command."""

from collections.abc import Callable
from typing import Any

import grpc
import pytest
from amends.v1 import (
    empathy_service_pb2,
)
from amends_client.testing import Failure, FakeServer, Silence
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2

Run = Callable[..., Any]

SAID = "customer: It is a week late!"

FAILURES = [
    (Failure(grpc.StatusCode.INTERNAL, "oops"), 1, "oops; quote the request to whoever runs the server (INTERNAL, "),
    (
        Failure(grpc.StatusCode.NOT_FOUND, "no playbook is named 'x'"),
        2,
        "no playbook is named 'x'; `amends playbooks` lists the names (NOT_FOUND, ",
    ),
    (Failure(grpc.StatusCode.UNAUTHENTICATED, "who?"), 1, "who?; set AMENDS_TOKEN, or --tls-cert and --tls-key ("),
    (Failure(grpc.StatusCode.PERMISSION_DENIED, "no"), 1, "no; ask whoever runs the server for the right ("),
    (Failure(grpc.StatusCode.UNIMPLEMENTED, "what?"), 1, "what?; ask a server of this client's version ("),
    (Failure(grpc.StatusCode.CANCELLED, "gone"), 1, "gone (CANCELLED, request "),
    (
        Failure(grpc.StatusCode.UNAVAILABLE, "draining.\n", pushback_ms=-1),
        1,
        "draining; start a server with `amends serve`, or name one with --target (UNAVAILABLE, ",
    ),
    (
        Failure(
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            "the queue is full",
            (error_details_pb2.RetryInfo(retry_delay=Duration(seconds=3)),),
            pushback_ms=-1,
        ),
        1,
        "the queue is full; try again in 3 s (RESOURCE_EXHAUSTED, ",
    ),
    (
        Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, "quota", pushback_ms=-1),
        1,
        "quota; try again later (RESOURCE_EXHAUSTED, ",
    ),
    (
        Failure(
            grpc.StatusCode.INVALID_ARGUMENT,
            "2 fields are wrong",
            (
                error_details_pb2.ErrorInfo(reason="INVALID_REQUEST"),
                error_details_pb2.BadRequest(
                    field_violations=[
                        error_details_pb2.BadRequest.FieldViolation(
                            field="turns[0].text", description="has 10,001 characters, at most are 10,000: cut it"
                        ),
                        error_details_pb2.BadRequest.FieldViolation(description="no customer speaks"),
                    ]
                ),
            ),
        ),
        2,
        "turns[0].text: has 10,001 characters, at most are 10,000: cut it; no customer speaks "
        "(INVALID_ARGUMENT, INVALID_REQUEST, request ",
    ),
    (Failure(grpc.StatusCode.INVALID_ARGUMENT, "malformed"), 2, "malformed (INVALID_ARGUMENT, "),
]


@pytest.mark.parametrize(("failure", "exit_code", "message"), FAILURES)
def test_failure_is_one_line_with_the_remedy(
    server: FakeServer, run: Run, failure: Failure, exit_code: int, message: str
) -> None:
    server.answer("NextStep", failure)
    result = run("next", stdin=SAID)
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert result.stderr.startswith(f"amends: {message}")
    assert result.stderr.count("\n") == 1
    assert "week late" not in result.stderr


def test_unreachable_server_is_told_with_the_remedy(server: FakeServer, run: Run) -> None:
    server.close()
    result = run("next", stdin=SAID)
    assert result.exit_code == 1
    assert "start a server with `amends serve`, or name one with --target (UNAVAILABLE, request " in result.stderr


def test_timeout_ends_the_call(server: FakeServer, run: Run) -> None:
    server.answer("NextStep", Silence())
    result = run("next", "--timeout", "0.05", stdin=SAID)
    assert result.exit_code == 1
    assert "give the server longer with --timeout (DEADLINE_EXCEEDED, " in result.stderr


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--timeout", "0"), "timeout_s: is 0.0 s: give a number above 0"),
        (("--target", " "), "target: is empty: give host:port"),
        (("--tls-cert", "cert.pem"), "tls_key_path: a client certificate and its key go together"),
        (("--tls-root", "/absent.pem"), "tls_root_path: cannot read /absent.pem: No such file or directory"),
    ],
)
def test_flags_that_cannot_work_are_told(run: Run, flags: tuple[str, ...], message: str) -> None:
    result = run("next", *flags, stdin=SAID)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"amends: {message}")


def test_token_comes_from_the_environment(
    server: FakeServer,
    run: Run,
    advised: empathy_service_pb2.NextStepResponse,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AMENDS_TOKEN", "s3cret")
    server.answer("NextStep", advised)
    run("next", stdin=SAID)
    assert server.calls[0].metadata["authorization"] == "Bearer s3cret"


@pytest.mark.parametrize(
    "command", ["score", "conversation", "next", "playbooks show", "playbooks list", "playbooks any_name", "doctor"]
)
def test_every_command_takes_the_flags_of_the_connection(run: Run, command: str) -> None:
    shown = run(*command.split(), "--help").stdout
    for flag in ("--target", "--timeout", "--token", "--tls", "--tls-root", "--tls-cert", "--tls-key"):
        assert flag in shown
