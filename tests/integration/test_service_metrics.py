"""The metrics page: the field's names for gRPC, ours for what the model sees, and no label a caller could invent."""

import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import product
from typing import Any

import grpc
import pytest
from amends.v1 import conversation_pb2, taxonomy_pb2
from amends.v1 import empathy_service_pb2 as pb
from amends.v1.empathy_service_pb2_grpc import EmpathyServiceStub
from amends_client import CallError, Client, ClientOptions, agent, customer, reply_request
from amends_server.editions import Model
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from raw_calls import Refusal
from running_service import PATIENCE_S, Running, Serve

TURNS = [customer("My parcel is three weeks late! I am furious.")]
SCORED = {"grpc_service": "amends.v1.EmpathyService", "grpc_method": "ScoreReply"}
Labels = Mapping[str, Sequence[str]]
MADE_UP_PATHS = ("/amends.v1.EmpathyService/MadeUp", "/made.up.Service/Method", "/grpc.health.v1.Health/MadeUp")
TEXTS = ("Mein Paket ist weg!", "Mon colis a disparu !", "荷物がまだ届きません。", "أين طردي؟", "ok", "\U0001f614 4K?")
"""Each of the values of the label `language`, and characters of many kinds."""
FOUND = {"amends_verdicts_total", "amends_steps_total", "amends_missteps_total"}
"""What the model finds in a text differs from text to text, and comes from its own lists."""


def _families(running: Running) -> dict[str, Metric]:
    return {family.name: family for family in text_string_to_metric_families(running.metrics_page())}


def _sum(families: dict[str, Metric], sample: str, **labels: str) -> float:
    return sum(
        s.value
        for family in families.values()
        for s in family.samples
        if s.name == sample and labels.items() <= s.labels.items()
    )


@pytest.fixture
def called(serve: Serve) -> Running:
    """A service that answered two calls and refused two."""
    running = serve(metrics_port=0)
    with Client(ClientOptions(running.target, timeout_s=PATIENCE_S)) as client:
        client.score_reply(TURNS, "I am so sorry about the wait. You should have called us, frankly.")
        client.score_reply(TURNS, "I am so sorry about the wait.", playbook="six_steps")
        client.next_step(TURNS)
        client.score_conversation([*TURNS, agent("I will refund you today."), customer("Thanks.")])
        client.list_playbooks()
        with client.coach(TURNS, playbook="empathy_first") as coaching:
            coaching.ask(agent("I am so sorry about the wait."))
            coaching.ask(customer("Thanks."))
            coaching.send_partial(customer("And"))
            coaching.finish()
            assert len(list(coaching)) == 1
        for refused in (
            lambda: client.score_reply([], "Hello."),
            lambda: client.score_reply(TURNS, "Hello.", playbook="made_up_by_the_caller"),
            lambda: client.batch_score_replies([reply_request(TURNS, "Hi.", playbook="made_up_too")]),
        ):
            with suppress(CallError):
                refused()
    return running


def test_calls_are_counted_by_method_and_code(called: Running) -> None:
    families = _families(called)
    assert _sum(families, "grpc_server_started_total", **SCORED) == 4
    assert _sum(families, "grpc_server_handled_total", **SCORED, grpc_code="OK") == 2
    assert _sum(families, "grpc_server_handled_total", **SCORED, grpc_code="INVALID_ARGUMENT") == 1
    assert _sum(families, "grpc_server_handled_total", **SCORED, grpc_code="NOT_FOUND") == 1
    assert _sum(families, "grpc_server_msg_received_total", **SCORED) == 4
    assert _sum(families, "grpc_server_msg_sent_total", **SCORED) == 2
    assert _sum(families, "grpc_server_handling_seconds_count", **SCORED) == 4
    assert _sum(families, "amends_calls_in_flight") == 0


