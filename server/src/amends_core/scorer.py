"""The facade: it says which texts it wants encoded, and judges what comes back. Knows no clock and no thread.

scorer = Scorer(bundle.manifest, library, {text: encoder.encode(text) for text in phrases_of(library)})
plan = scorer.plan_reply(turns, reply, playbook="unified")
encodings = {text: encoder.encode(text) for text in plan.texts}
judgement = scorer.judge(plan, encodings)
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from amends_core.advice import Advice, Adviser
from amends_core.arc import Arc, ArcPoint, JudgedReply, SpokenTurn, arc_of
from amends_core.bundle import Manifest
from amends_core.conversation import Sentence, State, Turn, check_turns
from amends_core.detection import Detector
from amends_core.encoder import Encoding, Floats
from amends_core.errors import RequestError
from amends_core.exemplars import ExemplarIndex, all_phrases
from amends_core.judgement import Details, Judge, Judgement, Past, Reply, Seen
from amends_core.playbooks import Playbook, PlaybookLibrary, misstep_exemplars, phrasings
from amends_core.stages import locate
from amends_core.taxonomy import STEPS, Label, Role
from amends_core.teaching import UNTAUGHT, Correction, StepReader, Teaching, reach_of
from amends_core.text import Span, digest, has_words, passage_of, remembered, split

MAX_HISTORY_TURNS = 100
"""Turns before these are left out of the state: what was said a hundred turns ago no longer decides the next."""
MAX_PIECES = 2000
"""Most sentences and messages that one request may want encoded: some seconds of work for one thread."""
DEFAULT_STEPS = 3

Encodings = Mapping[str, Encoding]


class Piece(NamedTuple):
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
class ConversationJudgement:
    """Every reply of a conversation, and its arc."""

    replies: tuple[JudgedReply, ...]
    arc: Arc


@dataclass(slots=True)
class _Course:
    """A conversation as it goes on: what is known after each turn. Each turn is read once, and then entered."""

    state: State = field(default_factory=State)
    embeddings: list[Floats] = field(default_factory=list)
    """Of `state.sentences`, in their order."""
    details: Details = field(default_factory=Details)
    customer: Encoding | None = None
    """Of the customer's last message."""

    def past(self) -> Past:
        """What was said before the next reply; the customer must have spoken."""
        assert self.customer is not None
        return Past(self.state, self.embeddings, self.customer, self.details)


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
        return self._judged(plan, encodings, self._course_of(plan, encodings), self._reply_of(plan, encodings))

    def see(self, plan: Plan, encodings: Encodings) -> Seen:
        """Gives all that the score of a planned reply is made from: on it the weights of the judgement are fitted."""
        past, sentences = self._course_of(plan, encodings).past(), self._reply_of(plan, encodings)
        return self._judge.see(plan.playbook, past, _encoded(sentences, encodings))

    def advise(self, plan: Plan, encodings: Encodings, most: int = DEFAULT_STEPS) -> Advice:
        """Advises on the conversation of a plan; `most` from 1 to 13."""
        past = self._course_of(plan, encodings).past()
        last_speaker = plan.turns[plan.reply_start - 1].role
        return self._adviser.advise(plan.playbook, past.state, past.customer.embedding, last_speaker, most)

    def state_of(self, plan: Plan, encodings: Encodings) -> State:
        """The state before the reply of a plan, or at the end of its conversation where it has none."""
        return self._course_of(plan, encodings).state

    def judge_conversation(self, plan: Plan, encodings: Encodings) -> ConversationJudgement:
        """Judges every reply of a plan of `plan_conversation`. Spans count turns of the conversation."""
        course = _Course()
        replies: list[JudgedReply] = []
        points: list[ArcPoint] = []
        spoken: list[SpokenTurn] = []
        for indexes in _runs(plan.turns):
            if plan.turns[indexes[0]].role is Role.CUSTOMER:
                for index in indexes:
                    self._hear(plan, encodings, course, index)
                    points += self._points(plan, course.state, index)
                continue
            said = {index: sentences for index in indexes if (sentences := self._sentences(plan, encodings, index))}
            if course.state.moments and said:
                whole = [sentence for sentences in said.values() for sentence in sentences]
                judgement = self._judged(plan, encodings, course, whole)
                replies.append(JudgedReply(indexes[0], indexes[-1], plan.turns[indexes[0]].speaker_id, judgement))
            for index, sentences in said.items():
                self._enter(plan, encodings, course, index, sentences)
                spoken.append(SpokenTurn.of(index, plan.turns[index], sentences, self.detector))
        arc = arc_of(plan.playbook, plan.turns, points, replies, spoken, course.state)
        return ConversationJudgement(tuple(replies), arc)

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

    def _course_of(self, plan: Plan, encodings: Encodings) -> _Course:
        """The conversation of a plan up to its reply."""
        course = _Course()
        for index in range(plan.reply_start):
            if plan.turns[index].role is Role.CUSTOMER:
                self._hear(plan, encodings, course, index)
            else:
                self._enter(plan, encodings, course, index, self._sentences(plan, encodings, index))
        return course

    def _hear(self, plan: Plan, encodings: Encodings, course: _Course, index: int) -> None:
        """Enters a turn of the customer."""
        turn = plan.turns[index]
        for piece in plan.pieces.get(index, ()):
            encoding = encodings[piece.passage]
            course.state = course.state.after_customer(index, turn, self.detector.read_customer(encoding))
            course.details = course.details.with_message(turn.text)
            course.customer = encoding

    def _enter(
        self, plan: Plan, encodings: Encodings, course: _Course, index: int, sentences: Sequence[Sentence]
    ) -> None:
        """Enters a turn of an agent."""
        if sentences:
            course.state = course.state.after_agent(sentences, self.detector, plan.turns[index])
            course.embeddings += (encodings[sentence.text].embedding for sentence in sentences)

    def _sentences(self, plan: Plan, encodings: Encodings, index: int, first_turn: int = 0) -> Sequence[Sentence]:
        """Reads an agent's turn; its index counts from `first_turn`."""
        return [
            Sentence(index - first_turn, piece.span, piece.text, self.detector.read_sentence(encodings[piece.text]))
            for piece in plan.pieces.get(index, ())
        ]

    def _reply_of(self, plan: Plan, encodings: Encodings) -> list[Sentence]:
        """Reads the reply of a plan; its turns count from 0."""
        indexes = range(plan.reply_start, len(plan.turns))
        return [s for index in indexes for s in self._sentences(plan, encodings, index, plan.reply_start)]

    def _judged(self, plan: Plan, encodings: Encodings, course: _Course, sentences: Sequence[Sentence]) -> Judgement:
        return self._judge.judge(plan.playbook, course.past(), _encoded(sentences, encodings), plan.locale)

    def _points(self, plan: Plan, state: State, index: int) -> Iterator[ArcPoint]:
        if state.moments and state.moments[-1].turn_index == index:
            moment, position = state.moments[-1], locate(plan.playbook, state)
            reading = moment.reading
            yield ArcPoint(
                index, reading.act, reading.act_probability, moment.upset, position.stage.name, position.index
            )


