"""The other commands."""

import json
import sys
import types
from collections.abc import Callable
from typing import Any

import pytest
from amends.v1 import (
    conversation_pb2,
    empathy_service_pb2,
    judgement_pb2,
    playbook_pb2,
    playbook_service_pb2,
    taxonomy_pb2,
)
from amends_cli.app import app
from amends_client.testing import FakeServer
from typer.testing import CliRunner

Run = Callable[..., Any]

SAID = "customer: It is a week late!"


def judged(judgement: judgement_pb2.Judgement) -> empathy_service_pb2.ScoreConversationResponse:
    here = judgement_pb2.Judgement()
    here.CopyFrom(judgement)
    spans = [span for step in here.steps for span in step.spans]
    for span in [*spans, *here.missteps[0].spans]:
        span.turn_index = 1
    calm = judgement_pb2.CustomerSignals(upset=0.2, act=taxonomy_pb2.CUSTOMER_ACT_SATISFIED, act_probability=0.9)
    return empathy_service_pb2.ScoreConversationResponse(
        replies=[
            empathy_service_pb2.JudgedReply(first_turn_index=1, last_turn_index=2, speaker_id="a7", judgement=here)
        ],
        arc=empathy_service_pb2.Arc(
            points=[
                empathy_service_pb2.ArcPoint(turn_index=0, customer=judgement.customer, stage="hear"),
                empathy_service_pb2.ArcPoint(turn_index=3, customer=calm, stage="close"),
            ],
            upset_change=-0.63,
            mean_score=31.25,
            best_turn_index=1,
            worst_turn_index=1,
            first_remedy_turn_index=2,
        ),
    )


def test_conversation_shows_each_reply_and_the_arc(
    server: FakeServer, run: Run, judgement: judgement_pb2.Judgement
) -> None:
    server.answer("ScoreConversation", judged(judgement))
    reply = "I am so sorry about the wait. You should have called us earlier."
    result = run("conversation", stdin=f"{SAID}\nagent: {reply}\nagent: It comes today.\ncustomer: Thanks!")
    assert result.exit_code == 0, result.stderr
    for shown in (
        "reply of a7, turns 1 to 2",
        "1     I am so sorry about the wait. [apologize] You should have called us earlier. [blame customer]",
        "2     It comes today.",
        "31.25 of 100, falls short",
        "blame customer: It says the customer was late.",
        "better: Say that a week of waiting is hard.",
        "0     0.83   █████████████████  vent 0.71       hear",
        "3     0.20   ████               satisfied 0.90  close",
        "upset changed by -0.63, mean score 31.25, best reply at turn 1, worst at turn 1, no empathy, "
        "first remedy at turn 2",
    ):
        assert shown in result.stdout


def test_conversation_without_replies_shows_the_arc(server: FakeServer, run: Run) -> None:
    server.answer("ScoreConversation", empathy_service_pb2.ScoreConversationResponse())
    assert "upset changed by +0.00, no empathy, no remedy" in run("conversation", stdin=SAID).stdout


def test_conversation_takes_the_reply_of_a_document_as_turns(server: FakeServer, run: Run) -> None:
    server.answer("ScoreConversation", empathy_service_pb2.ScoreConversationResponse())
    document = {"turns": [{"role": "customer", "text": "Late!"}], "reply": ["Sorry."], "playbook": "least"}
    result = run("conversation", "--json", stdin=json.dumps(document))
    assert json.loads(result.stdout)["replies"] == []
    assert server.calls[0].request == empathy_service_pb2.ScoreConversationRequest(
        turns=[
            conversation_pb2.Turn(role=taxonomy_pb2.ROLE_CUSTOMER, text="Late!"),
            conversation_pb2.Turn(role=taxonomy_pb2.ROLE_AGENT, text="Sorry."),
        ],
        playbook="least",
    )


