"""A conversation, and its state: how the customer is, and what has been done for them so far."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple

from amends_core.detection import CustomerReading, Detector, SentenceReading
from amends_core.errors import RequestError
from amends_core.facts import FactKind, asked_in, given_in
from amends_core.figures import Figure, figures_in, numbers_in
from amends_core.promises import Commitment, Promise, Promises
from amends_core.taxonomy import CustomerAct, Misstep, Role, Step, Strength
from amends_core.text import Span, word_count

UPSET = 0.5
"""From this probability on the customer counts as upset."""
PROBLEM_UPSET = {CustomerAct.EXPLAIN: 0.15, CustomerAct.ASK: 0.35}
"""From this probability on facts or a question count as telling of a problem."""
CARRY_WORDS = 3
CARRY = 0.8
"""After a message of at most CARRY_WORDS words ("ok.", "fine"), this share of the earlier upset is still there."""
CREDIT: Mapping[Strength, float] = {Strength.ABSENT: 0.0, Strength.WEAK: 0.5, Strength.STRONG: 1.0}
"""What a step is worth by its strength."""

_COMPLAINING = frozenset({CustomerAct.VENT, CustomerAct.REJECT, CustomerAct.CORRECT})
_WAITING_FOR_WORDS = frozenset({CustomerAct.ASK, CustomerAct.EXPLAIN, CustomerAct.CONFIRM, CustomerAct.CORRECT})
_CONTENT = frozenset({CustomerAct.SATISFIED, CustomerAct.ACCEPT})


@dataclass(frozen=True, slots=True)
class Turn:
    """What one person said at one time."""

    role: Role
    text: str
    time: datetime | None = None
    speaker_id: str = ""


class Sentence(NamedTuple):
    """A sentence of an agent, where it stands and what it does."""

    turn_index: int
    span: Span
    """Without white space at its ends, in code points of the turn's text."""
    text: str
    reading: SentenceReading


class CustomerMoment(NamedTuple):
    """The customer at one of their turns."""

    turn_index: int
    reading: CustomerReading
    upset: float
    """As read, or as carried over a message too short to tell, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Message:
    """What the customer said at one of their turns."""

    turn_index: int
    text: str = field(repr=False)
    time: datetime | None


class Answer(NamedTuple):
    """What an agent said in one turn."""

    sentences: tuple[Sentence, ...]
    speaker_id: str
    time: datetime | None


@dataclass(frozen=True)
class Case:
    """What was said of the customer's case; read only where it is asked for, as few judgements need all of it."""

    told: tuple[Message | Answer, ...] = ()

    @cached_property
    def given(self) -> Mapping[FactKind, int]:
        """What the customer gave of their case, with the turn in which they first did; never the values."""
        given: dict[FactKind, int] = {}
        asked: frozenset[FactKind] = frozenset()
        for told in self.told:
            if isinstance(told, Answer):
                asked = frozenset(kind for sentence in told.sentences for kind in asked_in(sentence.text))
            else:
                given = {**dict.fromkeys(given_in(told.text, asked), told.turn_index), **given}
        return given

    @cached_property
    def figures(self) -> frozenset[Figure]:
        """Amounts, dates and counts that the customer gave."""
        return frozenset(figure for message in self._messages for figure in figures_in(message.text))

    @cached_property
    def numbers(self) -> frozenset[float]:
        """Every number that the customer gave, whatever it counts."""
        return frozenset(number for message in self._messages for number in numbers_in(message.text))

    @cached_property
    def promises(self) -> Promises:
        """What agents promised so far, with what became of it."""
        promises = Promises()
        for told in self.told:
            if isinstance(told, Message):
                promises = promises.after_customer(told.text, told.turn_index, told.time)
            elif told.sentences:
                said = [Commitment(sentence.text, sentence.span, _steps(sentence)) for sentence in told.sentences]
                promises = promises.after_agent(said, told.sentences[0].turn_index, told.speaker_id, told.time)
        return promises

    @property
    def last_message(self) -> str:
        """What the customer said last; empty before they said anything."""
        return next((told.text for told in reversed(self.told) if isinstance(told, Message)), "")

    @property
    def messages(self) -> tuple[str, ...]:
        """What the customer said, turn by turn."""
        return tuple(message.text for message in self._messages)

    @property
    def _messages(self) -> Iterator[Message]:
        return (told for told in self.told if isinstance(told, Message))


