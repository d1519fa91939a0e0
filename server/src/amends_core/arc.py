"""How a conversation went: the customer over time, what came when, and each agent by themselves."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from amends_core.conversation import Sentence, State, Turn
from amends_core.detection import Detector
from amends_core.judgement import Contribution, Judgement, Verdict
from amends_core.playbooks import Playbook
from amends_core.promises import Promise
from amends_core.stages import locate
from amends_core.taxonomy import STEPS, CustomerAct, Misstep, Severity, Step


@dataclass(frozen=True, slots=True)
class JudgedReply:
    """One reply of a conversation: agent turns that nothing of the customer's divides."""

    first_turn_index: int
    last_turn_index: int
    speaker_id: str
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class SpokenTurn:
    """A turn of an agent, as read."""

    turn_index: int
    speaker_id: str
    steps: frozenset[Step]
    """Those that its sentences make."""

    @classmethod
    def of(cls, turn_index: int, turn: Turn, sentences: Sequence[Sentence], detector: Detector) -> "SpokenTurn":
        """Reads off what a turn does."""
        steps = {step for s in sentences for step in STEPS if detector.claims(s.reading, step)}
        return cls(turn_index, turn.speaker_id, frozenset(steps))


@dataclass(frozen=True, slots=True)
class ArcPoint:
    """The customer at one of their turns."""

    turn_index: int
    act: CustomerAct
    act_probability: float
    upset: float
    stage: str
    stage_index: int
    """Of the stage among those of the playbook, from 0."""


@dataclass(frozen=True, slots=True)
class Milestone:
    """The first time that something was done, and how long the customer waited for it."""

    turn_index: int
    customer_turns: int
    """Messages of the customer from the one that it is counted from on, 1 or more; 0 where it came before any."""
    seconds: float | None
    """From that message; None where one of the two turns has no time, or it came before any."""


@dataclass(frozen=True, slots=True)
class Milestones:
    """The first empathy, apology and remedy; None where there was none."""

    empathy: Milestone | None
    apology: Milestone | None
    remedy: Milestone | None


@dataclass(frozen=True, slots=True)
class PlacedMisstep:
    """A misstep, with its turn."""

    turn_index: int
    speaker_id: str
    misstep: Misstep
    severity: Severity


@dataclass(frozen=True, slots=True)
class ReplyMoment:
    """The best or the worst reply, and what made it so."""

    turn_index: int
    """Its first turn."""
    speaker_id: str
    score: float
    top: Contribution
    """Of the best reply, what earned most. Of the worst, what cost most, or where nothing cost, what it lacks most."""


@dataclass(frozen=True, slots=True)
class AgentArc:
    """One agent's part."""

    speaker_id: str
    turns: int
    """How many of the turns with words are theirs, those before the customer's first included."""
    mean_score: float | None
    """Of their replies that are not UNSURE; None where there is none."""
    steps: Mapping[Step, int]
    """In how many of their turns they made each step; absent where in none."""
    missteps: tuple[PlacedMisstep, ...]
    promises: tuple[Promise, ...]
    """Those they made, whoever kept them."""
    first: Milestones
    """Counted from the customer's last message before their first turn: what was before it was not theirs to answer."""
    best: ReplyMoment | None
    worst: ReplyMoment | None


@dataclass(frozen=True, slots=True)
class Arc:
    """How a conversation went."""

    points: tuple[ArcPoint, ...]
    """The customer, turn by turn; never empty."""
    furthest_stage: str
    """The latest stage of the playbook at which the conversation ever stood, its end included."""
    furthest_stage_index: int
    mean_score: float | None
    """Of the replies that are not UNSURE; None where there is none."""
    first: Milestones
    """Counted from the customer's first message."""
    missteps: tuple[PlacedMisstep, ...]
    promises: tuple[Promise, ...]
    best: ReplyMoment | None
    worst: ReplyMoment | None
    agents: tuple[AgentArc, ...]
    """In the order in which they first spoke."""

    @property
    def upset_change(self) -> float:
        """Upset at the end less upset at the start, -1 to 1."""
        return self.points[-1].upset - self.points[0].upset

    @property
    def peak(self) -> ArcPoint:
        """The first of the points at which the customer was most upset."""
        return max(self.points, key=lambda point: (point.upset, -point.turn_index))

    @property
    def best_turn_index(self) -> int | None:
        """First turn of the best reply."""
        return self.best.turn_index if self.best else None

    @property
    def worst_turn_index(self) -> int | None:
        """First turn of the worst reply."""
        return self.worst.turn_index if self.worst else None

    @property
    def first_empathy_turn_index(self) -> int | None:
        """First turn that shows empathy."""
        return self.first.empathy.turn_index if self.first.empathy else None

    @property
    def first_remedy_turn_index(self) -> int | None:
        """First turn that states a remedy."""
        return self.first.remedy.turn_index if self.first.remedy else None


