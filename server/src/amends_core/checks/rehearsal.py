"""How a playbook behaves: sample conversations, turn by turn, with what it expects, advises and judges."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from amends_core.advice import Advice
from amends_core.conversation import Turn
from amends_core.encoder import Encoding
from amends_core.judgement import Judgement
from amends_core.scorer import Plan, Scorer
from amends_core.stages import expectations
from amends_core.taxonomy import STEPS, Expectation, Role, Step

PATH = Path(__file__).with_name("samples.yaml")
Encode = Callable[[str], Encoding]


@dataclass(frozen=True, slots=True)
class Sample:
    """A conversation to try a playbook on."""

    name: str
    about: str
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class RehearsedTurn:
    """One turn of a sample, and how the playbook takes it."""

    turn: Turn
    advice: Advice
    """After the turn."""
    expectations: Mapping[Step, Expectation]
    """Of the next reply."""
    judgement: Judgement | None
    """Of an agent's turn; None for a customer's."""

    @property
    def expected(self) -> tuple[Step, ...]:
        """The steps that the next reply is expected to make."""
        return tuple(step for step in STEPS if self.expectations[step] is Expectation.EXPECTED)

    @property
    def not_now(self) -> tuple[Step, ...]:
        """The steps that the next reply should not make."""
        return tuple(step for step in STEPS if self.expectations[step] is Expectation.NOT_NOW)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A sample, rehearsed."""

    sample: Sample
    turns: tuple[RehearsedTurn, ...]

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages it came to, each once, in order."""
        return tuple(dict.fromkeys(rehearsed.advice.position.stage.name for rehearsed in self.turns))


@cache
def samples() -> tuple[Sample, ...]:
    """The conversations that ship. Read once."""
    data = yaml.load(PATH.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return tuple(Sample(each["name"], each["about"], tuple(_turn(turn) for turn in each["turns"])) for each in data)


def rehearse(scorer: Scorer, encode: Encode, playbook: str, sample: Sample) -> Rehearsal:
    """Runs a playbook of the scorer's library over a sample."""
    turns = sample.turns
    return Rehearsal(sample, tuple(_rehearse(scorer, encode, playbook, turns, i) for i in range(len(turns))))


def _rehearse(scorer: Scorer, encode: Encode, playbook: str, turns: Sequence[Turn], index: int) -> RehearsedTurn:
    plan = scorer.plan_advice(turns[: index + 1], playbook)
    encodings = _encoded(plan, encode)
    judgement = None
    if turns[index].role is Role.AGENT:
        reply = scorer.plan_reply(turns[:index], [turns[index].text], playbook)
        judgement = scorer.judge(reply, _encoded(reply, encode))
    expected = expectations(plan.playbook, scorer.state_of(plan, encodings))
    return RehearsedTurn(turns[index], scorer.advise(plan, encodings), expected, judgement)


def _encoded(plan: Plan, encode: Encode) -> Mapping[str, Encoding]:
    return {text: encode(text) for text in plan.texts}


def _turn(data: Mapping[str, str]) -> Turn:
    ((speaker, text),) = data.items()
    return Turn(Role[speaker.upper()], text)
