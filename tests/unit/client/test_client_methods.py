"""Every RPC has a method in both clients, and each method sends what it was given."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import amends_client
import pytest
from amends.v1 import (
    advice_pb2,
    conversation_pb2,
    empathy_service_pb2,
    judgement_pb2,
    playbook_pb2,
    playbook_service_pb2,
    server_info_pb2,
    taxonomy_pb2,
)
from amends_client import AsyncClient, AsyncCoaching, Client, Coaching, agent, customer, reply_request
from amends_client.testing import FakeServer
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2

SERVICES = (
    empathy_service_pb2.DESCRIPTOR.services_by_name["EmpathyService"],
    playbook_service_pb2.DESCRIPTOR.services_by_name["PlaybookService"],
)
METHOD_OF_RPC: Mapping[str, str] = {
    "ScoreReply": "score_reply",
    "NextStep": "next_step",
    "ScoreConversation": "score_conversation",
    "BatchScoreReplies": "batch_score_replies",
    "GetServerInfo": "server_info",
    "ListPlaybooks": "list_playbooks",
    "GetPlaybook": "get_playbook",
}
STREAM_OF_RPC: Mapping[str, str] = {"CoachConversation": "coach"}
OF_NO_RPC = {"health", "close"}

TURNS = (customer("It is a week late!"), agent("I see."))
JUDGEMENT = judgement_pb2.Judgement(score=72.25)


def public_methods(kind: type) -> dict[str, Callable[..., Any]]:
    return {name: value for name, value in vars(kind).items() if inspect.isfunction(value) and name[0] != "_"}


def test_every_rpc_has_a_method() -> None:
    rpcs = {method.name for service in SERVICES for method in service.methods}
    assert rpcs == {*METHOD_OF_RPC, *STREAM_OF_RPC}


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_every_method_has_an_rpc(kind: type) -> None:
    assert set(public_methods(kind)) - OF_NO_RPC == {*METHOD_OF_RPC.values(), *STREAM_OF_RPC.values()}


TWINS = pytest.mark.parametrize(("kind", "twin"), [(Client, AsyncClient), (Coaching, AsyncCoaching)])


def signature_of(method: Callable[..., Any]) -> inspect.Signature:
    """The signature; where a client gives a conversation of its own kind, without that."""
    signature = inspect.signature(method)
    return signature.replace(return_annotation=None) if "Coaching" in str(signature.return_annotation) else signature


@TWINS
def test_both_clients_have_the_same_signatures(kind: type, twin: type) -> None:
    blocking, asynchronous = public_methods(kind), public_methods(twin)
    assert {name: signature_of(method) for name, method in blocking.items()} == {
        name: signature_of(method) for name, method in asynchronous.items()
    }


@pytest.mark.parametrize(
    ("kind", "at_once"), [(AsyncClient, {"coach"}), (AsyncCoaching, {"send", "send_partial", "finish"})]
)
def test_every_method_that_waits_is_awaited(kind: type, at_once: set[str]) -> None:
    methods = public_methods(kind)
    assert {name for name, method in methods.items() if not inspect.iscoroutinefunction(method)} == at_once


@TWINS
def test_both_clients_document_the_same(kind: type, twin: type) -> None:
    blocking, asynchronous = public_methods(kind), public_methods(twin)
    assert {name: method.__doc__ for name, method in blocking.items()} == {
        name: method.__doc__ for name, method in asynchronous.items()
    }


def test_all_names_what_the_package_imports_and_is_sorted() -> None:
    imported = {
        name for name, value in vars(amends_client).items() if inspect.isclass(value) or inspect.isfunction(value)
    }
    assert set(amends_client.__all__) == imported
    assert amends_client.__all__ == sorted(amends_client.__all__)


def test_all_holds_every_error() -> None:
    def subclasses(kind: type[Exception]) -> set[str]:
        return {kind.__name__}.union(*(subclasses(child) for child in kind.__subclasses__()))

    assert subclasses(amends_client.ClientError) <= set(amends_client.__all__)


CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any], Message, Message]] = [
    (
        "ScoreReply",
        (TURNS, "I am sorry."),
        {"playbook": "least", "locale": "en-GB"},
        empathy_service_pb2.ScoreReplyRequest(
            turns=TURNS, reply=[conversation_pb2.ReplyTurn(text="I am sorry.")], playbook="least", locale="en-GB"
        ),
        empathy_service_pb2.ScoreReplyResponse(judgement=JUDGEMENT),
    ),
    (
        "ScoreReply",
        (TURNS, ["I am sorry.", "It comes today."]),
        {},
        empathy_service_pb2.ScoreReplyRequest(
            turns=TURNS,
            reply=[
                conversation_pb2.ReplyTurn(text="I am sorry."),
                conversation_pb2.ReplyTurn(text="It comes today."),
            ],
        ),
        empathy_service_pb2.ScoreReplyResponse(judgement=JUDGEMENT),
    ),
    (
        "NextStep",
        (TURNS,),
        {"playbook": "least", "locale": "en", "max_steps": 5},
        empathy_service_pb2.NextStepRequest(turns=TURNS, playbook="least", locale="en", max_steps=5),
        empathy_service_pb2.NextStepResponse(advice=advice_pb2.Advice(stage="hear")),
    ),
    (
        "ScoreConversation",
        (TURNS,),
        {"playbook": "least", "locale": "en"},
        empathy_service_pb2.ScoreConversationRequest(turns=TURNS, playbook="least", locale="en"),
        empathy_service_pb2.ScoreConversationResponse(
            replies=[empathy_service_pb2.JudgedReply(judgement=JUDGEMENT, first_turn_index=1)]
        ),
    ),
    (
        "BatchScoreReplies",
        ([reply_request(TURNS, "I am sorry."), reply_request(TURNS, "Sure.")],),
        {},
        empathy_service_pb2.BatchScoreRepliesRequest(
            requests=[reply_request(TURNS, "I am sorry."), reply_request(TURNS, "Sure.")]
        ),
        empathy_service_pb2.BatchScoreRepliesResponse(
            results=[empathy_service_pb2.BatchScoreRepliesResult(judgement=JUDGEMENT)]
        ),
    ),
    (
        "ListPlaybooks",
        (),
        {},
        playbook_service_pb2.ListPlaybooksRequest(),
        playbook_service_pb2.ListPlaybooksResponse(playbooks=[playbook_pb2.Playbook(title="LEAST")]),
    ),
    (
        "GetPlaybook",
        ("least",),
        {},
        playbook_service_pb2.GetPlaybookRequest(name="least"),
        playbook_service_pb2.GetPlaybookResponse(playbook=playbook_pb2.Playbook(title="LEAST")),
    ),
    (
        "GetServerInfo",
        (),
        {},
        empathy_service_pb2.GetServerInfoRequest(),
        empathy_service_pb2.GetServerInfoResponse(info=server_info_pb2.ServerInfo(server_version="1.0")),
    ),
]


@pytest.mark.parametrize(("rpc", "args", "kwargs", "request_message", "response"), CALLS)
def test_method_sends_its_request_and_gives_the_response(
    server: FakeServer,
    ask: Callable[..., Any],
    rpc: str,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    request_message: Message,
    response: Message,
) -> None:
    server.answer(rpc, response)
    assert ask(METHOD_OF_RPC[rpc], *args, **kwargs) == response
    assert [(call.method, call.request) for call in server.calls] == [(rpc, request_message)]


def test_every_rpc_is_among_the_calls() -> None:
    assert {rpc for rpc, *_ in CALLS} == set(METHOD_OF_RPC)


@pytest.mark.parametrize("service", ["", "amends.v1.EmpathyService"])
def test_health_asks_for_the_service(server: FakeServer, ask: Callable[..., Any], service: str) -> None:
    answer = health_pb2.HealthCheckResponse(status=health_pb2.HealthCheckResponse.NOT_SERVING)
    server.answer("Check", answer)
    assert ask("health", service) == answer
    assert server.calls[0].request == health_pb2.HealthCheckRequest(service=service)


def test_roles_of_turns() -> None:
    assert [turn.role for turn in TURNS] == [taxonomy_pb2.ROLE_CUSTOMER, taxonomy_pb2.ROLE_AGENT]
