"""The metrics page: the field's names for gRPC, ours for what the model sees, and no label a caller could invent."""

from collections.abc import Callable
from contextlib import suppress

import grpc
import pytest
from amends.v1 import empathy_service_pb2, playbook_service_pb2
from amends_client import CallError, Client, ClientOptions, agent, customer, reply_request
from amends_core.coaching import Fate
from amends_core.judgement import Verdict
from amends_core.taxonomy import MISSTEPS, STEPS
from amends_server.encoding.policy import Limit, Priority
from amends_server.server import Model
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from raw_calls import Refusal
from running_service import PATIENCE_S, Running, Serve

TURNS = [customer("My parcel is three weeks late! I am furious.")]
SCORED = {"grpc_service": "amends.v1.EmpathyService", "grpc_method": "ScoreReply"}
_OURS = [
    *empathy_service_pb2.DESCRIPTOR.services_by_name.values(),
    *playbook_service_pb2.DESCRIPTOR.services_by_name.values(),
]


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


def test_every_label_is_from_a_list_that_we_wrote(
    called: Running, model: Model, refused: Callable[..., Refusal]
) -> None:
    with grpc.insecure_channel(called.target) as channel:
        for path in ("/amends.v1.EmpathyService/MadeUp", "/made.up.Service/Method", "/grpc.health.v1.Health/MadeUp"):
            refused(channel, path, b"")
    methods = {method.name for service in _OURS for method in service.methods}
    allowed = {
        "grpc_type": {"unary", "server_stream", "bidi_stream"},
        "grpc_service": {service.full_name for service in _OURS} | {"grpc.health.v1.Health"},
        "grpc_method": methods | {"Check", "Watch"},
        "grpc_code": {code.name for code in grpc.StatusCode},
        "playbook": {playbook.name for playbook in model.library},
        "verdict": {verdict.value for verdict in Verdict},
        "step": {step.value for step in STEPS},
        "misstep": {misstep.value for misstep in MISSTEPS},
        "result": {"hit", "miss"},
        "fate": {fate.value for fate in Fate},
        "event": {"start", "turn", "partial_turn"},
        "priority": {priority.name.lower() for priority in Priority},
        "reason": {limit.value for limit in Limit} | {"live_conversations", "expired", "cancelled"},
        "outcome": {"read", "passed_over", "loaded", "refused", "postponed"},
    }
    families = _families(called)
    del families["amends_model_info"]  # by the operator, not by the caller
    ours = [family for name, family in families.items() if name.startswith(("amends_", "grpc_"))]
    for sample in (sample for family in ours for sample in family.samples):
        for label, value in sample.labels.items():
            assert label == "le" or value in allowed[label], (sample.name, label, value)


def test_an_unknown_method_makes_no_series(called: Running, refused: Callable[..., Refusal]) -> None:
    before = called.metrics_page().count("grpc_server_started_total{")
    with grpc.insecure_channel(called.target) as channel:
        refused(channel, "/made.up.Service/Method", b"")
    assert called.metrics_page().count("grpc_server_started_total{") == before


def test_a_refusal_for_load_is_counted_by_its_reason(serve: Serve) -> None:
    running = serve(metrics_port=0, max_queue=1, inference_threads=1, cache_mb=0)
    with Client(ClientOptions(running.target, timeout_s=PATIENCE_S)) as client:
        crowd = [reply_request(TURNS, f"I am sorry about box {n}.") for n in range(100)]
        results = client.batch_score_replies(crowd).results
    refused = sum(result.WhichOneof("outcome") == "error" for result in results)
    assert 0 < refused < 100
    assert _sum(_families(running), "amends_admission_refused_total", reason="queue_full") == refused
