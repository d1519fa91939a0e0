"""Judges many replies a batch at a time, and gives each result as one JSON object."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from amends.v1 import empathy_service_pb2
from amends_client import Client, InvalidRequest, Overloaded, error_from_status
from google.rpc import status_pb2

from amends_cli.conversations import Conversation
from amends_cli.output import as_dict


def score_all(
    client: Client, conversations: Sequence[Conversation], *, batch_size: int, on_scored: Callable[[int], None]
) -> Iterator[dict[str, Any]]:
    """Gives one object a conversation, in their order: its `judgement`, or its `error`.

    Args:
        client: asks the server.
        conversations: each with a reply.
        batch_size: how many go in one call, 1 to 100.
        on_scored: told how many results came, after each call.

    Raises:
        CallError: a call failed as a whole; the results before it were given.
    """
    remaining = iter(conversations)
    while chunk := list(islice(remaining, batch_size)):
        response = client.batch_score_replies([conversation.request() for conversation in chunk])
        yield from (outcome(result) for result in response.results)
        on_scored(len(chunk))


def outcome(result: empathy_service_pb2.BatchScoreRepliesResult) -> dict[str, Any]:
    """Gives the result of one item as JSON has it."""
    if result.WhichOneof("outcome") == "judgement":
        return {"judgement": as_dict(result.judgement)}
    return {"error": _error(result.error)}


def _error(status: status_pb2.Status) -> dict[str, Any]:
    error = error_from_status(status)
    found: dict[str, Any] = {"code": error.code.name, "reason": error.reason, "message": error.message}
    if isinstance(error, InvalidRequest):
        found["violations"] = [violation._asdict() for violation in error.violations]
    if isinstance(error, Overloaded) and error.retry_after_s is not None:
        found["retry_after_s"] = error.retry_after_s
    return found
