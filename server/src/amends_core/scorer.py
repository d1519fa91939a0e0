"""The facade: it says which texts it wants encoded, and judges what comes back. Knows no clock and no thread.

scorer = Scorer(bundle.manifest, library, {text: encoder.encode(text) for text in phrases_of(library)})
plan = scorer.plan_reply(turns, reply, playbook="unified")
encodings = {text: encoder.encode(text) for text in plan.texts}
judgement = scorer.judge(plan, encodings)
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from amends_core.advice import Advice, Adviser
from amends_core.bundle import Manifest
from amends_core.conversation import Sentence, State, Turn, check_turns
from amends_core.detection import Detector
from amends_core.encoder import Encoding, Floats
from amends_core.errors import RequestError
from amends_core.exemplars import ExemplarIndex, all_phrases
from amends_core.judgement import Judge, Judgement, Past, Reply, Verdict
from amends_core.playbooks import Playbook, PlaybookLibrary, misstep_exemplars, phrasings
from amends_core.stages import locate
from amends_core.taxonomy import STEPS, CustomerAct, Label, Role, Step
from amends_core.teaching import UNTAUGHT, Correction, StepReader, Teaching, reach_of
from amends_core.text import Span, digest, has_words, passage_of, split

MAX_HISTORY_TURNS = 100
"""Turns before these are left out of the state: what was said a hundred turns ago no longer decides the next."""
MAX_PIECES = 2000
"""Most sentences and messages that one request may want encoded: some seconds of work for one thread."""
DEFAULT_STEPS = 3

Encodings = Mapping[str, Encoding]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a turn that is encoded: a sentence of an agent, or a customer's whole message."""

    turn_index: int
    span: Span
    text: str
    passage: str
    """What is encoded: the text, and for a customer's message what the agent said before it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a request wants encoded, and what is needed to judge it afterwards."""

    turns: tuple[Turn, ...]
    """The conversation and, where there is one, the reply behind it."""
    reply_start: int
    """Index in `turns` of the first turn of the reply; `len(turns)` where there is none."""
    pieces: Mapping[int, tuple[Piece, ...]]
    """By turn index; turns too old or without words have none."""
    playbook: Playbook
    locale: str

    @property
    def texts(self) -> tuple[str, ...]:
        """Every passage to encode, once, in order."""
        return tuple(dict.fromkeys(piece.passage for pieces in self.pieces.values() for piece in pieces))


@dataclass(frozen=True, slots=True)
class JudgedReply:
    """One reply of a conversation: agent turns that nothing of the customer's divides."""

    first_turn_index: int
    last_turn_index: int
    speaker_id: str
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class ArcPoint:
    """The customer at one of their turns."""

    turn_index: int
    act: CustomerAct
    act_probability: float
    upset: float
    stage: str


@dataclass(frozen=True, slots=True)
class Arc:
    """How a conversation went."""

    points: tuple[ArcPoint, ...]
    upset_change: float
    mean_score: float | None
    best_turn_index: int | None
    worst_turn_index: int | None
    first_empathy_turn_index: int | None
    first_remedy_turn_index: int | None


@dataclass(frozen=True, slots=True)
class ConversationJudgement:
    """Every reply of a conversation, and its arc."""

    replies: tuple[JudgedReply, ...]
    arc: Arc


