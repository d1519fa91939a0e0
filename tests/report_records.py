"""A small record to make reports of: made up, with every kind of answer, and text that would break a careless page."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from amends_core.taxonomy import SENTENCE_LABELS
from amends_eval.answers import (
    AdviceAnswer,
    Answer,
    ConversationAnswer,
    CustomerAnswer,
    Finding,
    JudgedTurns,
    Moment,
    ReplyAnswer,
    SentenceAnswer,
    Share,
)
from amends_eval.questions import NextStep, Question, ReadCustomer, ReadSentence, ScoreConversation, ScoreReply, Turn
from amends_eval.record import AnswerLine, DatasetUsed, Header, Record
from amends_eval.suites.suite import Metric, Outcome, SuiteResult
from amends_eval.targets import Identity

HOSTILE = "</script><script>window.broken=1</script><img src=x onerror=window.broken=1>&amp;"
"""Set anywhere as HTML it would leave a mark."""
BEFORE = "🙏🏽 Hi! "
APOLOGY = "I am sorry about the kettle."
"""Stands behind emoji: what counts in bytes or UTF-16 marks the wrong stretch."""
EXEMPLAR = "I'm sorry that it broke."
GROUND = "Where a reply to this customer starts."
SENTENCES = 60
Texts = Mapping[tuple[str, str, str], Question]


def metric(name: str, value: float | None, reach: float = 0.05, **changed: Any) -> Metric:
    """A metric whose interval reaches as far on both sides."""
    ends = {} if value is None else {"low": value - reach, "high": value + reach}
    return Metric(**{"name": name, "value": value, "n": 40, "clusters": 20, "detectable": 0.1, **ends, **changed})


def outcome(dataset: str, id_: str, ok: bool | None, **changed: Any) -> Outcome:
    fields = {"expected": "APOLOGIZE", "found": "APOLOGIZE" if ok else "THANK", "slices": {}, "cluster": id_}
    return Outcome(**{"dataset": dataset, "id": id_, "ok": ok, **fields, **changed})


def sentence_answer(**probability: float) -> SentenceAnswer:
    whole = {label.value: 0.01 for label in SENTENCE_LABELS} | probability
    claimed = tuple(name for name, value in whole.items() if value >= 0.5)
    return SentenceAnswer(probability=whole, claimed=claimed, strong=())


def reply_answer(turn: int = 0) -> ReplyAnswer:
    """Of `BEFORE` and `APOLOGY`: 52.5 out of 40, 20 and -7.5."""
    span = (turn, len(BEFORE), len(BEFORE + APOLOGY))
    return ReplyAnswer(
        score=52.5,
        verdict="FALLS_SHORT",
        confidence=0.75,
        upset=0.5,
        shares=(
            Share(source="", points=40.0, reason=GROUND),
            Share(source="APOLOGIZE", points=20.0, reason="Done."),
            Share(source="SCRIPTED", points=-7.5, reason="It could be sent to anyone."),
        ),
        findings=(
            Finding(label="APOLOGIZE", probability=0.9, strength=2, spans=(span,), exemplar=EXEMPLAR),
            Finding(label="SCRIPTED", probability=0.6, strength=0, spans=(span,), exemplar=""),
        ),
    )


def header(**changed: Any) -> Header:
    identity = Identity(
        where="in process", model="kettle", version="1.2.3", sha256="ab" * 32, playbooks={"unified": "1"}
    )
    used = DatasetUsed(version=1, half="test", sha256="cd" * 32, rows=SENTENCES)
    fields: dict[str, Any] = {
        "started": datetime(2026, 3, 1, 12, 30, tzinfo=UTC),
        "target": identity,
        "suites": ("labels",),
        "datasets": {"sentences": used},
        "limit": None,
        "seed": 7,
        "commit": "0123456789abcdef",
        "dirty": True,
        "packages": {"numpy": "2.0.0"},
        "python": "3.12.1",
        "machine": "x86_64 Linux",
    }
    return Header(**{**fields, **changed})


def record_of(*results: SuiteResult, answers: Sequence[AnswerLine] = (), **changed: Any) -> Record:
    suites = {each.suite: each for each in results}
    return Record(header=header(**changed), answers=tuple(answers), suites=suites, seconds=12.0)


def labels_suite(*, shift: float = 0.0, flipped: Sequence[str] = ()) -> SuiteResult:
    """60 sentences, every third one wrong; those flipped come out the other way."""
    names = ["macro_f1", "f1.APOLOGIZE", "f1.THANK", "recall.APOLOGIZE", "recall.THANK"]
    metrics = [metric(f"sentences.{name}", 0.8 + shift) for name in names] + [metric("real.micro_f1", 0.78 + shift)]
    confusion = {"labels": ["APOLOGIZE", "THANK", "none"], "counts": [[38, 12, 0], [3, 7, 0], [0, 0, 0]]}
    outcomes = tuple(_sentence_outcome(i, flipped) for i in range(SENTENCES))
    figures = {"sentences.confusion": confusion}
    return SuiteResult(suite="labels", metrics=tuple(metrics), outcomes=outcomes, figures=figures)


def _sentence_outcome(index: int, flipped: Sequence[str]) -> Outcome:
    id_ = f"sentences-{index:04d}"
    ok = (index % 3 != 0) != (id_ in flipped)
    slices = {"channel": "email" if index % 2 else "chat", "kind": ""}
    return outcome("sentences", id_, ok, confidence=index / SENTENCES, slices=slices)


def _calibration() -> SuiteResult:
    bins = [
        {"low": i / 5, "high": (i + 1) / 5, "mean_probability": i / 5 + 0.1, "share_true": i / 5 + 0.12, "n": 50}
        for i in range(5)
    ]
    curve = {"coverage": [0.25, 0.5, 0.75, 1.0], "risk": [0.0, 0.1, 0.1, 0.3]}
    figures = {"real.reliability": {"bins": bins}, "real.risk_coverage": curve}
    metrics = (metric("real.ece", 0.03, 0.02, higher_is_better=False),)
    return SuiteResult(suite="calibration", metrics=metrics, outcomes=(), figures=figures)


def _speed(milliseconds: float) -> SuiteResult:
    found = metric("sentences.p50_ms", milliseconds, 0.5, higher_is_better=False)
    return SuiteResult(suite="speed", metrics=(found,), outcomes=())


def _mixed() -> SuiteResult:
    outcomes = (
        outcome("gaming", "gaming-1", ok=False, expected="honest higher", found="gamed 52.5"),
        outcome("customer", "customer-1", ok=True, confidence=0.9, expected="ASK", found="ASK"),
        outcome("next-step", "next-1", ok=True, confidence=0.7),
        outcome("arcs", "arc-1", ok=False, part="turn 0", expected="VENT", found="ASK"),
        outcome("hostile", HOSTILE, ok=None, expected=HOSTILE, found=HOSTILE, slices={HOSTILE: "a", "name": HOSTILE}),
        outcome("hostile", "plain", ok=False, slices={HOSTILE: "b"}),
    )
    return SuiteResult(suite="mixed", metrics=(metric(f"mixed.{HOSTILE}", 0.5),), outcomes=outcomes)


_TURNS = (Turn(role="customer", text="My kettle exploded."), Turn(role="agent", text=BEFORE + APOLOGY))
_ASKED: Mapping[tuple[str, str, str], tuple[Question, Answer]] = {
    ("gaming", "gaming-1", "gamed"): (ScoreReply(turns=_TURNS[:1], reply=BEFORE + APOLOGY), reply_answer()),
    ("gaming", "gaming-1", "honest"): (ScoreReply(turns=_TURNS[:1], reply="No."), reply_answer()),
    ("customer", "customer-1", ""): (
        ReadCustomer(text="Where is my kettle?"),
        CustomerAnswer(act="ASK", act_probability=0.9, upset=0.3),
    ),
    ("next-step", "next-1", ""): (
        NextStep(turns=_TURNS),
        AdviceAnswer(steps=(("APOLOGIZE", 0.7), ("THANK", 0.2)), stage="apologise", pause=True, act="VENT", upset=0.8),
    ),
    ("arcs", "arc-1", ""): (
        ScoreConversation(turns=_TURNS),
        ConversationAnswer(
            replies=(JudgedTurns(first_turn=1, last_turn=1, judgement=reply_answer(1)),),
            moments=(Moment(turn=0, act="ASK", upset=0.8, stage="listen"),),
        ),
    ),
    ("hostile", HOSTILE, HOSTILE): (ReadSentence(text=HOSTILE, customer=HOSTILE), sentence_answer(THANK=0.9)),
    ("hostile", "plain", ""): (ReadSentence(text="Plain."), sentence_answer(THANK=0.9)),
}


def _asked() -> Mapping[tuple[str, str, str], tuple[Question, Answer]]:
    sentences: dict[tuple[str, str, str], tuple[Question, Answer]] = {
        ("sentences", f"sentences-{i:04d}", ""): (
            ReadSentence(text=f"Kettle number {i} is on its way.", customer="Where is it?"),
            sentence_answer(APOLOGIZE=0.81, THANK=0.06, DEFEND=0.04),
        )
        for i in range(SENTENCES)
    }
    return {**sentences, **_ASKED}


def texts() -> Texts:
    """What was asked."""
    return {key: question for key, (question, _) in _asked().items()}


def record(*, shift: float = 0.0, flipped: Sequence[str] = (), milliseconds: float = 5.0) -> Record:
    """The record; another run of it is shifted, flipped and slower."""
    answers = [
        AnswerLine(dataset=dataset, id=id_, part=part, seconds=0.01, answer=answer)
        for (dataset, id_, part), (_, answer) in _asked().items()
    ]
    suites = (labels_suite(shift=shift, flipped=flipped), _calibration(), _speed(milliseconds), _mixed())
    return record_of(*suites, answers=answers)
