"""Who asked for what kind of judgement: one JSON line a call, a stream's start and end. Ids and numbers, never text.

Lines go straight to the file, that of a unary call before its answer: what was answered is in it even where the process
is killed. One costs some 45 microseconds of the event loop.
"""

import logging
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from amends_server.identity.caller import IdentityError
from amends_server.identity.visit import Visit
from amends_server.metrics import Metrics

STDOUT = "-"
_log = logging.getLogger("amends.audit")


class Audit:
    """Writes the audit log; without a handler it writes none."""

    def __init__(self, handler: logging.Handler | None, model: str) -> None:
        """`model` names what judges."""
        self._model = model
        self._handler = handler
        if handler is not None:
            handler.setFormatter(JsonFormatter("{message}", style="{", timestamp="time", rename_fields=_FIELDS))

    def started(self, visit: Visit, ids: dict[str, str]) -> None:
        """Writes that a stream was opened. `ids`: request id, service and method."""
        self._write("stream_start", {**ids, **_who(visit)})

    def ended(self, visit: Visit | None, ids: dict[str, str], outcome: dict[str, Any], *, stream: bool) -> None:
        """Writes that a call ended; without a visit it was not let in. `outcome`: code, reason and seconds."""
        what = {"model": self._model, **_asked(visit)} if visit else {}
        self._write("stream_end" if stream else "call", {**ids, **_who(visit), **what, **outcome})

    def close(self) -> None:
        """Closes the file."""
        if self._handler is not None:
            self._handler.close()

    def _write(self, event: str, fields: dict[str, Any]) -> None:
        if self._handler is not None:
            record = _log.makeRecord(_log.name, logging.INFO, "", 0, event, (), None, extra=fields)
            self._handler.handle(record)


_FIELDS = {"message": "event"}


def open_audit(target: str | None, *, max_bytes: int, keep: int, model: str, metrics: Metrics) -> Audit:
    """Opens the audit log.

    Args:
        target: path of a file, `-` for standard output, None for no log.
        max_bytes: size at which a file is put aside.
        keep: how many put aside are kept.
        model: what judges.
        metrics: count the lines that could not be written.

    Raises:
        IdentityError: the file cannot be written.
    """
    if target is None:
        return Audit(None, model)
    if target == STDOUT:
        return Audit(_Stream(metrics), model)
    try:
        return Audit(_File(Path(target), max_bytes, keep, metrics), model)
    except OSError as error:
        raise IdentityError(f"cannot write --audit-log {target}: {error.strerror}; give a writable path") from None


class _Stream(logging.StreamHandler[Any]):
    def __init__(self, metrics: Metrics) -> None:
        super().__init__(sys.stdout)
        self._metrics = metrics

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  logging's name
        """Counts a line that was lost, and tells of it."""
        _lost(self._metrics)


class _File(RotatingFileHandler):
    def __init__(self, path: Path, max_bytes: int, keep: int, metrics: Metrics) -> None:
        super().__init__(path, maxBytes=max_bytes, backupCount=keep, encoding="utf-8")
        self._metrics = metrics

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  logging's name
        """Counts a line that was lost, and tells of it."""
        _lost(self._metrics)


def _lost(metrics: Metrics) -> None:
    metrics.audit_lost.inc()
    error = sys.exc_info()[1]
    _log.error("audit line lost", extra={"type": type(error).__name__, "remedy": "look at the disk of --audit-log"})


def _who(visit: Visit | None) -> dict[str, str]:
    if visit is None:
        return {}
    caller = visit.caller
    return {"tenant": caller.tenant, "subject": caller.subject, "identified_by": caller.method.value}


def _asked(visit: Visit) -> dict[str, Any]:
    candidate = {"candidate": visit.candidate} if visit.candidate else {}
    return {"playbooks": sorted(visit.playbooks), "turns": visit.turns, "sentences": visit.sentences, **candidate}
