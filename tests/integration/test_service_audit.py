"""The audit log: one line a call, a start and an end a stream; who and how much, and never a word of what was said."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
from amends.v1 import playbook_service_pb2, playbook_service_pb2_grpc
from amends_client import CallError, Client, ClientOptions, NotFound, agent, customer, reply_request
from amends_server.editions import Model, load_model
from amends_server.identity.caller import IdentityError
from amends_server.identity.token_file import with_entry
from amends_server.identity.tokens import make_token
from amends_server.settings import Settings
from running_service import PATIENCE_S, Running, Serve

CANARY = "canary"
TURNS = [customer(f"My {CANARY} is three weeks late! I am furious.")]
REPLY = f"I am so sorry about the {CANARY}. I will find it today."
KEYS = {"event", "time", "request_id", "service", "method", "tenant", "subject", "identified_by"}
ASKED = {"model", "playbooks", "turns", "sentences", "code", "reason", "seconds"}

Audited = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


@pytest.fixture
def running(serve: Serve, log: Path) -> Running:
    return serve(audit_log=str(log))


def client(running: Running, token: str | None = None) -> Client:
    return Client(ClientOptions(running.target, timeout_s=PATIENCE_S, max_attempts=1, token=token))


def lines(log: Path, count: int) -> list[dict[str, Any]]:
    """The records, once there are so many: that of a failed call comes behind its answer."""
    ends = time.monotonic() + PATIENCE_S
    while len(found := log.read_text().splitlines()) < count:
        assert time.monotonic() < ends, found
        time.sleep(0.01)
    assert len(found) == count
    return [json.loads(line) for line in found]


def test_each_call_has_one_line_before_its_answer(running: Running, log: Path) -> None:
    with client(running) as asking:
        asking.score_reply(TURNS, REPLY, request_id="a-1")
        (record,) = [json.loads(line) for line in log.read_text().splitlines()]
        asking.next_step(TURNS, playbook="six_steps")
        asking.score_conversation([*TURNS, agent(REPLY)])
        asking.batch_score_replies(
            [reply_request(TURNS, REPLY, playbook=name) for name in ("unified", "six_steps", "six_steps")]
        )
        asking.list_playbooks()
        asking.health()
    assert set(record) == KEYS | ASKED
    assert (record["event"], record["method"], record["request_id"]) == ("call", "ScoreReply", "a-1")
    assert (record["tenant"], record["subject"], record["identified_by"]) == ("default", "anonymous", "none")
    assert (record["playbooks"], record["turns"], record["sentences"]) == (["unified"], 2, 3)
    assert (record["code"], record["reason"]) == ("OK", "")
    assert 0 < record["seconds"] < PATIENCE_S
    assert record["model"].startswith("amends-minilm-l6 ")
    found = {each["method"]: each for each in lines(log, 5)}
    assert set(found) == {"ScoreReply", "NextStep", "ScoreConversation", "BatchScoreReplies", "ListPlaybooks"}
    assert found["NextStep"]["playbooks"] == ["six_steps"]
    assert found["BatchScoreReplies"]["playbooks"] == ["six_steps", "unified"]
    assert found["BatchScoreReplies"]["turns"] == 6
    assert found["ListPlaybooks"]["turns"] == found["ListPlaybooks"]["sentences"] == 0
    assert CANARY not in log.read_text()


def test_a_stream_has_a_start_and_an_end(running: Running, log: Path) -> None:
    with client(running) as asking, asking.coach(request_id="s-1") as coaching:
        coaching.ask(TURNS[0])
        coaching.ask(agent(REPLY))
        coaching.finish()
        list(coaching)
    start, end = lines(log, 2)
    assert (start["event"], end["event"]) == ("stream_start", "stream_end")
    assert set(start) == KEYS
    assert start["request_id"] == end["request_id"] == "s-1"
    assert (end["turns"], end["sentences"], end["code"]) == (2, 3, "OK")
    assert CANARY not in log.read_text()


def test_failures_are_told_with_code_and_reason_and_without_what_was_sent(running: Running, log: Path) -> None:
    with client(running) as asking:
        with pytest.raises(NotFound):
            asking.score_reply(TURNS, REPLY, playbook=CANARY)
        with pytest.raises(CallError):
            asking.score_reply([], REPLY)
    unknown, invalid = sorted(lines(log, 2), key=lambda record: record["code"], reverse=True)
    assert (unknown["code"], unknown["reason"], unknown["playbooks"]) == ("NOT_FOUND", "UNKNOWN_PLAYBOOK", [])
    assert invalid["code"] == "INVALID_ARGUMENT"
    assert CANARY not in log.read_text()


def test_who_was_not_let_in_has_a_line_without_a_name(serve: Serve, log: Path, tmp_path: Path) -> None:
    token, entry = make_token("default", "desk")
    (tmp_path / "tokens.yaml").write_bytes(with_entry(tmp_path / "tokens.yaml", b"", entry))
    running = serve(audit_log=str(log), tokens=tmp_path / "tokens.yaml")
    for given in (None, f"{token[:-4]}{CANARY[:4]}"):
        with client(running, given) as asking, pytest.raises(CallError):
            asking.score_reply(TURNS, REPLY)
    with client(running, token) as asking:
        asking.score_reply(TURNS, REPLY)
    found = lines(log, 3)
    assert sorted((each["code"], each["reason"]) for each in found) == [
        ("OK", ""),
        ("UNAUTHENTICATED", "BAD_TOKEN"),
        ("UNAUTHENTICATED", "NO_TOKEN"),
    ]
    for each in found:
        assert ("subject" in each) == (each["code"] == "OK")
    assert next(each for each in found if each["code"] == "OK")["subject"] == "desk"
    assert token[24:32] not in log.read_text()


def test_a_call_that_is_tried_again_says_so_beside_the_same_id(
    serve: Serve, model: Model, log: Path, tmp_path: Path
) -> None:
    tenants = tmp_path / "tenants"
    (tenants / "acme").mkdir(parents=True)
    (tenants / "acme" / "tenant.yaml").write_text("calls_per_s: 1\ncalls_burst: 1\n")
    token, entry = make_token("acme", "desk")
    (tmp_path / "tokens.yaml").write_bytes(with_entry(tmp_path / "tokens.yaml", b"", entry))
    identity: dict[str, Any] = {"tokens": tmp_path / "tokens.yaml", "tenant_dir": tenants}
    tenanted = replace(load_model(Settings(**identity)), encoder=model.encoder)
    running = serve(model=tenanted, audit_log=str(log), **identity)
    with Client(ClientOptions(running.target, timeout_s=PATIENCE_S, max_attempts=5, token=token)) as asking:
        asking.list_playbooks(request_id="first")
        asking.list_playbooks(request_id="again")
    once, refused, *_, answered = (json.loads(line) for line in log.read_text().splitlines())
    assert "retry" not in once
    assert (refused["request_id"], refused["code"], "retry" in refused) == ("again", "RESOURCE_EXHAUSTED", False)
    assert (answered["request_id"], answered["code"]) == ("again", "OK")
    assert int(answered["retry"]) >= 1


@pytest.mark.parametrize(
    ("metadata", "retry"),
    [
        ({"x-envoy-attempt-count": "3"}, "2"),
        ({"x-envoy-attempt-count": "1"}, None),
        ({"x-envoy-attempt-count": CANARY}, None),
    ],
)
def test_whoever_tries_a_call_again_it_says_so(
    running: Running, log: Path, metadata: dict[str, str], retry: str | None
) -> None:
    with grpc.insecure_channel(running.target) as channel:
        stub = playbook_service_pb2_grpc.PlaybookServiceStub(channel)
        request = playbook_service_pb2.ListPlaybooksRequest()
        stub.ListPlaybooks(request, metadata=tuple(metadata.items()), timeout=PATIENCE_S)
    (record,) = lines(log, 1)
    assert record.get("retry") == retry


def test_a_full_log_is_put_aside_and_only_some_are_kept(
    serve: Serve, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("amends_server.server.MEGABYTE", 1000)
    with client(serve(audit_log=str(log), audit_max_mb=2, audit_keep=2)) as asking:
        for _ in range(30):
            asking.list_playbooks()
    files = sorted(log.parent.glob("audit.jsonl*"))
    assert [file.name for file in files] == ["audit.jsonl", "audit.jsonl.1", "audit.jsonl.2"]
    for file in files:
        assert file.stat().st_size <= 2000
        assert all(json.loads(line)["method"] == "ListPlaybooks" for line in file.read_text().splitlines())


def test_a_line_that_cannot_be_written_fails_no_call_and_is_counted(
    running: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("logging.handlers.RotatingFileHandler.shouldRollover", full)
    with client(running) as asking:
        asking.list_playbooks()
    assert running.service.metrics.registry.get_sample_value("amends_audit_lost_total") == 1
    assert "audit line lost" in caplog.text


def test_a_path_that_cannot_be_written_is_told_at_the_start(serve: Serve, tmp_path: Path) -> None:
    with pytest.raises(IdentityError, match="cannot write --audit-log"):
        serve(audit_log=str(tmp_path / "nowhere" / "audit.jsonl"))
