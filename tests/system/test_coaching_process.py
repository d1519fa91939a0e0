"""Killed and gone on: a live conversation outlives the server process it began on."""

from collections.abc import Callable
from typing import Any

import pytest
from amends.v1 import empathy_service_pb2 as pb
from amends_client import Client, ClientOptions, Unavailable, agent, customer
from amends_client.testing import ServerProcess
from installed import PATIENCE_S, Started

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

CONVERSATION = [
    customer("My parcel is three weeks late and nobody answers my mails! This is a disgrace."),
    agent("I am so sorry, Mrs Howe: three weeks without your parcel is far too long."),
    customer("So what are you going to do about it?"),
    agent("I will call the depot myself today and ring you by five."),
    agent("Does that work for you?"),
    customer("Yes, thank you, that is kind."),
]


def _client(server: ServerProcess) -> Client:
    return Client(ClientOptions(server.target, timeout_s=PATIENCE_S))


def _coached(server: ServerProcess, between: Callable[[int], None]) -> list[pb.CoachConversationResponse]:
    with _client(server) as client, client.coach(resume_for_s=PATIENCE_S) as coaching:
        answers = []
        for number, turn in enumerate(CONVERSATION):
            between(number)
            answers.append(coaching.ask(turn))
        return answers


def _told(answers: list[pb.CoachConversationResponse]) -> list[tuple[Any, ...]]:
    """All but the ids, of which a conversation that was opened again takes more."""
    return [(a.judgement, a.advice, a.previous_advice_fate, a.resume_token) for a in answers]


def test_a_conversation_outlives_the_server_it_began_on(start: Started, served: ServerProcess) -> None:
    unbroken = _coached(served, between=lambda number: None)
    server = start()
    port, running = server.port, [server]

    def kill_before(number: int) -> None:
        if number in {2, 4}:
            running[-1].process.kill()
            running[-1].wait()
            running.append(start("--port", str(port)))

    assert _told(_coached(server, between=kill_before)) == _told(unbroken)
    assert len(running) == 3
    assert any(answer.HasField("judgement") for answer in unbroken[3:])


def test_open_conversations_do_not_hold_up_the_end_of_a_server(start: Started) -> None:
    server = start("--grace-s", "600")
    with _client(server) as client, client.coach(CONVERSATION[:1], resume_for_s=0) as coaching:
        assert server.end(within_s=30) == 0, "well within the grace of 600 s"
        with pytest.raises(Unavailable):
            coaching.ask(CONVERSATION[1])
    log = server.told
    assert "DRAINING" in log
    assert "Traceback" not in log