class State(NamedTuple):
    """What is known before the next reply. Immutable; `after_customer` and `after_agent` give the next one."""

    moments: tuple[CustomerMoment, ...] = ()
    done: Mapping[Step, float] = MappingProxyType({})
    """Best credit of each step made so far, 0.5 or 1; absent where it was not made."""
    last_done: Mapping[Step, int] = MappingProxyType({})
    """Turn in which each step was last made."""
    apologies: int = 0
    sentences: tuple[Sentence, ...] = ()
    """Every agent sentence so far."""
    problem: bool = False
    """Whether the customer has told of something that went wrong."""
    missteps: frozenset[Misstep] = frozenset()
    """Of the agent's last turn; empty again once the agent has spoken without one."""
    case: Case = Case()
    """What was told of the customer's case, and promised."""

    @property
    def promises(self) -> tuple[Promise, ...]:
        """What agents promised so far, in order, with what became of it."""
        return self.case.promises.made

    @property
    def upset(self) -> float:
        """Of the customer now, 0 to 1; 0 before they said anything."""
        return self.moments[-1].upset if self.moments else 0.0

    @property
    def act(self) -> CustomerAct | None:
        """What the customer did last."""
        return self.moments[-1].reading.act if self.moments else None

    @property
    def is_upset(self) -> bool:
        """Whether the customer counts as upset."""
        return self.upset >= UPSET

    @property
    def is_content(self) -> bool:
        """Whether the customer has said that it is well, and sounds so."""
        return self.act in _CONTENT and not self.is_upset

    @property
    def settled(self) -> bool:
        """Whether the customer says that it is well, and nothing is left to mend."""
        return self.act is CustomerAct.SATISFIED and self.is_content and (self.remedied or not self.problem)

    @property
    def accepted(self) -> bool:
        """Whether the customer took a remedy."""
        return self.is_content and self.remedied

    @property
    def only_asks(self) -> bool:
        """Whether the customer is calm, has no problem to tell of, and asks."""
        return not self.problem and not self.is_upset and self.act is CustomerAct.ASK

    @property
    def wants_answer(self) -> bool:
        """Whether the customer is calm and waits for information: an answer, an instruction, the next question."""
        return not self.is_upset and self.act in _WAITING_FOR_WORDS

    @property
    def remedied(self) -> bool:
        """Whether a remedy was stated."""
        return Step.TAKE_ACTION in self.done or Step.GO_FURTHER in self.done

    @property
    def unsatisfied(self) -> bool:
        """Whether the customer turned a remedy down, or is still upset after one."""
        after = self.moments and self.moments[-1].turn_index > self.last_done.get(Step.TAKE_ACTION, 1 << 30)
        return bool(after) and (self.act is CustomerAct.REJECT or self.is_upset)

    @property
    def last_agent_turn(self) -> int:
        """Index of the agent's last turn; -1 where they have said nothing yet."""
        return self.sentences[-1].turn_index if self.sentences else -1

    def just_made(self, step: Step) -> bool:
        """Whether the agent's last turn made a step."""
        return step in self.last_done and self.last_done[step] == self.last_agent_turn

    def heard(self, connecting: Iterable[Step]) -> bool:
        """Whether at least one of the connecting steps was made."""
        return not self.done.keys().isdisjoint(connecting)

    def acts_after(self, turn_index: int) -> Iterator[CustomerAct]:
        """The customer's acts later than a turn."""
        return (moment.reading.act for moment in self.moments if moment.turn_index > turn_index)

    def after_customer(self, turn_index: int, turn: Turn, reading: CustomerReading) -> "State":
        """The state once the customer has spoken."""
        upset = reading.upset
        if word_count(turn.text) <= CARRY_WORDS and reading.act is not CustomerAct.SATISFIED:
            upset = max(upset, CARRY * self.upset)
        told = reading.act in _COMPLAINING or upset >= UPSET
        told |= upset >= PROBLEM_UPSET.get(reading.act, UPSET)
        return State(
            moments=(*self.moments, CustomerMoment(turn_index, reading, upset)),
            done=self.done,
            last_done=self.last_done,
            apologies=self.apologies,
            sentences=self.sentences,
            problem=self.problem or told,
            missteps=self.missteps,
            case=Case((*self.case.told, Message(turn_index, turn.text, turn.time))),
        )

    def after_agent(self, sentences: Sequence[Sentence], detector: Detector, turn: Turn | None = None) -> "State":
        """The state once the agent has spoken; `turn` tells when and who, where that is known."""
        done, last_done, apologies = dict(self.done), dict(self.last_done), self.apologies
        for sentence in sentences:
            for step in _steps(sentence):
                done[step] = max(done.get(step, 0.0), CREDIT[detector.strength(sentence.reading, step)])
                last_done[step] = sentence.turn_index
                apologies += step is Step.APOLOGIZE
        speaker_id, time = (turn.speaker_id, turn.time) if turn else ("", None)
        return State(
            moments=self.moments,
            done=done,
            last_done=last_done,
            apologies=apologies,
            sentences=(*self.sentences, *sentences),
            problem=self.problem,
            missteps=frozenset(label for s in sentences for label in s.reading.claimed if isinstance(label, Misstep)),
            case=Case((*self.case.told, Answer(tuple(sentences), speaker_id, time))),
        )


def check_turns(turns: Sequence[Turn]) -> None:
    """Holds a conversation to what bounds on single fields cannot say.

    Raises:
        RequestError: no turn is the customer's, or times go back.
    """
    if all(turn.role is not Role.CUSTOMER for turn in turns):
        raise RequestError(
            "turns must hold at least one turn of the customer: a reply is judged against what the customer said",
            field="turns",
            reason="NO_CUSTOMER_TURN",
        )
    latest: datetime | None = None
    for index, turn in enumerate(turns):
        if turn.time is None:
            continue
        if latest is not None and turn.time < latest:
            raise RequestError(
                "turns must be in order of time: this one is earlier than one before it; sort them, oldest first",
                field=f"turns[{index}].time",
                reason="TURNS_OUT_OF_ORDER",
            )
        latest = turn.time


def _steps(sentence: Sentence) -> list[Step]:
    """The steps that a sentence makes, in the order of the taxonomy."""
    return [label for label in sentence.reading.claimed if isinstance(label, Step)]
