"""The Python client of Amends: scores replies and asks for next steps, blocking or under asyncio.

It knows the contract (`amends.v1`) and gRPC, and nothing of the server.

    from amends_client import Client, agent, customer

    with Client("localhost:50051") as client:
        answer = client.score_reply([customer("My parcel is a week late!")], "I am sorry about the wait.")
        print(answer.judgement.score)
"""

from amends_client.async_client import AsyncClient
from amends_client.async_coaching import AsyncCoaching
from amends_client.client import Client
from amends_client.coaching import Coaching
from amends_client.errors import (
    CallError,
    Cancelled,
    ClientError,
    DeadlineExceeded,
    Internal,
    InvalidOptions,
    InvalidRequest,
    NotFound,
    Overloaded,
    PermissionDenied,
    Unauthenticated,
    Unavailable,
    Unimplemented,
    Violation,
    error_from_status,
)
from amends_client.options import ClientOptions
from amends_client.requests import agent, customer, reply_request

__all__ = [
    "AsyncClient",
    "AsyncCoaching",
    "CallError",
    "Cancelled",
    "Client",
    "ClientError",
    "ClientOptions",
    "Coaching",
    "DeadlineExceeded",
    "Internal",
    "InvalidOptions",
    "InvalidRequest",
    "NotFound",
    "Overloaded",
    "PermissionDenied",
    "Unauthenticated",
    "Unavailable",
    "Unimplemented",
    "Violation",
    "agent",
    "customer",
    "error_from_status",
    "reply_request",
]
