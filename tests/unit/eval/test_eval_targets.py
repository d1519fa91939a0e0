"""The same questions in process and over the wire."""

from collections.abc import Iterator

import pytest
from amends_eval.answers import Refused
from amends_eval.datasets import MODELS, load
from amends_eval.errors import TargetError
from amends_eval.questions import NextStep, ReadCustomer, ReadSentence, ScoreReply, Turn
from amends_eval.suites import determinism
from amends_eval.targets import Target, open_target
from running_service import Running

ROWS = 10


@pytest.fixture(scope="module")
def in_process() -> Iterator[Target]:
    with open_target("") as target:
        yield target


@pytest.fixture(scope="module")
def wire(running: Running) -> Iterator[Target]:
    with open_target(running.target) as target:
        yield target


@pytest.mark.parametrize("dataset", [name for name in MODELS if name != "real"])
def test_both_ways_give_the_same_answers_to_the_digit(in_process: Target, wire: Target, dataset: str) -> None:
    questions = [question for row in load(dataset, "dev").rows[:ROWS] for question in row.questions.values()]
    assert len(questions) >= ROWS
    for question in questions:
        assert wire.ask(question) == in_process.ask(question), question.kind


def test_questions_of_several_sentences_are_answered_alike(in_process: Target, wire: Target) -> None:
    texts = ("I am so sorry about this.", "You should have read the terms.", "Is there anything else?")
    row = determinism.CompanyRow(id="c", author="", members=("a", "b", "c"), texts=texts)
    for question in row.questions.values():
        assert wire.ask(question) == in_process.ask(question)


@pytest.mark.parametrize(
    "question",
    [
        ReadSentence(text="🙂"),
        ReadCustomer(text="…"),
        ScoreReply(turns=(Turn(role="agent", text="Hello there."),), reply="Hello."),
        NextStep(turns=(Turn(role="customer", text="Hi."),), playbook="no_such"),
    ],
    ids=["no words", "customer without words", "no customer", "unknown playbook"],
)
def test_what_one_refuses_the_other_refuses(
    in_process: Target, wire: Target, question: ReadSentence | ReadCustomer | ScoreReply | NextStep
) -> None:
    # The reasons may differ: the service holds requests to the contract before the core sees them.
    assert isinstance(in_process.ask(question), Refused)
    assert isinstance(wire.ask(question), Refused)


def test_both_are_the_same_model(in_process: Target, wire: Target) -> None:
    here, there = in_process.identity, wire.identity
    assert (here.model, here.version, here.sha256) == (there.model, there.version, there.sha256)
    assert here.playbooks == there.playbooks


def test_a_service_that_is_not_there_is_named() -> None:
    with pytest.raises(TargetError, match="cannot be asked"):
        open_target("localhost:1")
