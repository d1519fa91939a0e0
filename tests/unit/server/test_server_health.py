"""What the health service tells of readiness and of liveness."""

from typing import Any

import pytest
from amends_server.services.health import LIVENESS, Health
from grpc_health.v1 import health_pb2

SERVICE = "amends.v1.EmpathyService"
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
NO_CONTEXT: Any = None


@pytest.fixture
def health() -> Health:
    return Health([SERVICE])


async def told(health: Health) -> dict[str, int]:
    names = ("", SERVICE, LIVENESS)
    return {
        name: (await health.Check(health_pb2.HealthCheckRequest(service=name), NO_CONTEXT)).status for name in names
    }


async def test_it_lives_before_it_is_ready(health: Health) -> None:
    assert await told(health) == {"": NOT_SERVING, SERVICE: NOT_SERVING, LIVENESS: SERVING}


async def test_a_list_tells_what_checks_tell(health: Health) -> None:
    listed = await health.List(health_pb2.HealthListRequest(), NO_CONTEXT)
    assert {name: each.status for name, each in listed.statuses.items()} == await told(health)


async def test_it_drains_alive(health: Health) -> None:
    health.set_all(SERVING)
    health.drain()
    assert await told(health) == {"": NOT_SERVING, SERVICE: NOT_SERVING, LIVENESS: SERVING}


async def test_a_failure_ends_liveness_too(health: Health) -> None:
    health.set_all(SERVING)
    health.fail()
    assert await told(health) == {"": NOT_SERVING, SERVICE: NOT_SERVING, LIVENESS: NOT_SERVING}


async def test_a_watch_of_liveness_ends_with_the_drain(health: Health) -> None:
    watch = health.Watch(health_pb2.HealthCheckRequest(service=LIVENESS), NO_CONTEXT)
    assert (await anext(watch)).status == SERVING
    health.drain()
    assert [answer.status async for answer in watch] == []