def test_calls_of_every_method_are_counted_before_the_first(serve: Serve, metric_labels: Labels) -> None:
    families = _families(serve(metrics_port=0, reflection=True))
    calls = [s for s in families["grpc_server_started"].samples if s.name == "grpc_server_started_total"]
    assert {s.labels["grpc_method"] for s in calls} == set(metric_labels["grpc_method"])
    assert {s.labels["grpc_service"] for s in calls} == set(metric_labels["grpc_service"])
    assert {s.value for s in calls} == {0}
    ended = [s for s in families["grpc_server_handled"].samples if s.name == "grpc_server_handled_total"]
    assert {(s.labels["grpc_method"], s.labels["grpc_code"], s.value) for s in ended} == set(
        product(metric_labels["grpc_method"], ("OK", "UNAVAILABLE"), (0,))
    )


def test_what_the_model_saw_is_counted(called: Running) -> None:
    families = _families(called)
    assert _sum(families, "amends_score_count", playbook="unified") == 2
    assert _sum(families, "amends_score_count", playbook="six_steps") == 1
    assert _sum(families, "amends_score_count", playbook="empathy_first") == 1
    assert _sum(families, "amends_verdicts_total") == 4
    assert _sum(families, "amends_confidence_count") == 4
    assert _sum(families, "amends_customer_upset_count") == 4
    assert _sum(families, "amends_cache_requests_total", result="hit") >= 2
    encoded = _sum(families, "amends_cache_requests_total", result="miss")
    assert encoded >= 4
    for name in ("amends_inference_seconds", "amends_queue_wait_seconds", "amends_sentence_tokens"):
        assert _sum(families, f"{name}_count") == encoded
    assert _sum(families, "amends_cache_bytes") > 0


def test_model_and_process_are_told(called: Running, model: Model) -> None:
    families = _families(called)
    assert _sum(families, "amends_model_info", sha256=model.bundle.sha256, name=model.bundle.manifest.name) == 1
    assert _sum(families, "amends_start_seconds") > 0
    assert _sum(families, "process_resident_memory_bytes") > 0


def _series(running: Running) -> set[tuple[str, tuple[tuple[str, str], ...]]]:
    """Name and labels of every sample of ours."""
    ours = [family for name, family in _families(running).items() if name.startswith(("amends_", "grpc_"))]
    return {(sample.name, tuple(sample.labels.items())) for family in ours for sample in family.samples}


def _check_labels(running: Running, model: Model, metric_labels: Labels) -> None:
    manifest = model.bundle.manifest
    by_operator = {
        "model_version": [manifest.version],
        "version": [manifest.version],
        "name": [manifest.name],
        "sha256": [model.bundle.sha256],
    }
    allowed = {**metric_labels, **by_operator}
    for sample, labels in _series(running):
        for label, value in labels:
            assert label == "le" or value in allowed[label], (sample, label, value)


def test_every_label_is_from_a_list_that_we_wrote(
    called: Running, model: Model, refused: Callable[..., Refusal], metric_labels: Labels
) -> None:
    with grpc.insecure_channel(called.target) as channel:
        for path in MADE_UP_PATHS:
            refused(channel, path, b"")
    _check_labels(called, model, metric_labels)


def _flood(channel: grpc.Channel, refused: Callable[..., Refusal], number: int) -> None:
    """What a caller can vary: methods, services, playbooks, locales, metadata, priorities, ids, roles and languages."""
    stub = EmpathyServiceStub(channel)
    text = f"{TEXTS[number % len(TEXTS)]} {number}"
    turn = conversation_pb2.Turn(role=taxonomy_pb2.ROLE_CUSTOMER, text=text, speaker_id=f"speaker-{number}")
    good = pb.ScoreReplyRequest(turns=[turn], reply=[conversation_pb2.ReplyTurn(text=f"I am sorry. {text}")])
    for path in MADE_UP_PATHS:
        refused(channel, f"{path}{number}", b"")
    changed = [
        (good, (("x-request-id", f"id-{number}"), (f"x-made-up-{number}", "1"), ("user-agent", f"agent-{number}"))),
        (good, (("x-amends-priority", ("live", "interactive", "bulk")[number % 3]),)),
        (good, (("x-amends-priority", f"made-up-{number}"),)),
        (good, (("traceparent", f"00-{number + 1:032x}-{number + 1:016x}-01"), ("tracestate", f"v={number}"))),
        (_with(good, playbook=f"made_up_{number}"), ()),
        (_with(good, locale=f"en-x-made{number}"), ()),
        (_with(good, turns=[conversation_pb2.Turn(role=10 + number, text=text)]), ()),  # type: ignore[arg-type]
        (_with(good, turns=[]), ()),
    ]
    for request, metadata in changed:
        with suppress(grpc.RpcError):
            stub.ScoreReply(request, metadata=metadata, timeout=PATIENCE_S)
    start = pb.CoachConversationRequest(event_id=f"event-{number}", start=pb.CoachStart(turns=[turn]))
    with suppress(grpc.RpcError):
        list(stub.CoachConversation(iter([start]), timeout=PATIENCE_S))


