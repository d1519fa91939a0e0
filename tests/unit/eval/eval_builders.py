"""Short ways to build what evaluations read, and a target that answers at once."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from amends_core.taxonomy import SENTENCE_LABELS, STEPS
from amends_eval.answers import (
    AdviceAnswer,
    Answer,
    ConversationAnswer,
    CustomerAnswer,
    Moment,
    ReplyAnswer,
    SentenceAnswer,
)
from amends_eval.errors import TargetError
from amends_eval.questions import Question
from amends_eval.record import DatasetUsed, Header, Record
from amends_eval.suites.measures import share
from amends_eval.suites.suite import Metric, Outcome, SuiteResult
from amends_eval.targets import Identity

NAMES = [label.value for label in SENTENCE_LABELS]
IDENTITY = Identity(where="in process", model="fake", version="0.0.0", sha256="ab", playbooks={"unified": "1.0.0"})
SEED = 7


def used(**changed: Any) -> DatasetUsed:
    return DatasetUsed(**{"version": 1, "half": "test", "sha256": "cd", "rows": 40, **changed})


def header(**changed: Any) -> Header:
    fields: dict[str, Any] = {
        "started": datetime(2026, 3, 1, tzinfo=UTC),
        "target": IDENTITY,
        "suites": ("contrast",),
        "datasets": {"contrast": used()},
        "limit": None,
        "seed": SEED,
        "commit": "",
        "dirty": False,
        "packages": {},
        "python": "3.11",
        "machine": "",
    }
    return Header(**{**fields, **changed})


def outcome(ok: bool | None, id_: str, **changed: Any) -> Outcome:
    fields: dict[str, Any] = {
        "dataset": "contrast",
        "id": id_,
        "ok": ok,
        "expected": "A",
        "found": "A" if ok else "B",
        "slices": {"theme": "negation"},
        "cluster": id_,
    }
    return Outcome(**{**fields, **changed})


def outcomes(oks: Sequence[bool]) -> list[Outcome]:
    return [outcome(ok, f"contrast-{index:04d}") for index, ok in enumerate(oks)]


def share_of(name: str, found: Sequence[Outcome]) -> Metric:
    """A metric as suites make it: the share of what is right."""
    known = [each for each in found if each.ok is not None]
    return share(name, [bool(each.ok) for each in known], [each.cluster for each in known], SEED)


def result(found: Sequence[Outcome], *metrics: Metric, suite: str = "contrast") -> SuiteResult:
    shown = metrics or (share_of("contrast.both_right", found),)
    return SuiteResult(suite=suite, metrics=shown, outcomes=tuple(found))


def record_of(*results: SuiteResult, seconds: float | None = 1.0, **changed: Any) -> Record:
    return Record(header=header(**changed), answers=(), suites={each.suite: each for each in results}, seconds=seconds)


class FakeTarget:
    """Answers any question from its text alone; fails after `most` questions."""

    def __init__(self, most: int = 10**9) -> None:
        self.identity = IDENTITY
        self.asked = 0
        self._most = most

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def ask(self, question: Question) -> Answer:
        if self.asked >= self._most:
            raise TargetError("the service cannot be asked: it is gone")
        self.asked += 1
        return _ANSWERS[question.kind](_noise(question.model_dump_json()))


def _noise(text: str) -> Sequence[float]:
    digest = hashlib.sha256(text.encode()).digest()
    return [byte / 255 for byte in digest]


def _sentence(noise: Sequence[float]) -> SentenceAnswer:
    probability: Mapping[str, float] = dict(zip(NAMES, noise, strict=False))
    claimed = tuple(name for name, p in probability.items() if p > 0.9)
    steps = {step.value for step in STEPS}
    return SentenceAnswer(
        probability=probability, claimed=claimed, strong=tuple(name for name in claimed if name in steps)
    )


def _reply(noise: Sequence[float]) -> ReplyAnswer:
    return ReplyAnswer(
        score=round(100 * noise[0], 1), verdict="UNSURE", confidence=noise[1], upset=noise[2], shares=(), findings=()
    )


_ANSWERS = {
    "read_sentence": _sentence,
    "score_reply": _reply,
    "read_customer": lambda noise: CustomerAnswer(act="ASK", act_probability=noise[0], upset=noise[1]),
    "next_step": lambda noise: AdviceAnswer(
        steps=(("APOLOGIZE", noise[0]),), stage="apology", pause=False, act="ASK", upset=noise[1]
    ),
    "score_conversation": lambda noise: ConversationAnswer(
        replies=(), moments=(Moment(turn=0, act="VENT", upset=noise[0], stage="empathy"),)
    ),
}


def read_lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()
