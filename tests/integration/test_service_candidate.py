"""A second bundle on trial: compared in the shadow, answering as a canary, never in the way of the first."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import grpc
import pytest
from amends.v1 import empathy_service_pb2 as pb
from amends_client import Client, ClientOptions, agent, customer, reply_request
from amends_core.bundle import DEFAULT_BUNDLE, load_bundle
from amends_core.encoder import OnnxEncoder
from amends_core.scorer import Scorer
from amends_server.candidate.trial import lot_of
from amends_server.convert import turns_from
from amends_server.editions import Model, model_info
from live_streams import CALL, LATE, SORRY, Stream, start, total, turn, wait_for
from raw_calls import HeldEncoder
from running_service import PATIENCE_S, Running, Serve
from second_bundle import VERSION, deaf_calibration, write_bundle
from traces import Traces

GIVEN = DEFAULT_BUNDLE
"""Shares need the folder of a candidate; the models are handed over as they are."""
TURNS = [customer("Third week without my parcel, and nobody answers.")]
REPLY = "I am sorry, three weeks is far too long. I will find it today and call you by five."
OF_IT = {"model_version": VERSION}
OF_US = {"model_version": load_bundle(DEFAULT_BUNDLE).manifest.version, "playbook": "unified"}


@pytest.fixture(scope="module")
def second(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Callable[[bool], Model]:
    """The model with a candidate beside it: its twin under another version, or one that claims nothing."""
    folder = tmp_path_factory.mktemp("bundles")
    twin = load_bundle(write_bundle(folder / "twin"))
    deaf = load_bundle(write_bundle(folder / "deaf", calibration=deaf_calibration()))

    def with_candidate(is_deaf: bool = False) -> Model:
        bundle = deaf if is_deaf else twin
        ours = model.edition
        scorer = Scorer(bundle.manifest, ours.library, ours.encodings)  # the graph is the same: so are the phrases
        theirs = replace(ours, manifest=bundle.manifest, scorer=scorer, model=model_info(bundle))
        return replace(model, candidate=Model(bundle, OnnxEncoder(bundle), theirs))

    return with_candidate


@contextmanager
def calling(running: Running) -> Iterator[Client]:
    with Client(ClientOptions(running.target, timeout_s=PATIENCE_S, max_attempts=1)) as client:
        yield client


def compared(running: Running, what: str = "verdict") -> tuple[float, float]:
    """How many answers were the same, and how many not."""
    counts = (total(running, "amends_candidate_comparisons_total", what=what, outcome=o, **OF_IT) for o in OUTCOMES)
    same, other = counts
    return same, other


def differences(running: Running, most: str) -> float:
    """How many differences of the score were at most so large."""
    return total(running, "amends_candidate_score_difference_bucket", le=most, **OF_IT)


OUTCOMES = ("same", "other")


def test_a_twin_in_the_shadow_agrees_on_everything(serve: Serve, second: Callable[..., Model]) -> None:
    running = serve(model=second(), shadow_share=1.0)
    with calling(running) as client:
        scored = client.score_reply(TURNS, REPLY)
        client.next_step(TURNS)
        client.score_conversation([*TURNS, agent(REPLY)])
        client.batch_score_replies([reply_request(TURNS, REPLY)])
    wait_for(running, lambda: compared(running) == (3, 0) and compared(running, "first_advice") == (1, 0))
    assert scored.model.version != VERSION, "the answer is the current model's"
    assert total(running, "amends_candidate_score_difference_count", **OF_IT) == 3
    assert differences(running, "-1.0") == 0
    assert differences(running, "0.0") == 3
    assert total(running, "amends_candidate_labels_total", label="APOLOGIZE", found_by="both", **OF_IT) == 3
    assert total(running, "amends_candidate_score_count", **OF_IT) == 0


def test_a_candidate_that_finds_nothing_is_seen_to_disagree(serve: Serve, second: Callable[..., Model]) -> None:
    running = serve(model=second(True), shadow_share=1.0)
    with calling(running) as client:
        client.score_reply(TURNS, REPLY)
    wait_for(running, lambda: compared(running) == (0, 1))
    assert total(running, "amends_candidate_labels_total", label="APOLOGIZE", found_by="current", **OF_IT) == 1
    assert total(running, "amends_candidate_labels_total", label="APOLOGIZE", found_by="candidate", **OF_IT) == 0
    assert differences(running, "-5.0") == 1, "five points less, or more"


def test_nothing_is_compared_without_a_share(serve: Serve, second: Callable[..., Model]) -> None:
    running = serve(model=second(), shadow_share=0.0)
    with calling(running) as client:
        client.score_reply(TURNS, REPLY)
    assert compared(running) == (0, 0)
    assert total(running, "amends_queue_wait_seconds_count", priority="shadow") == 0


def test_a_canary_answers_and_every_answer_names_its_model(serve: Serve, second: Callable[..., Model]) -> None:
    running = serve(model=second(), shadow_model_dir=GIVEN, canary_share=1.0, shadow_share=1.0)
    with calling(running) as client:
        batch = client.batch_score_replies([reply_request(TURNS, REPLY)])
        answers = [
            client.score_reply(TURNS, REPLY),
            client.next_step(TURNS),
            client.score_conversation([*TURNS, agent(REPLY)]),
            *batch.results,
        ]
    assert [answer.model.version for answer in answers] == [VERSION] * 4
    assert batch.model.version != VERSION, "that of the items that name none"
    assert total(running, "amends_candidate_answers_total", by="candidate", **OF_IT) == 4
    assert total(running, "amends_candidate_score_count", **OF_IT) == 3
    assert total(running, "amends_score_count", **OF_US) == 0, "the current model's figures stay its own"
    assert compared(running) == (0, 0)


def test_a_conversation_has_one_model_whatever_is_asked(serve: Serve, second: Callable[..., Model]) -> None:
    running = serve(model=second(), shadow_model_dir=GIVEN, canary_share=0.5, shadow_share=0.0)
    with calling(running) as client:
        for number in range(8):
            turns = [customer(f"Box {number} is three weeks late.")]
            is_canary = lot_of(turns_from(turns)[0]) < 0.5
            longer = [*turns, agent(REPLY), customer("And who tells me?")]
            asked = [client.score_reply(turns, REPLY), client.next_step(longer), client.score_conversation(longer)]
            assert {(answer.model.version == VERSION) for answer in asked} == {is_canary}


def test_the_audit_log_names_the_candidate_where_it_answered(
    serve: Serve, second: Callable[..., Model], tmp_path: Path
) -> None:
    log = tmp_path / "audit.jsonl"
    running = serve(model=second(), shadow_model_dir=GIVEN, canary_share=1.0, audit_log=str(log))
    with calling(running) as client:
        client.score_reply(TURNS, REPLY)
        client.server_info()
    first, other = map(json.loads, log.read_text().splitlines())
    assert first["candidate"].split()[:2] == [first["model"].split()[0], VERSION]
    assert first["model"].split()[1] != VERSION
    assert "candidate" not in other


def test_shadow_work_is_no_part_of_the_callers_trace(serve: Serve, second: Callable[..., Model]) -> None:
    traces = Traces()
    running = serve(model=second(), telemetry=traces.telemetry, shadow_share=1.0)
    with calling(running) as client:
        client.score_reply(TURNS, REPLY)
    wait_for(running, lambda: compared(running) == (1, 0))
    assert len(traces.spans("amends.encode")) == 1


def test_a_live_conversation_stays_with_its_model_over_a_break(serve: Serve, second: Callable[..., Model]) -> None:
    whole = serve(model=second(), shadow_model_dir=GIVEN, canary_share=1.0)
    with grpc.insecure_channel(whole.target) as channel:
        stream = Stream(channel)
        opened = stream.ask(start())
        answers = [stream.ask(turn(LATE, "1")), stream.ask(turn(SORRY, "2"))]
        stream.cancel()
    assert not opened.HasField("model"), "before the first turn nothing is judged"
    assert {answer.model.version for answer in answers} == {VERSION}
    # Another replica, whose share would not have drawn it.
    other = serve(model=second(), canary_share=0.0)
    with grpc.insecure_channel(other.target) as channel:
        stream = Stream(channel)
        stream.ask(start(LATE, SORRY, token=answers[-1].resume_token))
        assert stream.ask(turn(CALL, "3")).model.version == VERSION
        stream.cancel()


def test_live_answers_are_compared(serve: Serve, second: Callable[..., Model]) -> None:
    running = serve(model=second(), shadow_share=1.0)
    with grpc.insecure_channel(running.target) as channel:
        stream = Stream(channel)
        stream.ask(start(LATE))
        stream.ask(turn(SORRY, "1"))
        stream.cancel()
    wait_for(running, lambda: compared(running) == (1, 0) and compared(running, "first_advice")[0] >= 1)
    assert total(running, "amends_score_count", **OF_US) == 1


def test_a_slow_candidate_keeps_no_call_waiting(serve: Serve, second: Callable[..., Model]) -> None:
    model = second()
    assert model.candidate is not None
    held = HeldEncoder(model.candidate.encoder)
    slow = replace(model, candidate=replace(model.candidate, encoder=held))  # type: ignore[arg-type]
    running = serve(model=slow, shadow_share=1.0, workers=2)
    with calling(running) as client:
        client.score_reply(TURNS, REPLY)
        assert held.started.wait(PATIENCE_S)
        for number in range(5):
            client.score_reply(TURNS, f"I am sorry about box {number}.")
        assert len(held.taken) == 1, "one of two threads is left to calls"
        held.let_go.set()
    wait_for(running, lambda: compared(running)[0] == 6)


def test_without_a_candidate_nothing_is_told_of_one(running: Running) -> None:
    with calling(running) as client:
        client.score_reply(TURNS, REPLY)
    samples = [line for line in running.metrics_page().splitlines() if line.startswith("amends_candidate")]
    assert samples == []


class BrokenEncoder:
    """Raises on everything."""

    def encode(self, text: str) -> None:
        raise RuntimeError(text)


def test_a_candidate_that_breaks_leaves_the_current_model_alone(serve: Serve, second: Callable[..., Model]) -> None:
    model = second()
    assert model.candidate is not None
    broken = replace(model, candidate=replace(model.candidate, encoder=BrokenEncoder()))  # type: ignore[arg-type]
    running = serve(model=broken, shadow_share=1.0, metrics_port=0)
    with calling(running) as client:
        client.score_reply(TURNS, REPLY)
        wait_for(running, lambda: total(running, "amends_candidate_skipped_total", reason="failed", **OF_IT) == 1)
        client.score_reply(TURNS, REPLY)
        assert "amends_candidate_works{" in running.metrics_page()
        assert 'sha256="' + model.candidate.bundle.sha256 + '"} 0.0' in running.metrics_page()
        assert client.health().status == 1
    assert total(running, "amends_candidate_skipped_total", reason="failed", **OF_IT) == 1, "it is asked no more"
    assert total(running, "amends_inference_errors_total", fault="encoder") == 0, "no call was failed"


def test_changed_playbooks_reach_both_models(serve: Serve, second: Callable[..., Model], tmp_path: Path) -> None:
    running = serve(
        model=second(), shadow_model_dir=GIVEN, canary_share=1.0, playbook_dir=tmp_path, playbook_poll_s=0.01
    )
    text = (Path(__file__).parents[2] / "docs/example-playbook.yaml").read_text()
    (tmp_path / "own.yaml").write_text(text)
    name = text.split("name: ", 1)[1].split()[0]
    wait_for(running, lambda: total(running, "amends_playbooks_reload_total", outcome="loaded") == 1)
    with calling(running) as client:
        answer: pb.NextStepResponse = client.next_step(TURNS, playbook=name)
    assert (answer.model.version, answer.advice.playbook.name) == (VERSION, name)