class Scorer:
    """Plans and judges. Immutable, thread-safe, deterministic to the bit."""

    def __init__(
        self, manifest: Manifest, library: PlaybookLibrary, encodings: Encodings, teaching: Teaching = UNTAUGHT
    ) -> None:
        """Takes the encodings of all `phrases_of(library, teaching)`, made once."""
        self.library = library
        embeddings = {text: encoding.embedding for text, encoding in encodings.items()}
        self.detector = taught_detector(manifest, teaching, embeddings)
        """Says what counts as claimed in a sentence's reading."""
        examples = phrasings()
        sources = _exemplar_sources(library)
        own = teaching.exemplars.positive if teaching.exemplars else {}
        by_playbook = {name: ExemplarIndex(phrases, embeddings, own) for name, phrases in sources.items()}
        example_index = ExemplarIndex(examples, embeddings)
        self._judge = Judge(self.detector, by_playbook, example_index)
        self._adviser = Adviser(examples, example_index)

    def plan_reply(self, turns: Sequence[Turn], reply: Sequence[str], playbook: str = "", locale: str = "") -> Plan:
        """Plans the judgement of `reply`, the turns in which an agent answers `turns`.

        Raises:
            RequestError: the conversation or the reply cannot be judged, or the playbook is unknown.
        """
        if not any(has_words(text) for text in reply):
            raise RequestError(
                "reply must hold at least one letter or digit: emoji and punctuation alone cannot be judged",
                field="reply",
                reason="NO_WORDS",
            )
        spoken = tuple(Turn(Role.AGENT, text) for text in reply)
        return self._plan((*turns, *spoken), len(turns), playbook, locale)

    def plan_advice(self, turns: Sequence[Turn], playbook: str = "", locale: str = "") -> Plan:
        """Plans advice on the conversation so far.

        Raises:
            RequestError: the conversation cannot be judged, or the playbook is unknown.
        """
        return self._plan(tuple(turns), len(turns), playbook, locale)

    def plan_conversation(self, turns: Sequence[Turn], playbook: str = "", locale: str = "") -> Plan:
        """Plans the judgement of a whole conversation, however long.

        Raises:
            RequestError: the conversation cannot be judged, or the playbook is unknown.
        """
        return self._plan(tuple(turns), len(turns), playbook, locale, history=len(turns))

    def judge(self, plan: Plan, encodings: Encodings) -> Judgement:
        """Judges the reply of a plan of `plan_reply`; `encodings` holds one for each of `plan.texts`.

        Spans count turns of the reply from 0.
        """
        state = self.state_of(plan, encodings)
        return self._judge_turns(plan, encodings, state, range(plan.reply_start, len(plan.turns)), plan.reply_start)

    def advise(self, plan: Plan, encodings: Encodings, most: int = DEFAULT_STEPS) -> Advice:
        """Advises on the conversation of a plan; `most` from 1 to 13."""
        state = self.state_of(plan, encodings)
        customer = self._last_customer(plan, encodings, plan.reply_start)
        last_speaker = plan.turns[plan.reply_start - 1].role
        return self._adviser.advise(plan.playbook, state, customer.embedding, last_speaker, most)

    def state_of(self, plan: Plan, encodings: Encodings) -> State:
        """The state before the reply of a plan, or at the end of its conversation where it has none."""
        state = State()
        for index in range(plan.reply_start):
            state = self._after_turn(plan, encodings, state, index)
        return state

    def judge_conversation(self, plan: Plan, encodings: Encodings) -> ConversationJudgement:
        """Judges every reply of a plan of `plan_conversation`. Spans count turns of the conversation."""
        state = State()
        replies: list[JudgedReply] = []
        points: list[ArcPoint] = []
        first: dict[Step, int] = {}
        for indexes in _runs(plan.turns):
            if plan.turns[indexes[0]].role is Role.CUSTOMER:
                for index in indexes:
                    state = self._after_turn(plan, encodings, state, index)
                    points += self._points(plan, state, index)
                continue
            if state.moments and any(index in plan.pieces for index in indexes):
                judgement = self._judge_turns(plan, encodings, state, indexes, 0)
                speaker = plan.turns[indexes[0]].speaker_id
                replies.append(JudgedReply(indexes[0], indexes[-1], speaker, judgement))
            for index in indexes:
                state = self._after_turn(plan, encodings, state, index)
                first = {**state.last_done, **first}
        return ConversationJudgement(tuple(replies), _arc(points, replies, first))

    def _plan(
        self, turns: tuple[Turn, ...], reply_start: int, playbook: str, locale: str, history: int = MAX_HISTORY_TURNS
    ) -> Plan:
        check_turns(turns[:reply_start])
        oldest = _oldest_turn(turns, reply_start, history)
        pieces = _all_pieces(turns, oldest)
        if not any(turns[i].role is Role.CUSTOMER for i in pieces):
            raise RequestError(
                "turns must hold at least one customer turn with a letter or digit in it",
                field="turns",
                reason="NO_WORDS",
            )
        return Plan(turns, reply_start, pieces, self.library.get(playbook), locale)

    def _after_turn(self, plan: Plan, encodings: Encodings, state: State, index: int) -> State:
        pieces = plan.pieces.get(index)
        if not pieces:
            return state
        turn = plan.turns[index]
        if turn.role is Role.CUSTOMER:
            return state.after_customer(index, turn, self.detector.read_customer(encodings[pieces[0].passage]))
        return state.after_agent([self._sentence(piece, encodings, 0) for piece in pieces], self.detector)

    def _sentence(self, piece: Piece, encodings: Encodings, first_turn: int) -> Sentence:
        reading = self.detector.read_sentence(encodings[piece.text])
        return Sentence(piece.turn_index - first_turn, piece.span, piece.text, reading)

    def _judge_turns(
        self, plan: Plan, encodings: Encodings, state: State, indexes: Sequence[int], first_turn: int
    ) -> Judgement:
        pieces = [piece for index in indexes for piece in plan.pieces.get(index, ())]
        reply = Reply(
            sentences=[self._sentence(piece, encodings, first_turn) for piece in pieces],
            encodings=[encodings[piece.text] for piece in pieces],
        )
        past = Past(
            state=state,
            sentence_encodings=[encodings[sentence.text] for sentence in state.sentences],
            customer=self._last_customer(plan, encodings, indexes[0]),
            customer_messages=[plan.turns[moment.turn_index].text for moment in state.moments],
        )
        return self._judge.judge(plan.playbook, past, reply, plan.locale)

    def _last_customer(self, plan: Plan, encodings: Encodings, before: int) -> Encoding:
        index = max(i for i in plan.pieces if i < before and plan.turns[i].role is Role.CUSTOMER)
        return encodings[plan.pieces[index][0].passage]

    def _points(self, plan: Plan, state: State, index: int) -> Iterator[ArcPoint]:
        if state.moments and state.moments[-1].turn_index == index:
            moment = state.moments[-1]
            stage = locate(plan.playbook, state).stage.name
            yield ArcPoint(index, moment.reading.act, moment.reading.act_probability, moment.upset, stage)


