"""`amends probe` tells by its exit code whether a server serves."""

from collections.abc import Callable
from typing import Any

import pytest
from amends_client.testing import FakeServer
from grpc_health.v1 import health_pb2

Run = Callable[..., Any]

Status = health_pb2.HealthCheckResponse


def test_a_server_that_serves_passes(run: Run, server: FakeServer) -> None:
    result = run("probe", "liveness")
    assert (result.exit_code, result.output) == (0, "SERVING\n")
    assert server.calls[-1].request == health_pb2.HealthCheckRequest(service="liveness")


@pytest.mark.parametrize("status", [Status.NOT_SERVING, Status.UNKNOWN])
def test_another_state_fails(run: Run, server: FakeServer, status: int) -> None:
    server.answer("Check", Status(status=status))
    assert run("probe").exit_code == 1


def test_a_server_out_of_reach_fails_in_time(run: Run) -> None:
    assert run("probe", "--target", "localhost:1", "--timeout", "0.5").exit_code == 1