@dataclass(frozen=True, slots=True)
class _Clock:
    """Tells how long the customer waited."""

    turns: Sequence[Turn]
    heard: Sequence[int]
    """Indexes of the customer's turns with words."""

    def milestones(self, spoken: Sequence[SpokenTurn], since: int) -> Milestones:
        """The first of each in `spoken`, counted from the customer's turn `since`."""
        return Milestones(
            empathy=self._first(Step.EMPATHIZE, spoken, since),
            apology=self._first(Step.APOLOGIZE, spoken, since),
            remedy=self._first(Step.TAKE_ACTION, spoken, since),
        )

    def turn_answered(self, spoken: Sequence[SpokenTurn]) -> int:
        """The customer's last turn before the first of `spoken`; their first one where there is none."""
        before = bisect_left(self.heard, spoken[0].turn_index)
        return self.heard[max(0, before - 1)]

    def _first(self, step: Step, spoken: Sequence[SpokenTurn], since: int) -> Milestone | None:
        index = next((turn.turn_index for turn in spoken if step in turn.steps), None)
        if index is None:
            return None
        waited = bisect_left(self.heard, index) - bisect_left(self.heard, since)
        began, ended = self.turns[since].time, self.turns[index].time
        seconds = (ended - began).total_seconds() if began and ended and index > since else None
        return Milestone(index, max(0, waited), seconds)


def arc_of(
    playbook: Playbook,
    turns: Sequence[Turn],
    points: Sequence[ArcPoint],
    replies: Sequence[JudgedReply],
    spoken: Sequence[SpokenTurn],
    end: State,
) -> Arc:
    """Brings a judged conversation together; `points` holds at least one, `end` is the state after the last turn."""
    clock = _Clock(turns, [point.turn_index for point in points])
    stages = [(point.stage_index, point.stage) for point in points]
    last = locate(playbook, end)
    furthest_index, furthest = max([*stages, (last.index, last.stage.name)])
    speakers = dict.fromkeys(turn.speaker_id for turn in spoken)
    return Arc(
        points=tuple(points),
        furthest_stage=furthest,
        furthest_stage_index=furthest_index,
        mean_score=_mean(replies),
        first=clock.milestones(spoken, clock.heard[0]),
        missteps=_missteps(replies),
        promises=end.promises,
        best=_best(replies),
        worst=_worst(replies),
        agents=tuple(_agent(speaker, clock, replies, spoken, end) for speaker in speakers),
    )


def _agent(
    speaker_id: str, clock: _Clock, replies: Sequence[JudgedReply], spoken: Sequence[SpokenTurn], end: State
) -> AgentArc:
    own = [reply for reply in replies if reply.speaker_id == speaker_id]
    turns = [turn for turn in spoken if turn.speaker_id == speaker_id]
    steps = Counter(step for turn in turns for step in turn.steps)
    return AgentArc(
        speaker_id=speaker_id,
        turns=len(turns),
        mean_score=_mean(own),
        steps={step: steps[step] for step in STEPS if step in steps},
        missteps=_missteps(own),
        promises=tuple(promise for promise in end.promises if promise.speaker_id == speaker_id),
        first=clock.milestones(turns, clock.turn_answered(turns)),
        best=_best(own),
        worst=_worst(own),
    )


def _missteps(replies: Sequence[JudgedReply]) -> tuple[PlacedMisstep, ...]:
    """The missteps of replies in order of turn, gravest first; one that a turn commits twice is named once."""
    found = dict.fromkeys(
        PlacedMisstep(place.turn_index, reply.speaker_id, finding.misstep, finding.severity)
        for reply in replies
        for finding in reply.judgement.missteps
        for place in finding.places
    )
    return tuple(sorted(found, key=lambda each: each.turn_index))


def _sure(replies: Sequence[JudgedReply]) -> list[JudgedReply]:
    return [reply for reply in replies if reply.judgement.verdict is not Verdict.UNSURE]


def _mean(replies: Sequence[JudgedReply]) -> float | None:
    scores = [reply.judgement.score for reply in _sure(replies)]
    return fmean(scores) if scores else None


def _best(replies: Sequence[JudgedReply]) -> ReplyMoment | None:
    """The last of the best, with what earned most."""
    best = max(_sure(replies), key=lambda reply: (reply.judgement.score, reply.first_turn_index), default=None)
    return _moment(best, max(_shares(best), key=lambda share: share.points)) if best else None


def _worst(replies: Sequence[JudgedReply]) -> ReplyMoment | None:
    """The first of the worst, with what cost most, or where nothing cost, what it lacks most."""
    worst = min(_sure(replies), key=lambda reply: (reply.judgement.score, reply.first_turn_index), default=None)
    if worst is None:
        return None
    shares = _shares(worst)
    cost = min(shares, key=lambda share: share.points)
    return _moment(worst, cost if cost.points < 0 else max(shares, key=lambda s: s.possible_points - s.points))


def _shares(reply: JudgedReply) -> Sequence[Contribution]:
    """The contributions that a label explains; all of them where no label does."""
    shares = reply.judgement.contributions
    return [share for share in shares if share.source is not None] or shares


def _moment(reply: JudgedReply, top: Contribution) -> ReplyMoment:
    return ReplyMoment(reply.first_turn_index, reply.speaker_id, reply.judgement.score, top)