def _encoded(sentences: Sequence[Sentence], encodings: Encodings) -> Reply:
    return Reply(sentences=sentences, encodings=[encodings[sentence.text] for sentence in sentences])


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
        pieces[index] = _pieces(index, turns)
        count += len(pieces[index])
        if count > MAX_PIECES:
            raise RequestError(
                f"the conversation holds more than {MAX_PIECES} sentences; send fewer turns, or shorter ones",
                field="turns",
                reason="TOO_MANY_SENTENCES",
            )
    return pieces


def _pieces(index: int, turns: Sequence[Turn]) -> tuple[Piece, ...]:
    turn = turns[index]
    if turn.role is Role.AGENT:
        return tuple([Piece(index, span, text, text) for span, text in _sentences_of(turn.text)])
    span, text = _message_of(turn.text)
    return (Piece(index, span, text, passage_of(digest(text), _agent_before(index, turns))),)


@remembered
def _message_of(text: str) -> tuple[Span, str]:
    """A message, without white space at its ends."""
    trimmed = Span(0, len(text)).trimmed(text)
    return trimmed, trimmed.of(text)


@remembered
def _sentences_of(text: str) -> tuple[tuple[Span, str], ...]:
    """The sentences of a turn, without white space at their ends."""
    return tuple((trimmed, trimmed.of(text)) for trimmed in (span.trimmed(text) for span in split(text)))


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
