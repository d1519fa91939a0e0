"""Traces and gRPC metrics by OpenTelemetry: on the caller's trace, tied to histograms, and without a word of text."""

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.request import Request, urlopen

import grpc
import pytest
from amends.v1 import conversation_pb2, taxonomy_pb2
from amends.v1 import empathy_service_pb2 as pb
from amends.v1.empathy_service_pb2_grpc import EmpathyServiceStub
from live_streams import wait_for
from opentelemetry.trace import SpanKind, StatusCode
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from running_service import PATIENCE_S, Running, Serve
from traces import Traces

CANARY = "zqxmarkerqzx"
METHOD = "amends.v1.EmpathyService/ScoreReply"
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TURN = conversation_pb2.Turn(role=taxonomy_pb2.ROLE_CUSTOMER, text=f"My {CANARY} is late! I am furious.")
REPLY = [conversation_pb2.Turn(role=taxonomy_pb2.ROLE_AGENT, text=f"I am sorry about the {CANARY}.")]


def _request(**changes: Any) -> pb.ScoreReplyRequest:
    reply = [conversation_pb2.ReplyTurn(text=f"I am so sorry about the {CANARY}.")]
    return pb.ScoreReplyRequest(**{"turns": [TURN], "reply": reply, **changes})


@pytest.fixture
def traces() -> Traces:
    return Traces()


@pytest.fixture
def traced(serve: Serve, traces: Traces) -> Running:
    return serve(telemetry=traces.telemetry, metrics_port=0)


@pytest.fixture
def stub(traced: Running) -> Iterator[EmpathyServiceStub]:
    with grpc.insecure_channel(traced.target) as channel:
        yield EmpathyServiceStub(channel)


def _score(stub: EmpathyServiceStub, request: pb.ScoreReplyRequest, *metadata: tuple[str, str]) -> Any:
    return stub.ScoreReply.with_call(request, metadata=metadata, timeout=PATIENCE_S)


def test_a_call_goes_on_its_callers_trace_with_a_span_for_each_part(stub: EmpathyServiceStub, traces: Traces) -> None:
    _score(stub, _request(), ("traceparent", f"00-{TRACE}-{PARENT}-01"))
    (call,) = traces.spans(METHOD)
    assert call.kind is SpanKind.SERVER
    assert f"{call.context.trace_id:032x}" == TRACE
    assert call.parent is not None
    assert f"{call.parent.span_id:016x}" == PARENT
    assert dict(call.attributes or {}) == {
        "rpc.system.name": "grpc",
        "rpc.method": METHOD,
        "rpc.response.status_code": "OK",
    }
    (encode,), (judge,) = traces.spans("amends.encode"), traces.spans("amends.judge")
    assert {part.parent.span_id for part in (encode, judge) if part.parent} == {call.context.span_id}
    assert encode.attributes is not None
    assert (encode.attributes["amends.sentences"], encode.attributes["amends.cached"]) == (2, 0)
    assert encode.attributes["amends.priority"] == "live"
    assert dict(judge.attributes or {}) == {"amends.playbook": "unified"}


def test_a_caller_without_a_trace_begins_one(stub: EmpathyServiceStub, traces: Traces) -> None:
    for parent in ("", "nonsense", f"00-{'0' * 32}-{PARENT}-01"):
        _score(stub, _request(), ("traceparent", parent))
    calls = traces.spans(METHOD)
    assert [call.parent for call in calls] == [None] * 3
    assert len({call.context.trace_id for call in calls}) == 3


def test_a_caller_that_does_not_sample_is_followed(stub: EmpathyServiceStub, traces: Traces, traced: Running) -> None:
    _score(stub, _request(), ("traceparent", f"00-{TRACE}-{PARENT}-00"))
    assert traces.exporter.get_finished_spans() == ()
    assert TRACE not in _open_metrics(traced)


def test_only_a_fault_of_the_service_is_an_error(stub: EmpathyServiceStub, traces: Traces, traced: Running) -> None:
    with pytest.raises(grpc.RpcError):
        _score(stub, _request(playbook="no_such"))
    wait_for(traced, lambda: bool(traces.spans(METHOD)))  # the caller hears of a refusal before the call has ended
    (call,) = traces.spans(METHOD)
    assert call.status.status_code is StatusCode.UNSET
    assert call.attributes is not None
    assert call.attributes["rpc.response.status_code"] == "NOT_FOUND"
    assert call.attributes["error.type"] == "UNKNOWN_PLAYBOOK"


def test_grpc_metrics_have_the_fields_names_and_attributes(
    stub: EmpathyServiceStub, traces: Traces, traced: Running
) -> None:
    request = _request()
    response, _ = _score(stub, request)
    with pytest.raises(grpc.RpcError):
        _score(stub, _request(playbook="no_such"))
    wait_for(traced, lambda: len(traces.spans(METHOD)) == 2)
    assert traces.points("grpc.server.call.started")[METHOD, ""].value == 2
    assert traces.points("grpc.server.call.duration")[METHOD, "OK"].count == 1
    assert traces.points("grpc.server.call.duration")[METHOD, "NOT_FOUND"].count == 1
    received = traces.points("grpc.server.call.rcvd_total_compressed_message_size")[METHOD, "OK"]
    sent = traces.points("grpc.server.call.sent_total_compressed_message_size")[METHOD, "OK"]
    assert received.sum == request.ByteSize()
    assert sent.sum == response.ByteSize()
    assert list(received.explicit_bounds)[:5] == [0, 1024, 2048, 4096, 16384]
    assert received.explicit_bounds[-1] == 4 << 30


