"""A bundle in this process: the core itself, without a service around it."""

from collections.abc import Sequence
from functools import singledispatchmethod
from pathlib import Path
from typing import Self

from amends_core.bundle import DEFAULT_BUNDLE, load_bundle
from amends_core.conversation import Turn
from amends_core.errors import AmendsError, RequestError
from amends_core.judgement import Judgement, MisstepFinding, StepAssessment
from amends_core.local import LocalScorer
from amends_core.playbooks import load_library
from amends_core.taxonomy import SENTENCE_LABELS, STEPS, Role, Strength

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


class InProcess:
    """Asks the core. Texts are encoded once: suites ask of the same sentences again and again."""

    def __init__(self, bundle_dir: Path | None, playbook_dir: Path | None) -> None:
        try:
            self._local = LocalScorer(load_bundle(bundle_dir or DEFAULT_BUNDLE), load_library(playbook_dir))
        except AmendsError as error:
            raise TargetError(str(error)) from error
        bundle = self._local.bundle
        self.identity = Identity(
            where="in process",
            model=bundle.manifest.name,
            version=bundle.manifest.version,
            sha256=bundle.sha256,
            playbooks={playbook.name: playbook.version for playbook in self._local.library},
        )

    def __enter__(self) -> Self:
        """Gives the target itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Holds nothing that must be let go."""

    def ask(self, question: questions.Question) -> Answer:
        """See `Target.ask`."""
        try:
            return self._answer(question)
        except RequestError as error:
            return Refused(reason=error.reason)

    @singledispatchmethod
    def _answer(self, question: object) -> Answer:
        raise TypeError(f"no such question: {type(question).__name__}")

    @_answer.register
    def _(self, question: questions.ReadSentence) -> Answer:
        customer = Turn(Role.CUSTOMER, question.customer or STAND_IN)
        return self._sentence(self._local.judge([customer], [question.text]))

    @_answer.register
    def _(self, question: questions.ReadCustomer) -> Answer:
        before = [Turn(Role.AGENT, question.before)] if question.before else []
        moment = self._local.advise([*before, Turn(Role.CUSTOMER, question.text)]).customer
        return CustomerAnswer(
            act=moment.reading.act, act_probability=moment.reading.act_probability, upset=moment.upset
        )

    @_answer.register
    def _(self, question: questions.ScoreReply) -> Answer:
        return _reply(self._local.judge(_turns(question.turns), [question.reply], question.playbook))

    @_answer.register
    def _(self, question: questions.NextStep) -> Answer:
        advice = self._local.advise(_turns(question.turns), question.playbook, most=len(STEPS))
        return AdviceAnswer(
            steps=tuple((each.step.value, each.probability) for each in advice.steps),
            stage=advice.position.stage.name,
            pause=bool(advice.pause_reason),
            act=advice.customer.reading.act,
            upset=advice.customer.upset,
        )

    @_answer.register
    def _(self, question: questions.ScoreConversation) -> Answer:
        judged = self._local.judge_conversation(_turns(question.turns), question.playbook)
        return ConversationAnswer(
            replies=tuple(
                JudgedTurns(
                    first_turn=reply.first_turn_index,
                    last_turn=reply.last_turn_index,
                    judgement=_reply(reply.judgement),
                )
                for reply in judged.replies
            ),
            moments=tuple(
                Moment(turn=point.turn_index, act=point.act, upset=point.upset, stage=point.stage)
                for point in judged.arc.points
            ),
        )

    def _sentence(self, judgement: Judgement) -> SentenceAnswer:
        detector = self._local.scorer.detector
        readings = [sentence.reading for sentence in judgement.sentences]
        strong = {s for r in readings for s in STEPS if detector.strength(r, s) is Strength.STRONG}
        claimed = {label for r in readings for label in SENTENCE_LABELS if detector.claims(r, label)}
        return SentenceAnswer(
            probability={label.value: max(r.probability(label) for r in readings) for label in SENTENCE_LABELS},
            claimed=tuple(label.value for label in SENTENCE_LABELS if label in claimed),
            strong=tuple(step.value for step in STEPS if step in strong),
        )


def _turns(turns: Sequence[questions.Turn]) -> list[Turn]:
    return [Turn(turn.speaker, turn.text) for turn in turns]


def _reply(judgement: Judgement) -> ReplyAnswer:
    done = [step for step in judgement.steps.values() if step.strength is not Strength.ABSENT]
    return ReplyAnswer(
        score=judgement.score,
        verdict=judgement.verdict,
        confidence=judgement.confidence,
        upset=judgement.customer.upset,
        shares=tuple(
            Share(source=share.source.value if share.source else "", points=share.points, reason=share.reason)
            for share in judgement.contributions
        ),
        findings=(
            *(_finding(step.step, step, int(step.strength)) for step in done),
            *(_finding(found.misstep, found, 0) for found in judgement.missteps),
        ),
    )


def _finding(label: str, found: StepAssessment | MisstepFinding, strength: int) -> Finding:
    return Finding(
        label=label,
        probability=found.probability,
        strength=strength,
        spans=tuple((place.turn_index, place.span.start, place.span.end) for place in found.places),
        exemplar=found.nearest.text if found.nearest else "",
    )