def test_next_shows_steps_phrasings_and_what_to_avoid(
    server: FakeServer, run: Run, advised: empathy_service_pb2.NextStepResponse
) -> None:
    server.answer("NextStep", advised)
    result = run("next", stdin=SAID)
    assert result.exit_code == 0, result.stderr
    for shown in (
        "next: empathize",
        "playbook unified 1.0, stage hear (1)",
        "empathize  0.62         The customer was not heard yet.",
        "“That must be so frustrating.”",
        "avoid take action: A remedy would come too early.",
        "avoid defend: Policy is near.",
        "customer upset 0.83",
    ):
        assert shown in result.stdout


def test_next_shows_what_to_repair_and_what_the_conversation_is_about(
    server: FakeServer, run: Run, advised: empathy_service_pb2.NextStepResponse
) -> None:
    advice = advised.advice
    advice.repairs.add(misstep=taxonomy_pb2.MISSTEP_DEFEND, text="Your last turn argued: stop.", example="I hear you.")
    advice.only_asks = advice.follow_up_due = True
    advice.follow_up_reason = "A call was promised."
    advice.issues.add(about="the delivery", problem=True)
    advice.issues.add()
    server.answer("NextStep", advised)
    shown = run("next", stdin=SAID).stdout
    for line in (
        "repair defend: Your last turn argued: stop. “I hear you.”",
        "the customer only wants an answer",
        "the customer raises several things: the delivery, another question",
        "follow-up due: A call was promised.",
    ):
        assert line in shown


def test_next_says_nothing_of_what_is_not_so(
    server: FakeServer, run: Run, advised: empathy_service_pb2.NextStepResponse
) -> None:
    server.answer("NextStep", advised)
    shown = run("next", stdin=SAID).stdout
    assert not any(words in shown for words in ("repair", "only wants", "raises", "follow-up"))


def test_next_says_to_pause_before_anything_else(
    server: FakeServer, run: Run, advised: empathy_service_pb2.NextStepResponse
) -> None:
    advised.advice.pause = True
    advised.advice.pause_reason = "It is the customer's turn."
    server.answer("NextStep", advised)
    assert run("next", stdin=SAID).stdout.startswith("pause: It is the customer's turn.\n")


@pytest.mark.parametrize(("resolved", "shown"), [(True, "resolved: "), (False, "no step is called for")])
def test_next_says_where_nothing_is_left_to_do(server: FakeServer, run: Run, resolved: bool, shown: str) -> None:
    response = empathy_service_pb2.NextStepResponse()
    response.advice.resolved = resolved
    server.answer("NextStep", response)
    assert run("next", stdin=SAID).stdout.startswith(shown)


def test_next_sends_flags_and_prints_json(
    server: FakeServer, run: Run, advised: empathy_service_pb2.NextStepResponse
) -> None:
    server.answer("NextStep", advised)
    result = run("next", "--customer", "Late!", "--max-steps", "2", "--locale", "en", "--playbook", "least", "--json")
    assert json.loads(result.stdout)["advice"]["steps"][0]["step"] == "STEP_EMPATHIZE"
    request = server.calls[0].request
    assert (request.turns[0].text, request.max_steps, request.locale, request.playbook) == ("Late!", 2, "en", "least")


def test_playbooks_are_listed(server: FakeServer, run: Run, playbook: playbook_pb2.Playbook) -> None:
    server.answer("ListPlaybooks", playbook_service_pb2.ListPlaybooksResponse(playbooks=[playbook]))
    assert "least  1.0      1       rule   LEAST Listen, empathise, apologise, solve, thank." in run("playbooks").stdout
    assert json.loads(run("playbooks", "--json").stdout)["playbooks"][0]["ref"]["name"] == "least"


def test_playbook_is_shown_with_stages_rules_and_exemplars(
    server: FakeServer, run: Run, playbook: playbook_pb2.Playbook
) -> None:
    server.answer("GetPlaybook", playbook_service_pb2.GetPlaybookResponse(playbook=playbook))
    result = run("playbooks", "least")
    for shown in (
        "LEAST (least 1.0)",
        "the order of the stages is a rule",
        "1  listen  always  listen (welcome: clarify)  on explain, after a pause",
        "- an upset customer gets no remedy before empathize",
        "- past 2 apologies, another one harms",
        "- grave: hostility",
        "“Tell me what happened.”",
    ):
        assert shown in result.stdout
    assert json.loads(run("playbooks", "least", "--json").stdout)["playbook"]["title"] == "LEAST"
    assert server.calls[0].request.name == "least"


