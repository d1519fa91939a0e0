"""A fake server, the command against it, and answers whose parts can be told apart."""

from collections.abc import Callable, Iterator

import pytest
from amends.v1 import (
    advice_pb2,
    conversation_pb2,
    empathy_service_pb2,
    judgement_pb2,
    playbook_pb2,
    server_info_pb2,
    taxonomy_pb2,
)
from amends_cli.app import app
from amends_client.testing import FakeServer
from typer.testing import CliRunner, Result

REPLY = "I am so sorry about the wait. You should have called us earlier."

Run = Callable[..., Result]


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer() as fake:
        yield fake


@pytest.fixture
def run(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `amends` against the fake server."""
    monkeypatch.setenv("AMENDS_TARGET", server.target)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("AMENDS_TOKEN", raising=False)

    def invoke(*args: str, stdin: str | bytes | None = None) -> Result:
        return CliRunner().invoke(app, list(args), input=stdin)

    return invoke


@pytest.fixture
def judgement() -> judgement_pb2.Judgement:
    """Judges REPLY: an apology that is weak, and blame."""
    return judgement_pb2.Judgement(
        score=31.25,
        verdict=taxonomy_pb2.VERDICT_FALLS_SHORT,
        confidence=0.81,
        contributions=[
            judgement_pb2.Contribution(points=30.0, reason="Every reply starts here."),
            judgement_pb2.Contribution(
                step=taxonomy_pb2.STEP_APOLOGIZE, points=11.25, possible_points=15.0, reason="It says sorry."
            ),
            judgement_pb2.Contribution(
                misstep=taxonomy_pb2.MISSTEP_BLAME_CUSTOMER, points=-10.0, reason="It says the customer was late."
            ),
        ],
        steps=[
            judgement_pb2.StepAssessment(
                step=taxonomy_pb2.STEP_EMPATHIZE,
                expectation=taxonomy_pb2.EXPECTATION_EXPECTED,
                strength=taxonomy_pb2.STRENGTH_ABSENT,
                missing="Name how the wait feels.",
            ),
            judgement_pb2.StepAssessment(
                step=taxonomy_pb2.STEP_APOLOGIZE,
                expectation=taxonomy_pb2.EXPECTATION_EXPECTED,
                strength=taxonomy_pb2.STRENGTH_WEAK,
                probability=0.97,
                spans=[conversation_pb2.Span(turn_index=0, start=0, end=29)],
            ),
        ],
        missteps=[
            judgement_pb2.MisstepFinding(
                misstep=taxonomy_pb2.MISSTEP_BLAME_CUSTOMER,
                probability=0.9,
                severity=taxonomy_pb2.SEVERITY_MAJOR,
                spans=[conversation_pb2.Span(turn_index=0, start=30, end=64)],
                reason="It says the customer was late.",
            )
        ],
        customer=judgement_pb2.CustomerSignals(upset=0.83, act=taxonomy_pb2.CUSTOMER_ACT_VENT, act_probability=0.71),
        suggestions=[
            judgement_pb2.Suggestion(
                action=judgement_pb2.Suggestion.ACTION_ADD,
                step=taxonomy_pb2.STEP_EMPATHIZE,
                text="Say that a week of waiting is hard.",
                example="A week without it must be so frustrating.",
                expected_gain=12.5,
            )
        ],
        playbook=judgement_pb2.PlaybookRef(name="unified", version="1.0"),
        stage="hear",
    )


@pytest.fixture
def scored(judgement: judgement_pb2.Judgement) -> empathy_service_pb2.ScoreReplyResponse:
    return empathy_service_pb2.ScoreReplyResponse(
        judgement=judgement,
        model=server_info_pb2.ModelInfo(name="amends-minilm-l6", version="1.2.0", sha256="ab" * 32),
        timings=server_info_pb2.Timings(total_seconds=0.0125),
    )


@pytest.fixture
def advised() -> empathy_service_pb2.NextStepResponse:
    return empathy_service_pb2.NextStepResponse(
        advice=advice_pb2.Advice(
            steps=[
                advice_pb2.StepAdvice(
                    step=taxonomy_pb2.STEP_EMPATHIZE,
                    probability=0.62,
                    reason="The customer was not heard yet.",
                    phrasings=["That must be so frustrating."],
                )
            ],
            stage="hear",
            avoid=[
                advice_pb2.Avoidance(step=taxonomy_pb2.STEP_TAKE_ACTION, reason="A remedy would come too early."),
                advice_pb2.Avoidance(misstep=taxonomy_pb2.MISSTEP_DEFEND, reason="Policy is near."),
            ],
            customer=judgement_pb2.CustomerSignals(upset=0.83, act=taxonomy_pb2.CUSTOMER_ACT_VENT),
            playbook=judgement_pb2.PlaybookRef(name="unified", version="1.0"),
        )
    )


@pytest.fixture
def playbook() -> playbook_pb2.Playbook:
    return playbook_pb2.Playbook(
        ref=judgement_pb2.PlaybookRef(name="least", version="1.0"),
        title="LEAST",
        summary="Listen, empathise, apologise, solve, thank.",
        order=playbook_pb2.Playbook.ORDER_RULE,
        stages=[
            playbook_pb2.Stage(
                name="listen",
                steps=[taxonomy_pb2.STEP_LISTEN],
                optional_steps=[taxonomy_pb2.STEP_CLARIFY],
                occasion=playbook_pb2.OCCASION_ALWAYS,
                advance_on=[taxonomy_pb2.CUSTOMER_ACT_EXPLAIN],
                pause=True,
            )
        ],
        rules=playbook_pb2.PlaybookRules(
            remedy_after=[playbook_pb2.StepGroup(steps=[taxonomy_pb2.STEP_EMPATHIZE])], max_apologies=2
        ),
        grave_missteps=[taxonomy_pb2.MISSTEP_HOSTILITY],
        exemplars=[playbook_pb2.StepExemplars(step=taxonomy_pb2.STEP_LISTEN, phrases=["Tell me what happened."])],
    )
