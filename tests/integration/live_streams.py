"""Live conversations as a foreign client holds them."""

import asyncio
import queue
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from amends.v1 import conversation_pb2, empathy_service_pb2_grpc
from amends.v1 import empathy_service_pb2 as pb
from amends_client import agent, customer
from raw_calls import Refusal, read_refusal
from running_service import PATIENCE_S, Running

LATE = customer("My parcel is three weeks late and nobody answers my mails! This is a disgrace.")
SORRY = agent("I am so sorry, Mrs Howe: three weeks without your parcel is far too long.")
CALL = agent("I will call the depot myself today and ring you by five. Does that work for you?")
THANKS = customer("Thank you, that is kind.")
CONVERSATION = [LATE, SORRY, CALL, THANKS]

METHOD = {
    "grpc_type": "bidi_stream",
    "grpc_service": "amends.v1.EmpathyService",
    "grpc_method": "CoachConversation",
}


def start(*turns: conversation_pb2.Turn, token: bytes = b"", playbook: str = "") -> pb.CoachConversationRequest:
    opening = pb.CoachStart(turns=turns, resume_token=token, playbook=playbook)
    return pb.CoachConversationRequest(event_id="start", start=opening)


def turn(message: conversation_pb2.Turn, event_id: str) -> pb.CoachConversationRequest:
    return pb.CoachConversationRequest(event_id=event_id, turn=message)


def partial(message: conversation_pb2.Turn, event_id: str) -> pb.CoachConversationRequest:
    return pb.CoachConversationRequest(event_id=event_id, partial_turn=message)


class Stream:
    """One stream, held by the test."""

    def __init__(self, channel: grpc.Channel, **terms: Any) -> None:
        self._events: queue.SimpleQueue[pb.CoachConversationRequest | None] = queue.SimpleQueue()
        stub = empathy_service_pb2_grpc.EmpathyServiceStub(channel)
        self.call: Any = stub.CoachConversation(iter(self._events.get, None), timeout=PATIENCE_S, **terms)

    def send(self, *events: pb.CoachConversationRequest) -> None:
        for event in events:
            self._events.put(event)

    def ask(self, event: pb.CoachConversationRequest) -> pb.CoachConversationResponse:
        self.send(event)
        answer: pb.CoachConversationResponse = next(self.call)
        assert answer.event_id == event.event_id
        return answer

    def finish(self) -> list[pb.CoachConversationResponse]:
        self._events.put(None)
        return list(self.call)

    def refusal(self) -> Refusal:
        with pytest.raises(grpc.RpcError) as caught:
            list(self.call)
        self._events.put(None)
        return read_refusal(caught.value)

    def cancel(self) -> None:
        self.call.cancel()
        self._events.put(None)


OpenStream = Callable[..., Stream]


def total(running: Running, name: str, **labels: str) -> float:
    return running.service.metrics.registry.get_sample_value(name, labels) or 0.0


def wait_for(running: Running, holds: Callable[[], bool]) -> None:
    """Waits on the loop's own turns."""

    async def wait() -> None:
        while not holds():
            await asyncio.sleep(0)

    running.run(asyncio.wait_for(wait(), PATIENCE_S))