def _with(request: pb.ScoreReplyRequest, **changes: Any) -> pb.ScoreReplyRequest:
    changed = pb.ScoreReplyRequest()
    changed.CopyFrom(request)
    for field in changes:
        changed.ClearField(field)  # type: ignore[arg-type]
    changed.MergeFrom(pb.ScoreReplyRequest(**changes))
    return changed


def test_no_flood_of_what_a_caller_makes_up_adds_a_series(
    called: Running, model: Model, refused: Callable[..., Refusal], metric_labels: Labels
) -> None:
    with grpc.insecure_channel(called.target) as channel:
        for number in range(12):
            _flood(channel, refused, number)
        before = _series(called)
        languages = {dict(labels)["language"] for sample, labels in before if sample == "amends_sentences_total"}
        assert languages == set(metric_labels["language"])
        for number in range(12, 72):
            _flood(channel, refused, number)
    assert {series for series in _series(called) - before if series[0] not in FOUND} == set()
    _check_labels(called, model, metric_labels)


def test_a_refusal_for_load_is_counted_by_its_reason(serve: Serve) -> None:
    running = serve(metrics_port=0, max_queue=1, workers=1, cache_mb=0)
    with Client(ClientOptions(running.target, timeout_s=PATIENCE_S)) as client:
        crowd = [reply_request(TURNS, f"I am sorry about box {n}.") for n in range(100)]
        results = client.batch_score_replies(crowd).results
    refused = sum(result.WhichOneof("outcome") == "error" for result in results)
    assert 0 < refused < 100
    assert _sum(_families(running), "amends_admission_refused_total", reason="queue_full", priority="bulk") == refused
    assert _sum(_families(running), "amends_admission_accepted_total", priority="bulk") == 100 - refused


def test_drift_can_be_measured_against_the_reference(called: Running, model: Model) -> None:
    families, version = _families(called), model.bundle.manifest.version
    assert model.reference is not None
    for playbook in ("unified", "six_steps"):
        labels = {"model_version": version, "playbook": playbook, "figure": "score"}
        assert _sum(families, "amends_reference_ratio", **labels) == pytest.approx(1)
        judged = _sum(families, "amends_score_count", playbook=playbook)
        assert _sum(families, "amends_drift_observations_total", **labels) == judged > 0


def test_a_bundle_without_a_reference_serves_and_measures_no_drift(serve: Serve, model: Model) -> None:
    running = serve(model=replace(model, reference=None), metrics_port=0)
    with Client(ClientOptions(running.target, timeout_s=PATIENCE_S)) as client:
        client.score_reply(TURNS, "I am so sorry about the wait.")
    page = running.metrics_page()
    assert "amends_score_count{" in page
    assert "amends_drift_observations_total{" not in page


def test_what_the_service_has_is_told(called: Running) -> None:
    families = _families(called)
    assert _sum(families, "amends_encoder_workers") == 2
    assert _sum(families, "amends_sentences_total", language="en") > 0
    assert _sum(families, "amends_request_tokens_count") >= 4
    assert _sum(families, "amends_admission_accepted_total") > 0


@pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not here: install Debian's package prometheus"
)
def test_names_follow_prometheus_conventions(called: Running) -> None:
    command = ["promtool", "check", "metrics"]
    done = subprocess.run(command, input=called.metrics_page(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
