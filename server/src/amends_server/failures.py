"""From anything that a handler raises to the status of its call. What should not happen is logged, without text."""

import logging
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from amends_core.errors import RequestError

from amends_server.encoding import EncodingFailed, InferenceFailed, Overloaded, QueueExpired
from amends_server.errors import (
    CallError,
    expired,
    from_core,
    internal,
    not_allowed,
    not_known,
    over_quota,
    overloaded,
    unhealthy,
)
from amends_server.identity.caller import NotAllowed, NotKnown
from amends_server.identity.quotas import OverQuota

_log = logging.getLogger("amends.call")


def call_error(error: Exception) -> CallError:
    """The status with which a call, or an item of a batch, ends."""
    for kind, status in _STATUSES:
        if isinstance(error, kind):
            return status(error)
    return _unforeseen(error)


def _unforeseen(error: Exception) -> CallError:
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


_STATUSES: Sequence[tuple[type[Exception], Callable[[Any], CallError]]] = (
    (CallError, lambda error: error),
    (RequestError, from_core),
    (NotKnown, not_known),
    (NotAllowed, not_allowed),
    (OverQuota, over_quota),
    (Overloaded, lambda error: overloaded(error.refusal, error.retry_after_s)),
    (QueueExpired, lambda _: expired()),
    (EncodingFailed, _unforeseen),
    (InferenceFailed, lambda _: unhealthy()),
)
"""The first that fits holds."""
