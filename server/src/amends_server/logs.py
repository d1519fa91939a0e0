"""JSON logs, one object a line, without conversation text: handlers log ids, sizes, codes and durations."""

import logging
import sys

from pythonjsonlogger.json import JsonFormatter


def configure_logs(level: str) -> None:
    """Sends every log record to standard error as one JSON object."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        JsonFormatter(
            "{levelname}{name}{message}",
            style="{",
            timestamp="time",
            rename_fields={"levelname": "level", "name": "logger"},
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # grpc logs the text of unhandled exceptions, which may quote a request; our outermost interceptor reports
    # them without it.
    logging.getLogger("grpc").setLevel(logging.CRITICAL)
