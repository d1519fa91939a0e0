"""The coach: an event comes in, it says what it wants encoded, and then what is to be told.

coach = Coach(scorer, model="...")
move = coach.opened(turns)
session, answer = coach.answer(move, {text: encoder.encode(text) for text in move.texts})
move = coach.said(session, Turn(Role.AGENT, "I am sorry."))
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from amends_core.advice import Advice
from amends_core.coaching.standing import Fate, Standing
from amends_core.coaching.token import Memory, digest_of
from amends_core.conversation import Turn
from amends_core.errors import RequestError
from amends_core.judgement import Judgement
from amends_core.playbooks import Playbook
from amends_core.scorer import Encodings, Plan, Scorer
from amends_core.taxonomy import Role, Step, Strength
from amends_core.text import has_words

_NOTHING_TO_READ = frozenset({"NO_CUSTOMER_TURN", "NO_WORDS"})
"""Reasons of the scorer for which there is no judgement or advice yet, and nothing wrong."""


@dataclass(frozen=True, slots=True)
class Session:
    """A live conversation between two events. Immutable: a move that comes to nothing leaves it as it was."""

    playbook: Playbook
    locale: str
    turns: tuple[Turn, ...]
    """Whole turns, oldest first."""
    said: bytes
    """Digest of locale and turns."""
    standing: Standing | None = None
    """The advice that holds; None before the customer has said anything."""
    encodings: Encodings = field(default_factory=dict)
    """Of every passage that the last event was read with."""


@dataclass(frozen=True, slots=True)
class Move:
    """An event that was taken in, and what is needed to answer it."""

    before: Session
    after: Session
    """The session with the event in it, but for what `Coach.answer` adds."""
    event: Turn | None = None
    """The turn that the event brought; None where it opened the conversation."""
    partial: bool = False
    resumed: bool = False
    """Whether it opened the conversation again: it is read so that the next event finds everything encoded."""
    reply_plan: Plan | None = None
    """Of the agent's reply as far as it goes; None where there is none to judge."""
    advice_plan: Plan | None = None
    """Of the conversation; None where advice is not asked for, or there is nothing yet to advise on."""

    @property
    def texts(self) -> tuple[str, ...]:
        """Every passage that was not encoded before, once, in order."""
        return tuple(text for text in dict.fromkeys(self._wanted()) if text not in self.before.encodings)

    def all_encodings(self, fresh: Encodings) -> Encodings:
        """Every encoding that the plans want: what the session held, and `fresh` ones of `texts`."""
        held = self.before.encodings
        return {text: fresh[text] if text in fresh else held[text] for text in self._wanted()}

    def _wanted(self) -> list[str]:
        return [text for plan in (self.reply_plan, self.advice_plan) if plan is not None for text in plan.texts]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is told after an event."""

    judgement: Judgement | None = None
    """Of the agent's reply as far as it goes; its spans count the turns of the reply from 0."""
    advice: Advice | None = None
    """What now holds; None where it did not change materially."""
    fate: Fate | None = None
    """What became of the advice before; None where there was none, or it stays open."""


