"""From anything that a handler raises to the status of its call. What should not happen is logged, without text."""

import logging
import uuid

from amends_core.errors import RequestError

from amends_server.encoding import EncodingFailed, InferenceFailed, Overloaded, QueueExpired
from amends_server.errors import CallError, expired, from_core, internal, overloaded, unhealthy

_log = logging.getLogger("amends.call")


def call_error(error: Exception) -> CallError:
    """The status with which a call, or an item of a batch, ends."""
    if isinstance(error, CallError):
        return error
    if isinstance(error, RequestError):
        return from_core(error)
    if isinstance(error, Overloaded):
        return overloaded(error.refusal, error.retry_after_s)
    if isinstance(error, QueueExpired):
        return expired()
    if isinstance(error, InferenceFailed) and not isinstance(error, EncodingFailed):
        return unhealthy()
    error_id = uuid.uuid4().hex
    # Neither the message nor the traceback's values: both may quote a conversation.
    kind = error.kind if isinstance(error, EncodingFailed) else type(error).__name__
    _log.error("internal error", extra={"error_id": error_id, "type": kind, "place": _place(error)})
    return internal(error_id)


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}" if trace else ""