def test_a_stream_has_a_span_for_each_event_and_its_messages_counted(stub: EmpathyServiceStub, traces: Traces) -> None:
    events = [
        pb.CoachConversationRequest(event_id="a", start=pb.CoachStart(turns=[TURN])),
        pb.CoachConversationRequest(event_id="b", turn=REPLY[0]),
    ]
    answers = list(stub.CoachConversation(iter(events), timeout=PATIENCE_S))
    (call,) = traces.spans("amends.v1.EmpathyService/CoachConversation")
    parts = traces.spans("amends.event")
    assert [dict(part.attributes or {}) for part in parts] == [{"amends.kind": "start"}, {"amends.kind": "turn"}]
    assert {part.parent.span_id for part in parts if part.parent} == {call.context.span_id}
    (sent,) = traces.points("grpc.server.call.sent_total_compressed_message_size").values()
    assert sent.sum == sum(answer.ByteSize() for answer in answers)


def _open_metrics(running: Running) -> str:
    page = Request(
        f"http://127.0.0.1:{running.service.metrics_port}/metrics",
        headers={"Accept": "application/openmetrics-text; version=1.0.0"},
    )
    with urlopen(page, timeout=PATIENCE_S) as answer:
        text: str = answer.read().decode()
        return text


@pytest.mark.parametrize(
    "name",
    ["grpc_server_handling_seconds", "amends_queue_wait_seconds", "amends_inference_seconds", "amends_score"],
)
def test_histograms_lead_to_the_trace(stub: EmpathyServiceStub, traced: Running, name: str) -> None:
    _score(stub, _request(), ("traceparent", f"00-{TRACE}-{PARENT}-01"))
    families = {family.name: family for family in text_string_to_metric_families(_open_metrics(traced))}
    exemplars = [sample.exemplar for sample in families[name].samples if sample.exemplar]
    assert exemplars, "an exemplar a bucket that was hit"
    assert {exemplar.labels["trace_id"] for exemplar in exemplars} == {TRACE}
    assert set(exemplars[0].labels) == {"trace_id", "span_id"}


def test_without_telemetry_nothing_of_a_trace_is_kept(serve: Serve) -> None:
    running = serve(metrics_port=0)
    with grpc.insecure_channel(running.target) as channel:
        _score(EmpathyServiceStub(channel), _request(), ("traceparent", f"00-{TRACE}-{PARENT}-01"))
    assert TRACE not in _open_metrics(running)


def test_the_log_names_the_trace(stub: EmpathyServiceStub, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="amends.call"):
        _score(stub, _request(), ("traceparent", f"00-{TRACE}-{PARENT}-01"))
    (record,) = [record for record in caplog.records if record.message == "call ended"]
    assert record.__dict__["trace_id"] == TRACE


def test_no_span_and_no_metric_holds_what_was_said(stub: EmpathyServiceStub, traces: Traces) -> None:
    noise = (("tracestate", f"v={CANARY}"), ("baggage", f"k={CANARY}"), ("x-request-id", CANARY), ("x-other", CANARY))
    turn = conversation_pb2.Turn(role=taxonomy_pb2.ROLE_CUSTOMER, text=f"{CANARY} {CANARY}!", speaker_id=CANARY)
    good = {"turns": [turn]}
    traceparent = ("traceparent", f"00-{TRACE}-{PARENT}-01")
    for request in (
        _request(**good),
        _request(playbook=CANARY),
        _request(locale=f"{CANARY} {CANARY}"),
        _request(reply=[conversation_pb2.ReplyTurn(text=f"{CANARY}\x00{CANARY}")]),
        _request(turns=[]),
    ):
        for call, message in (
            (stub.ScoreReply, request),
            (stub.NextStep, pb.NextStepRequest(turns=request.turns, playbook=request.playbook)),
            (stub.BatchScoreReplies, pb.BatchScoreRepliesRequest(requests=[request])),
            (stub.ScoreConversation, pb.ScoreConversationRequest(turns=[*request.turns, *REPLY])),
        ):
            with suppress(grpc.RpcError):
                call(message, metadata=(*noise, traceparent), timeout=PATIENCE_S)
    with suppress(grpc.RpcError):
        list(stub.CoachConversation(iter([pb.CoachConversationRequest(event_id=CANARY, turn=turn)]), metadata=noise))
    exported = traces.everything()
    assert len(re.findall('"rpc.method"', exported)) >= 20
    assert CANARY not in exported


def test_the_exporters_end_with_the_service(traced: Running, traces: Traces) -> None:
    traced.run(traced.service.stop(0))
    assert traces.closed == 1
