"""How others find out what is served and whether it is well: health, reflection, and methods that are not there."""

from collections.abc import Callable
from queue import Queue
from threading import Thread
from typing import Any

import grpc
import pytest
from amends_client import AsyncClient, Client, ClientOptions, NotFound
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from raw_calls import Refusal
from running_service import PATIENCE_S, Running, Serve

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
SERVICES = ["", "amends.v1.EmpathyService", "amends.v1.PlaybookService"]


def _watched(target: str, service: str) -> "Queue[int | grpc.StatusCode]":
    """Watches a service: each status that is told, then the code with which the watch ended."""
    told: Queue[int | grpc.StatusCode] = Queue()

    def watch() -> None:
        with grpc.insecure_channel(target) as channel:
            answers: Any = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(service=service))
            try:
                for answer in answers:
                    told.put(answer.status)
                told.put(grpc.StatusCode.OK)
            except grpc.RpcError:
                told.put(answers.code())

    Thread(target=watch, daemon=True).start()
    return told


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_is_healthy(client: Client, service: str) -> None:
    assert client.health(service).status == SERVING


def test_the_health_of_an_unknown_service_is_not_found(client: Client) -> None:
    with pytest.raises(NotFound):
        client.health("amends.v2.EmpathyService")


def test_the_asyncio_client_sees_the_same_health(running: Running) -> None:
    async def ask() -> int:
        async with AsyncClient(running.target) as asking:
            return (await asking.health(timeout_s=PATIENCE_S)).status

    assert running.run(ask()) == SERVING


@pytest.mark.parametrize("service", SERVICES)
def test_a_watch_tells_of_the_drain_and_ends(serve: Serve, service: str) -> None:
    running = serve()
    told = _watched(running.target, service)
    assert told.get(timeout=PATIENCE_S) == SERVING
    running.run(running.service.stop(PATIENCE_S))
    assert told.get(timeout=PATIENCE_S) == NOT_SERVING
    while (last := told.get(timeout=PATIENCE_S)) == NOT_SERVING:
        continue
    assert last is grpc.StatusCode.OK, "the watch ended by itself and did not hold up the stop"


def test_a_watch_of_an_unknown_service_waits_for_it(serve: Serve) -> None:
    running = serve()
    told = _watched(running.target, "amends.v2.EmpathyService")
    assert told.get(timeout=PATIENCE_S) == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
    running.run(running.service.stop(PATIENCE_S))
    while (last := told.get(timeout=PATIENCE_S)) != grpc.StatusCode.OK:
        assert last == NOT_SERVING


def test_a_malformed_watch_is_refused(channel: grpc.Channel) -> None:
    watch: Any = channel.unary_stream(
        "/grpc.health.v1.Health/Watch", request_serializer=bytes, response_deserializer=bytes
    )
    answers = watch(b"\xff\xff", timeout=PATIENCE_S)
    with pytest.raises(grpc.RpcError):
        list(answers)
    assert answers.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_reflection_lists_the_services_and_describes_their_methods(channel: grpc.Channel) -> None:
    described = ProtoReflectionDescriptorDatabase(channel)
    assert set(described.get_services()) == {
        "amends.v1.EmpathyService",
        "amends.v1.PlaybookService",
        "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection",
    }
    file = described.FindFileContainingSymbol("amends.v1.EmpathyService")
    assert "ScoreReply" in {method.name for service in file.service for method in service.method}


def test_malformed_reflection_is_refused_and_not_an_internal_error(channel: grpc.Channel) -> None:
    reflect: Any = channel.stream_stream(
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        request_serializer=bytes,
        response_deserializer=bytes,
    )
    answers = reflect(iter([b"\xff\xff"]), timeout=PATIENCE_S)
    with pytest.raises(grpc.RpcError):
        list(answers)
    assert answers.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_reflection_can_be_turned_off(serve: Serve, refused: Callable[..., Refusal]) -> None:
    running = serve(reflection=False)
    with grpc.insecure_channel(running.target) as channel:
        path = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
        assert refused(channel, path, b"").code is grpc.StatusCode.UNIMPLEMENTED
        with Client(ClientOptions(running.target)) as client:
            assert client.health(timeout_s=PATIENCE_S).status == SERVING


@pytest.mark.parametrize(
    "path", ["/amends.v1.EmpathyService/NoSuchMethod", "/amends.v2.EmpathyService/ScoreReply", "/x/y/z", "/", "//"]
)
def test_an_unknown_method_is_unimplemented(
    channel: grpc.Channel, refused: Callable[..., Refusal], client: Client, path: str
) -> None:
    assert refused(channel, path, b"").code is grpc.StatusCode.UNIMPLEMENTED
    assert client.health().status == SERVING
