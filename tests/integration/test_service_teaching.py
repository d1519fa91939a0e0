"""What a company taught, served: decisions move near its exemplars, and its steps stand beside the score."""

from dataclasses import replace
from pathlib import Path

import pytest
from amends.v1 import judgement_pb2, taxonomy_pb2
from amends_client import Client, ClientOptions, customer
from amends_core.errors import TeachingError
from amends_core.teaching import CustomStep, Features
from amends_server.editions import Model, load_model
from amends_server.settings import Settings
from running_service import PATIENCE_S, Running, Serve

EXEMPLARS = Path(__file__).parents[2] / "docs/examples/halden.yaml"
RECAP = "I'll put everything we agreed today into an email to you."
SLOGAN = "Halden: comfort is our promise."
PLAIN = "I am so sorry that we left you in the cold."
TURNS = [customer("The heating has been off for a week, and nobody calls back!")]


@pytest.fixture(scope="module")
def step(model: Model) -> CustomStep:
    """Claimed from a cosine of .8 to RECAP."""
    direction = model.encoder.encode(RECAP).embedding
    return CustomStep(
        name="written_summary",
        version="1.2.3",
        about="Promises a written record.",
        model_sha256=model.bundle.sha256,
        features=Features.EMBEDDING,
        weights=tuple(20.0 * float(each) for each in direction),
        bias=-16.0,
        threshold=0.5,
        exemplars=(RECAP,),
        report={},
    )


@pytest.fixture(scope="module")
def folder(step: CustomStep, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("steps")
    (folder / "step.json").write_text(step.to_json(), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def taught(folder: Path) -> Model:
    return load_model(Settings(exemplars=EXEMPLARS, custom_steps=folder))


@pytest.fixture
def serving(serve: Serve, taught: Model) -> Running:
    return serve(model=taught, metrics_port=0)


def judged(running: Running, reply: str) -> judgement_pb2.Judgement:
    with Client(ClientOptions(running.target, timeout_s=PATIENCE_S, max_attempts=1)) as client:
        return client.score_reply(TURNS, reply, include_sentences=True).judgement


def _probability(judgement: judgement_pb2.Judgement, misstep: int) -> float:
    return next(each.probability for each in judgement.sentences[0].missteps if each.misstep == misstep)


def test_own_exemplars_move_decisions_near_them_and_none_elsewhere(serving: Running, running: Running) -> None:
    before, after = (judged(each, f"{SLOGAN} {PLAIN}") for each in (running, serving))
    scripted = taxonomy_pb2.MISSTEP_SCRIPTED
    (found,) = (found for found in after.missteps if found.misstep == scripted)
    assert found.nearest_exemplar.own
    assert found.nearest_exemplar.text == "Halden: comfort is our promise"
    assert _probability(after, scripted) > _probability(before, scripted)
    assert after.sentences[1].missteps == before.sentences[1].missteps
    assert after.sentences[1].steps == before.sentences[1].steps


def test_own_steps_are_told_for_the_reply_and_each_sentence_and_leave_the_score_alone(
    serve: Serve, folder: Path, running: Running
) -> None:
    reply = f"{PLAIN} {RECAP}"
    before, after = (judged(each, reply) for each in (running, serve(model=load_model(Settings(custom_steps=folder)))))
    assert (after.score, list(after.contributions)) == (before.score, list(before.contributions))
    (found,) = after.custom_steps
    assert (found.name, found.version, found.claimed) == ("written_summary", "1.2.3", True)
    assert found.probability > 0.9
    assert (found.nearest_exemplar.text, found.nearest_exemplar.own) == (RECAP, True)
    assert [reply[span.start : span.end] for span in found.spans] == [RECAP]
    assert [sentence.custom_steps[0].claimed for sentence in after.sentences] == [False, True]
    assert not before.custom_steps


def test_answers_name_the_edition_of_what_was_taught(serving: Running, client: Client) -> None:
    with Client(ClientOptions(serving.target, timeout_s=PATIENCE_S)) as taught_client:
        model = taught_client.next_step(TURNS).model
    assert (model.exemplars.name, model.exemplars.version) == ("halden", "1.0.0")
    assert [(each.name, each.version) for each in model.custom_steps] == [("written_summary", "1.2.3")]
    assert not client.next_step(TURNS).model.HasField("exemplars")


def test_no_metric_carries_what_a_company_named(serving: Running) -> None:
    judged(serving, RECAP)
    page = serving.metrics_page()
    assert "written_summary" not in page
    assert "halden" not in page


def test_a_step_of_another_model_stops_the_start_with_the_remedy(step: CustomStep, tmp_path: Path) -> None:
    (tmp_path / "step.json").write_text(replace(step, model_sha256="0" * 64).to_json(), encoding="utf-8")
    with pytest.raises(TeachingError, match=r"fitted on model 000000000000, .* fit it again with `amends steps fit`"):
        load_model(Settings(custom_steps=tmp_path))
