"""A running service, asked as any caller asks it: through the client library."""

from collections.abc import Callable, Sequence
from functools import singledispatchmethod
from typing import Self, TypeVar

from amends.v1 import conversation_pb2, judgement_pb2, taxonomy_pb2
from amends_client import Client, ClientError, ClientOptions, InvalidRequest, NotFound, agent, customer

from amends_eval import questions
from amends_eval.answers import (
    AdviceAnswer,
    Answer,
    ConversationAnswer,
    CustomerAnswer,
    Finding,
    JudgedTurns,
    Moment,
    Refused,
    ReplyAnswer,
    SentenceAnswer,
    Share,
)
from amends_eval.errors import TargetError
from amends_eval.targets.target import STAND_IN, Identity

TIMEOUT_S = 30.0
_MOST_STEPS = 13
_ABSENT, _STRONG = taxonomy_pb2.STRENGTH_ABSENT, taxonomy_pb2.STRENGTH_STRONG
_REFUSALS = (InvalidRequest, NotFound)
"""A question that no answer belongs to, such as one under a playbook that is not loaded."""
_R = TypeVar("_R")


class Wire:
    """Asks a service. The client retries what may be retried."""

    def __init__(self, target: str) -> None:
        self._client = Client(ClientOptions(target=target, timeout_s=TIMEOUT_S))
        info = self._called(self._client.server_info).info
        self.identity = Identity(
            where=target,
            model=info.model.name,
            version=info.model.version,
            sha256=info.model.sha256,
            playbooks={playbook.name: playbook.version for playbook in info.playbooks},
        )

    def __enter__(self) -> Self:
        """Gives the target itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes the channel."""
        self._client.close()

    def ask(self, question: questions.Question) -> Answer:
        """See `Target.ask`."""
        try:
            return self._called(lambda: self._answer(question))
        except _REFUSALS as error:
            return Refused(reason=error.reason)

    def _called(self, call: Callable[[], _R]) -> _R:
        try:
            return call()
        except _REFUSALS:
            raise
        except ClientError as error:
            raise TargetError(f"the service cannot be asked: {error}") from error

    @singledispatchmethod
    def _answer(self, question: object) -> Answer:
        raise TypeError(f"no such question: {type(question).__name__}")

    @_answer.register
    def _(self, question: questions.ReadSentence) -> Answer:
        turns = [customer(question.customer or STAND_IN)]
        response = self._client.score_reply(turns, question.text, include_sentences=True)
        return _sentence(response.judgement.sentences)

    @_answer.register
    def _(self, question: questions.ReadCustomer) -> Answer:
        before = [agent(question.before)] if question.before else []
        found = self._client.next_step([*before, customer(question.text)]).advice.customer
        return CustomerAnswer(act=_act(found.act), act_probability=found.act_probability, upset=found.upset)

    @_answer.register
    def _(self, question: questions.ScoreReply) -> Answer:
        response = self._client.score_reply(_turns(question.turns), question.reply, playbook=question.playbook)
        return _reply(response.judgement)

    @_answer.register
    def _(self, question: questions.NextStep) -> Answer:
        advice = self._client.next_step(
            _turns(question.turns), playbook=question.playbook, max_steps=_MOST_STEPS
        ).advice
        return AdviceAnswer(
            steps=tuple((_step(each.step), each.probability) for each in advice.steps),
            stage=advice.stage,
            pause=advice.pause,
            act=_act(advice.customer.act),
            upset=advice.customer.upset,
        )

    @_answer.register
    def _(self, question: questions.ScoreConversation) -> Answer:
        response = self._client.score_conversation(_turns(question.turns), playbook=question.playbook)
        return ConversationAnswer(
            replies=tuple(
                JudgedTurns(
                    first_turn=reply.first_turn_index,
                    last_turn=reply.last_turn_index,
                    judgement=_reply(reply.judgement),
                )
                for reply in response.replies
            ),
            moments=tuple(
                Moment(
                    turn=point.turn_index,
                    act=_act(point.customer.act),
                    upset=point.customer.upset,
                    stage=point.stage,
                )
                for point in response.arc.points
            ),
        )


def _turns(turns: Sequence[questions.Turn]) -> list[conversation_pb2.Turn]:
    return [customer(turn.text) if turn.role == "customer" else agent(turn.text) for turn in turns]


def _step(step: taxonomy_pb2.Step.ValueType) -> str:
    return taxonomy_pb2.Step.Name(step).removeprefix("STEP_")


def _misstep(misstep: taxonomy_pb2.Misstep.ValueType) -> str:
    return taxonomy_pb2.Misstep.Name(misstep).removeprefix("MISSTEP_")


def _act(act: taxonomy_pb2.CustomerAct.ValueType) -> str:
    return taxonomy_pb2.CustomerAct.Name(act).removeprefix("CUSTOMER_ACT_")


def _sentence(readings: Sequence[judgement_pb2.SentenceReading]) -> SentenceAnswer:
    probability: dict[str, float] = {}
    claimed: set[str] = set()
    strong: set[str] = set()
    for reading in readings:
        for step in reading.steps:
            name = _step(step.step)
            probability[name] = max(probability.get(name, 0.0), step.probability)
            claimed |= {name} if step.strength != _ABSENT else set()
            strong |= {name} if step.strength == _STRONG else set()
        for misstep in reading.missteps:
            name = _misstep(misstep.misstep)
            probability[name] = max(probability.get(name, 0.0), misstep.probability)
            claimed |= {name} if misstep.claimed else set()
    in_order = tuple(probability)
    return SentenceAnswer(
        probability=probability,
        claimed=tuple(name for name in in_order if name in claimed),
        strong=tuple(name for name in in_order if name in strong),
    )


def _reply(judgement: judgement_pb2.Judgement) -> ReplyAnswer:
    done = [step for step in judgement.steps if step.strength != _ABSENT]
    return ReplyAnswer(
        score=judgement.score,
        verdict=taxonomy_pb2.Verdict.Name(judgement.verdict).removeprefix("VERDICT_"),
        confidence=judgement.confidence,
        upset=judgement.customer.upset,
        shares=tuple(
            Share(source=_source(share), points=share.points, reason=share.reason) for share in judgement.contributions
        ),
        findings=(
            *(_finding(_step(step.step), step, step.strength - _ABSENT) for step in done),
            *(_finding(_misstep(found.misstep), found, 0) for found in judgement.missteps),
        ),
    )


def _source(share: judgement_pb2.Contribution) -> str:
    if share.HasField("step"):
        return _step(share.step)
    return _misstep(share.misstep) if share.HasField("misstep") else ""


def _finding(label: str, found: judgement_pb2.StepAssessment | judgement_pb2.MisstepFinding, strength: int) -> Finding:
    return Finding(
        label=label,
        probability=found.probability,
        strength=strength,
        spans=tuple((span.turn_index, span.start, span.end) for span in found.spans),
        exemplar=found.nearest_exemplar.text,
    )