class Coach:
    """Follows conversations by one scorer. Immutable, thread-safe, deterministic."""

    def __init__(self, scorer: Scorer, model: str) -> None:
        """`model` tells one model from another; tokens of another are refused."""
        self._scorer = scorer
        self._model = model

    def opened(self, turns: Sequence[Turn] = (), playbook: str = "", locale: str = "", token: bytes = b"") -> Move:
        """Opens a conversation, or opens it again where `token` is given, which covers exactly `turns`.

        Raises:
            RequestError: the token does not fit, times go back, or the playbook is unknown.
            StaleToken: the token is of another model or version of the playbook.
        """
        session = Session(self._scorer.library.get(playbook), locale, (), locale.encode())
        for index, turn in enumerate(turns):
            session = _with_turn(session, turn, f"start.turns[{index}].time")
        if token:
            memory = Memory.from_token(token)
            memory.hold(self._memory(session))
            session = replace(session, standing=memory.standing)
        plan = self._advice_plan(session, session.turns)
        return Move(session, session, resumed=bool(token), advice_plan=plan)

    def said(self, session: Session, turn: Turn) -> Move:
        """Takes in a whole turn.

        Raises:
            RequestError: its time lies before that of an earlier turn.
        """
        after = _with_turn(session, turn, "turn.time")
        return Move(
            session,
            after,
            turn,
            reply_plan=self._reply_plan(after, after.turns),
            advice_plan=self._advice_plan(after, after.turns),
        )

    def written(self, session: Session, turn: Turn) -> Move:
        """Takes in a turn that is still being written: a customer's may change the advice, an agent's is judged.

        Raises:
            RequestError: its time lies before that of an earlier turn.
        """
        turns = _with_turn(session, turn, "partial_turn.time").turns
        if turn.role is Role.AGENT:
            return Move(session, session, turn, partial=True, reply_plan=self._reply_plan(session, turns))
        return Move(session, session, turn, partial=True, advice_plan=self._advice_plan(session, turns))

    def answer(self, move: Move, encodings: Encodings) -> tuple[Session, Answer]:
        """The session after a move, and what is told; `encodings` holds one for each of `move.texts`."""
        everything = move.all_encodings(encodings)
        session = replace(move.after, encodings=everything) if everything else move.after
        judgement = self._scorer.judge(move.reply_plan, everything) if move.reply_plan is not None else None
        if move.advice_plan is None or move.resumed:
            return session, Answer(judgement)
        advice = self._scorer.advise(move.advice_plan, everything)
        standing = Standing.of(advice)
        old = session.standing
        changed = old is None or old.differs(standing, at_a_glance=move.partial)
        fate = _fate(old, move, judgement, replaced=changed) if old is not None else None
        if not changed:
            return session, Answer(judgement, fate=fate)
        return replace(session, standing=standing), Answer(judgement, advice, fate)

    def token(self, session: Session) -> bytes:
        """What opens the conversation again, together with its turns."""
        return self._memory(session).to_token()

    def _memory(self, session: Session) -> Memory:
        playbook = session.playbook
        return Memory(self._model, playbook.name, playbook.version, session.said.hex(), session.standing)

    def _advice_plan(self, session: Session, turns: Sequence[Turn]) -> Plan | None:
        return _where_readable(lambda: self._scorer.plan_advice(turns, session.playbook.name, session.locale))

    def _reply_plan(self, session: Session, turns: Sequence[Turn]) -> Plan | None:
        start = _reply_start(turns)
        if start == len(turns):
            return None
        before, reply = turns[:start], [turn.text for turn in turns[start:]]
        return _where_readable(lambda: self._scorer.plan_reply(before, reply, session.playbook.name, session.locale))


def _with_turn(session: Session, turn: Turn, field_of_time: str) -> Session:
    """The session once `turn` was said."""
    latest = next((earlier.time for earlier in reversed(session.turns) if earlier.time is not None), None)
    if turn.time is not None and latest is not None and turn.time < latest:
        raise RequestError(
            "turns must be in order of time: this one is earlier than one before it; mend the clock or leave time out",
            field=field_of_time,
            reason="TURNS_OUT_OF_ORDER",
        )
    return replace(session, turns=(*session.turns, turn), said=digest_of(session.said, turn))


def _reply_start(turns: Sequence[Turn]) -> int:
    """First of the last turns that are all of one agent; `len(turns)` where the customer spoke last."""
    start = len(turns)
    while start and turns[start - 1].role is Role.AGENT and turns[start - 1].speaker_id == turns[-1].speaker_id:
        start -= 1
    return start


def _where_readable(plan: Callable[[], Plan]) -> Plan | None:
    try:
        return plan()
    except RequestError as error:
        if error.reason in _NOTHING_TO_READ:
            return None
        raise


def _fate(standing: Standing, move: Move, judgement: Judgement | None, *, replaced: bool) -> Fate | None:
    if move.event is None:
        return None
    made = _made(judgement) if judgement is not None and has_words(move.event.text) else None
    return standing.fate(move.event.role, made, replaced=replaced)


def _made(judgement: Judgement) -> frozenset[Step]:
    """The steps that the last turn of a reply makes."""
    last = judgement.sentences[-1].turn_index
    return frozenset(
        step
        for step, found in judgement.steps.items()
        if found.strength is not Strength.ABSENT and any(place.turn_index == last for place in found.places)
    )
