"""Logs: one JSON object a line, and gRPC's own, which may quote a request, stay silent."""

import json
import logging
from collections.abc import Iterator

import pytest
from amends_server.logs import configure_logs


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(logging.root, "handlers", [])
    levels = [(logger, logger.level) for logger in (logging.root, logging.getLogger("grpc"))]
    yield
    for logger, level in levels:
        logger.setLevel(level)


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_record_is_one_json_object_with_its_fields(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO")
    logging.getLogger("amends.call").info("call ended", extra={"code": "OK", "seconds": 0.25})
    (line,) = _lines(capsys)
    assert line.pop("time")
    assert line == {"level": "INFO", "logger": "amends.call", "message": "call ended", "code": "OK", "seconds": 0.25}


def test_records_below_the_level_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("WARNING")
    logging.getLogger("amends.call").info("call ended")
    logging.getLogger("amends.call").warning("call failed")
    assert [line["message"] for line in _lines(capsys)] == ["call failed"]


def test_line_ends_in_a_message_do_not_make_a_second_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO")
    logging.getLogger("amends.server").info("one\ntwo")
    assert [line["message"] for line in _lines(capsys)] == ["one\ntwo"]


def test_errors_that_grpc_logs_with_their_text_are_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("DEBUG")
    for name in ("grpc", "grpc._cython.cygrpc", "grpc.aio._server"):
        logging.getLogger(name).error("Unexpected ValueError: what the customer said")
    assert _lines(capsys) == []


def test_configuring_twice_does_not_double_the_lines(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO")
    configure_logs("INFO")
    logging.getLogger("amends.server").info("serving")
    assert len(_lines(capsys)) == 1