def phrases_of(library: PlaybookLibrary, teaching: Teaching = UNTAUGHT) -> tuple[str, ...]:
    """Every exemplar and phrasing that a scorer of these wants encoded, once, in a stable order."""
    shipped = all_phrases([*_exemplar_sources(library).values(), phrasings()])
    return tuple(dict.fromkeys((*shipped, *teaching.phrases)))


def taught_detector(manifest: Manifest, teaching: Teaching, embeddings: Mapping[str, Floats]) -> Detector:
    """A detector that knows what a company taught.

    Args:
        manifest: of the model.
        teaching: own exemplars and steps.
        embeddings: of `teaching.phrases`, and of the shipped missteps and phrasings, which say how far one reaches.
    """
    steps = [StepReader(step, embeddings) for step in teaching.steps]
    if teaching.exemplars is None:
        return Detector(manifest, steps=steps)
    reach = reach_of({**misstep_exemplars(), **phrasings()}, embeddings)
    return Detector(manifest, Correction(teaching.exemplars, embeddings, reach), steps)


def _exemplar_sources(library: PlaybookLibrary) -> Mapping[str, Mapping[Label, Sequence[str]]]:
    """Per playbook: the exemplars of its steps, the default's for steps it does not name, and the missteps'."""
    default = library.get("").exemplars
    missteps = misstep_exemplars()
    return {
        playbook.name: {**missteps, **{step: playbook.exemplars.get(step, default.get(step, ())) for step in STEPS}}
        for playbook in library
    }


def _oldest_turn(turns: Sequence[Turn], reply_start: int, history: int) -> int:
    """First turn that is encoded: `history` turns back, or the last customer turn where that is older."""
    last_customer = max(i for i in range(reply_start) if turns[i].role is Role.CUSTOMER)
    return min(max(0, reply_start - history), last_customer)


def _all_pieces(turns: Sequence[Turn], oldest: int) -> Mapping[int, tuple[Piece, ...]]:
    """The pieces of every turn from `oldest` on that has words; stops as soon as they are too many."""
    pieces: dict[int, tuple[Piece, ...]] = {}
    count = 0
    for index in range(oldest, len(turns)):
        if not has_words(turns[index].text):
            continue
        pieces[index] = tuple(_pieces(index, turns))
        count += len(pieces[index])
        if count > MAX_PIECES:
            raise RequestError(
                f"the conversation holds more than {MAX_PIECES} sentences; send fewer turns, or shorter ones",
                field="turns",
                reason="TOO_MANY_SENTENCES",
            )
    return pieces


def _pieces(index: int, turns: Sequence[Turn]) -> Iterator[Piece]:
    turn = turns[index]
    customer = turn.role is Role.CUSTOMER
    before = _agent_before(index, turns) if customer else ""
    for span in (Span(0, len(turn.text)),) if customer else split(turn.text):
        trimmed = span.trimmed(turn.text)
        text = trimmed.of(turn.text)
        yield Piece(index, trimmed, text, passage_of(digest(text) if customer else text, before))


def _agent_before(index: int, turns: Sequence[Turn]) -> str:
    """What the agent said last before a turn; empty where they said nothing."""
    return next((turns[i].text for i in range(index - 1, -1, -1) if turns[i].role is Role.AGENT), "")


def _runs(turns: Sequence[Turn]) -> Iterator[list[int]]:
    """Indexes of turns, grouped where role and speaker stay the same."""
    run: list[int] = []
    for index, turn in enumerate(turns):
        if run and (turn.role, turn.speaker_id) != (turns[run[0]].role, turns[run[0]].speaker_id):
            yield run
            run = []
        run.append(index)
    if run:
        yield run


def _arc(points: Sequence[ArcPoint], replies: Sequence[JudgedReply], first: Mapping[Step, int]) -> Arc:
    sure = [reply for reply in replies if reply.judgement.verdict is not Verdict.UNSURE]
    ranked = sorted(sure, key=lambda reply: (reply.judgement.score, reply.first_turn_index))
    return Arc(
        points=tuple(points),
        upset_change=points[-1].upset - points[0].upset,
        mean_score=fmean(reply.judgement.score for reply in sure) if sure else None,
        best_turn_index=ranked[-1].first_turn_index if ranked else None,
        worst_turn_index=ranked[0].first_turn_index if ranked else None,
        first_empathy_turn_index=first.get(Step.EMPATHIZE),
        first_remedy_turn_index=first.get(Step.TAKE_ACTION),
    )
