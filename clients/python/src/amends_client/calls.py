"""What every call carries, the same for both clients: its deadline, its id and who calls."""

import asyncio
import math
import re
import uuid
from dataclasses import dataclass

from grpc_health.v1 import health_pb2

from amends_client.errors import invalid_request
from amends_client.options import ClientOptions

HEALTH_CHECK = "/grpc.health.v1.Health/Check"

_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}")


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms one call is made."""

    timeout_s: float
    """Seconds it may take, retries included."""
    request_id: str
    """Sent as `x-request-id`."""
    metadata: tuple[tuple[str, str | bytes], ...]


def call_terms(options: ClientOptions, *, timeout_s: float | None, request_id: str | None) -> Terms:
    """Gives the terms of a call from the client's options and what the caller set.

    Raises:
        InvalidRequest: the timeout is not above 0, or the id is not 1 to 128 characters of visible ASCII.
        InvalidOptions: the token is not visible ASCII.
    """
    identity = _checked_id(request_id) if request_id is not None else str(uuid.uuid4())
    bearer = options.bearer()
    token = (("authorization", f"Bearer {bearer}"),) if bearer else ()
    priority = (("x-amends-priority", options.priority),) if options.priority else ()
    return Terms(
        timeout_s=_checked_timeout(options.timeout_s if timeout_s is None else timeout_s),
        request_id=identity,
        metadata=(("x-request-id", identity), *token, *priority),
    )


def health_request(service: str) -> health_pb2.HealthCheckRequest:
    """Gives the request for the health of a service; empty: of the whole server."""
    return health_pb2.HealthCheckRequest(service=service)


def is_cancelled() -> bool:
    """Whether the current task was cancelled.

    gRPC ends the calls of a channel that is closed as if their tasks had been cancelled, too.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _checked_id(request_id: str) -> str:
    # gRPC would quote all the metadata, the token among it, in its own error.
    if not _REQUEST_ID.fullmatch(request_id):
        raise invalid_request(
            "request_id",
            "must be 1 to 128 characters of visible ASCII: leave it out to have one made",
            reason="REQUEST_ID",
        )
    return request_id


def _checked_timeout(timeout_s: float) -> float:
    if not 0 < timeout_s < math.inf:
        raise invalid_request("timeout_s", f"is {timeout_s} s: give a number above 0", reason="TIMEOUT")
    return timeout_s
