"""`amends coach`: a line in, a judgement or advice out, while the conversation goes on."""

import json
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from amends.v1 import empathy_service_pb2 as pb
from amends.v1 import judgement_pb2, taxonomy_pb2
from amends_client.testing import Failure, FakeServer

Run = Callable[..., Any]

SAID = "customer: It is a week late!"
REPLIED = "agent: I am so sorry about the wait."


@pytest.fixture
def answers(advised: pb.NextStepResponse, judgement: judgement_pb2.Judgement) -> list[pb.CoachConversationResponse]:
    """Of the opening, of SAID and of REPLIED."""
    return [
        pb.CoachConversationResponse(resume_token=b"t0"),
        pb.CoachConversationResponse(resume_token=b"t1", advice=advised.advice),
        pb.CoachConversationResponse(
            resume_token=b"t2", judgement=judgement, previous_advice_fate=pb.ADVICE_FATE_IGNORED
        ),
    ]


def test_each_line_is_a_turn_and_has_its_answer(
    server: FakeServer, run: Run, answers: list[pb.CoachConversationResponse]
) -> None:
    server.answer("CoachConversation", *answers)
    result = run("coach", "--playbook", "unified", "--locale", "en-GB", stdin=f"{SAID}\n\n{REPLIED}\n")
    assert result.exit_code == 0, result.output
    advice, judged = result.stdout.split("31.25 of 100")
    assert "next: empathize" in advice
    assert "“That must be so frustrating.”" in advice
    assert "avoid take action: A remedy would come too early." in advice
    assert "blame customer: It says the customer was late." in judged
    assert "better: Say that a week of waiting is hard." in judged
    assert "advice before: ignored" in judged
    opening, said, replied = (call.request for call in server.calls)
    assert (opening.start.playbook, opening.start.locale) == ("unified", "en-GB")
    assert (said.turn.text, replied.turn.text) == ("It is a week late!", "I am so sorry about the wait.")


def test_what_is_to_be_repaired_is_said_with_the_advice(
    server: FakeServer, run: Run, answers: list[pb.CoachConversationResponse]
) -> None:
    answers[1].advice.repairs.add(misstep=taxonomy_pb2.MISSTEP_DEFEND, text="Your last turn argued: stop.")
    answers[1].advice.follow_up_due = True
    server.answer("CoachConversation", *answers)
    shown = run("coach", stdin=SAID).stdout
    assert "repair defend: Your last turn argued: stop.\n" in shown
    assert "follow-up due" in shown


def test_advice_that_did_not_change_is_not_said_again(server: FakeServer, run: Run) -> None:
    server.answer("CoachConversation", pb.CoachConversationResponse(resume_token=b"t"))
    assert run("coach", stdin=SAID).stdout.strip() == "advice as before"


def test_answers_as_lines_of_json(server: FakeServer, run: Run, answers: list[pb.CoachConversationResponse]) -> None:
    server.answer("CoachConversation", *answers)
    advice, judged = map(json.loads, run("coach", "--json", stdin=f"{SAID}\n{REPLIED}").stdout.splitlines())
    assert advice["advice"]["steps"][0]["step"] == "STEP_EMPATHIZE"
    assert judged["judgement"]["score"] == 31.25
    assert judged["previous_advice_fate"] == "ADVICE_FATE_IGNORED"


def test_what_was_answered_stays_where_a_later_line_is_broken(
    server: FakeServer, run: Run, answers: list[pb.CoachConversationResponse]
) -> None:
    server.answer("CoachConversation", *answers)
    for broken, problem in (
        ("Hello?", "line 2: begins with no speaker"),
        ("agent:", "line 2: the agent says nothing"),
        (b"agent: \xff", "line 2: is not UTF-8"),
    ):
        line = broken if isinstance(broken, bytes) else broken.encode()
        result = run("coach", stdin=SAID.encode() + b"\n" + line)
        assert result.exit_code == 2
        assert problem in result.stderr
    assert len(server.calls) == 6, "a broken line is not sent"


def test_a_refusal_is_one_line(server: FakeServer, run: Run) -> None:
    server.answer("CoachConversation", Failure(grpc.StatusCode.NOT_FOUND, "no playbook is named 'least'"))
    result = run("coach", "--playbook", "least", stdin=SAID)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert "amends playbooks" in result.stderr