@pytest.mark.parametrize(
    ("args", "method"),
    [
        (["playbooks"], "ListPlaybooks"),
        (["playbooks", "--json"], "ListPlaybooks"),
        (["playbooks", "list"], "ListPlaybooks"),
        (["playbooks", "show"], "ListPlaybooks"),
        (["playbooks", "least"], "GetPlaybook"),
        (["playbooks", "--json", "least"], "GetPlaybook"),
        (["playbooks", "show", "check"], "GetPlaybook"),
        (["playbook", "least"], "GetPlaybook"),
    ],
    ids=str,
)
def test_playbooks_may_be_asked_for_with_and_without_a_word(
    server: FakeServer, run: Run, playbook: playbook_pb2.Playbook, args: list[str], method: str
) -> None:
    server.answer("ListPlaybooks", playbook_service_pb2.ListPlaybooksResponse(playbooks=[playbook]))
    server.answer("GetPlaybook", playbook_service_pb2.GetPlaybookResponse(playbook=playbook))
    assert run(*args).exit_code == 0
    assert [call.method for call in server.calls] == [method]


@pytest.mark.parametrize("field", [field.name for field in playbook_pb2.PlaybookRules.DESCRIPTOR.fields])
def test_every_rule_of_the_contract_has_words(server: FakeServer, run: Run, field: str) -> None:
    playbook = playbook_pb2.Playbook()
    value: Any = {"remedy_after": [playbook_pb2.StepGroup(steps=[taxonomy_pb2.STEP_LISTEN])], "max_apologies": 2}.get(
        field, True
    )
    playbook.rules.MergeFrom(playbook_pb2.PlaybookRules(**{field: value}))
    server.answer("GetPlaybook", playbook_service_pb2.GetPlaybookResponse(playbook=playbook))
    shown = run("playbooks", "any").stdout.partition("rules\n")[2]
    assert shown.startswith("- ")
    assert shown.strip("- \n") != field.replace("_", " ")


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Stands in for the server; holds the arguments it was run with."""
    runs: list[list[str]] = []

    def serve(args: list[str]) -> int:
        runs.append(args)
        return 3

    module = types.ModuleType("amends_server.main")
    module.run = serve  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "amends_server", types.ModuleType("amends_server"))
    monkeypatch.setitem(sys.modules, "amends_server.main", module)
    return runs


@pytest.mark.parametrize(
    "args",
    [[], ["--help"], ["-h"], ["--port", "0", "--reflection"], ["--port=0", "-x", "word"], ["--target", "x:1"]],
)
def test_serve_hands_every_argument_to_the_server(run: Run, served: list[list[str]], args: list[str]) -> None:
    assert run("serve", *args).exit_code == 3
    assert served == [args]


def test_serve_without_the_extra_tells_what_to_install(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "amends_server", types.ModuleType("amends_server"))
    monkeypatch.delitem(sys.modules, "amends_server.main", raising=False)
    result = run("serve")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("amends: the server cannot run, since ")
    assert "pip install 'amends[server]'" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["eval", "label", "exemplars", "steps"])
def test_what_measures_without_the_extra_tells_what_to_install(
    run: Run, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setitem(sys.modules, "amends_eval.cli.app", None)
    result = run(command, "try", "own.yaml")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "pip install 'amends[eval]'" in result.stderr


@pytest.mark.parametrize(
    ("args", "shown"),
    [(("exemplars", "try", "--help"), "Measure what exemplars change"), (("steps", "fit", "--help"), "--anyway")],
)
def test_what_a_company_teaches_is_handed_to_the_evaluation(run: Run, args: tuple[str, ...], shown: str) -> None:
    result = run(*args)
    assert result.exit_code == 0
    assert shown in result.stdout


def test_version_is_printed() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert result.exit_code == 0
    assert result.stdout.startswith("amends")


def test_unknown_command_is_bad_usage(run: Run) -> None:
    assert run("bogus").exit_code == 2
