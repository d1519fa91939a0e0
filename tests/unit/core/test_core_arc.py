"""The arc of a conversation: what came when, who did what, what was promised; each turn read once."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from amends_core.arc import Arc, Milestone
from amends_core.conversation import State, Turn
from amends_core.detection import Detector, SentenceReading
from amends_core.encoder import Encoding
from amends_core.facts import FactKind
from amends_core.playbooks import PlaybookLibrary
from amends_core.promises import PromiseStatus
from amends_core.taxonomy import Misstep, Role, Severity, Step
from core_builders import (
    ACT,
    ASKS,
    CHECK,
    EMPATHIZE,
    EXPLAINS,
    HOURS,
    IS_SATISFIED,
    SAID,
    SORRY,
    VENTS,
    World,
    agent,
    said,
)
from hypothesis import given, settings
from hypothesis import strategies as st

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
CALL = "I'll ring you tomorrow at nine."
RINGS = "As promised, I'm calling you back."
HARSH = "You should have read the terms."
SAYS = {CALL: agent(Step.FOLLOW_UP), RINGS: agent(Step.TAKE_ACTION), HARSH: agent(Misstep.BLAME_CUSTOMER)}

PLAN = [
    (VENTS, "", 0),
    (HARSH, "jo", 3),
    (VENTS, "", 5),
    (f"{EMPATHIZE} {SORRY}", "kim", 6),
    (ASKS, "", 8),
    (ACT, "kim", 9),
    (CALL, "kim", 10),
    (IS_SATISFIED, "", 12),
    (RINGS, "jo", 26 * 60),
]


def turns(plan: list[tuple[str, str, int]], *, timed: bool = True) -> list[Turn]:
    roles = [turn.role for turn in said(*(text for text, _, _ in plan))]
    return [
        Turn(role, text, NOON + timedelta(minutes=minutes) if timed else None, who)
        for role, (text, who, minutes) in zip(roles, plan, strict=True)
    ]


@pytest.fixture(scope="module")
def told(library: PlaybookLibrary) -> World:
    """The small world with sentences that promise, keep and blame."""
    return World(library, SAYS)


@pytest.fixture
def arc(told: World) -> Arc:
    return told.judge_conversation(turns(PLAN)).arc


def test_first_empathy_apology_and_remedy_tell_how_long_the_customer_waited(arc: Arc) -> None:
    assert arc.first.empathy == arc.first.apology == Milestone(3, 2, 360.0)
    assert arc.first.remedy == Milestone(5, 3, 540.0)


def test_without_times_the_wait_is_told_in_messages_alone(told: World) -> None:
    arc = told.judge_conversation(turns(PLAN, timed=False)).arc
    assert arc.first.remedy == Milestone(5, 3, None)


def test_what_was_done_before_the_customer_spoke_was_not_waited_for(world: World) -> None:
    arc = world.judge_conversation(said(SORRY, VENTS, ACT)).arc
    assert (arc.first.apology, arc.first.remedy) == (Milestone(0, 0, None), Milestone(2, 1, None))


def test_agent_who_comes_later_answers_for_what_was_said_to_them(arc: Arc) -> None:
    jo, kim = arc.agents
    assert (jo.speaker_id, jo.turns, kim.speaker_id, kim.turns) == ("jo", 2, "kim", 3)
    assert kim.first.empathy == Milestone(3, 1, 60.0)
    assert (jo.first.empathy, jo.first.apology) == (None, None)
    assert kim.steps == {Step.EMPATHIZE: 1, Step.APOLOGIZE: 1, Step.TAKE_ACTION: 1, Step.FOLLOW_UP: 1}


def test_missteps_are_told_with_turn_and_speaker(arc: Arc) -> None:
    (found,) = [each for each in arc.missteps if each.misstep is Misstep.BLAME_CUSTOMER]
    assert (found.turn_index, found.speaker_id, found.severity) == (1, "jo", Severity.GRAVE)
    assert [each for agent in arc.agents for each in agent.missteps if each.turn_index == 1] == [found]


def test_promise_is_kept_by_whoever_calls(arc: Arc) -> None:
    (promise,) = arc.promises
    assert (promise.turn_index, promise.speaker_id, promise.due) == (6, "kim", "tomorrow at nine")
    assert (promise.status, promise.settled_turn_index) == (PromiseStatus.KEPT, 8)
    assert [len(agent.promises) for agent in arc.agents] == [0, 1]


def test_upset_has_a_start_a_peak_and_an_end(world: World) -> None:
    arc = world.judge_conversation(said(EXPLAINS, SORRY, VENTS, EMPATHIZE, VENTS, ACT, IS_SATISFIED)).arc
    assert arc.peak.turn_index == 2
    assert (arc.points[0].upset, arc.points[-1].upset) == pytest.approx((0.7, 0.05), abs=1e-3)


def test_furthest_stage_is_that_of_the_end_where_it_came_furthest(world: World) -> None:
    found = world.judge_conversation(said(VENTS, EMPATHIZE, ASKS, ACT, IS_SATISFIED, CHECK), "empathy_first")
    stages = [stage.name for stage in world.scorer.library.get("empathy_first").stages]
    assert found.arc.furthest_stage == stages[found.arc.furthest_stage_index]
    assert found.arc.furthest_stage_index >= max(point.stage_index for point in found.arc.points)
    assert [stages[point.stage_index] for point in found.arc.points] == [point.stage for point in found.arc.points]


def test_best_and_worst_reply_tell_what_made_them_so(arc: Arc) -> None:
    assert arc.worst is not None
    assert arc.best is not None
    assert (arc.worst.turn_index, arc.worst.top.source) == (1, Misstep.BLAME_CUSTOMER)
    assert arc.best.top.points == max(0.0, arc.best.top.points)
    assert arc.best.top.source is not None


def test_worst_reply_without_a_cost_tells_what_it_lacks(world: World) -> None:
    worst = world.judge_conversation(said(HOURS, "From nine to five, every day.")).arc.worst
    assert worst is not None
    assert worst.top.points >= 0


class Counting(Detector):
    """Counts what it reads."""

    def __init__(self, detector: Detector) -> None:
        self.__dict__.update(detector.__dict__)
        self.read: Counter[str] = Counter()

    def read_sentence(self, encoding: Encoding) -> SentenceReading:
        self.read["sentence"] += 1
        return super().read_sentence(encoding)


@pytest.mark.parametrize("rounds", [1, 40])
def test_each_sentence_of_a_conversation_is_read_once(world: World, rounds: int) -> None:
    counted = World(world.scorer.library)
    counted.scorer.detector = counting = Counting(counted.scorer.detector)
    counted.judge_conversation(said(*[VENTS, f"{EMPATHIZE} {SORRY}", ASKS, ACT] * rounds))
    assert counting.read["sentence"] == 3 * rounds


GIVES = "My order 55120 cost £80, and I paid on 3 May."


def state_of(told: World, turns: list[Turn]) -> State:
    plan = told.scorer.plan_advice(turns)
    return told.scorer.state_of(plan, {text: told.encoder.encode(text) for text in plan.texts})


SPOKEN = st.lists(st.sampled_from([*list(SAID), CALL, RINGS, GIVES]), min_size=1, max_size=8)


@settings(max_examples=40)
@given(SPOKEN)
def test_state_only_ever_learns(told: World, texts: list[str]) -> None:
    spoken = [Turn(Role.CUSTOMER, t) if t == GIVES else said(t)[0] for t in (VENTS, *texts)]
    for end in range(1, len(spoken)):
        old, new = state_of(told, spoken[:end]), state_of(told, spoken[: end + 1])
        assert new.moments[: len(old.moments)] == old.moments
        assert new.sentences[: len(old.sentences)] == old.sentences
        assert old.case.given.items() <= new.case.given.items()
        assert (FactKind.ORDER in new.case.given) == (GIVES in [turn.text for turn in spoken[: end + 1]])
        assert old.case.figures <= new.case.figures
        assert [p.turn_index for p in new.promises[: len(old.promises)]] == [p.turn_index for p in old.promises]
        assert all(new.done[step] >= credit for step, credit in old.done.items())


@settings(max_examples=40)
@given(SPOKEN)
def test_arc_adds_up_over_its_agents(told: World, texts: list[str]) -> None:
    plan = [(text, "jo" if index % 2 else "kim", index) for index, text in enumerate([VENTS, *texts])]
    found = told.judge_conversation(turns(plan))
    arc, agents = found.arc, found.arc.agents
    assert sum(agent.turns for agent in agents) == sum(turn.role is Role.AGENT for turn in turns(plan))
    assert sorted(m.turn_index for agent in agents for m in agent.missteps) == [m.turn_index for m in arc.missteps]
    assert sum(len(agent.promises) for agent in agents) == len(arc.promises)
    for reply in found.replies:
        places = {p.turn_index for finding in reply.judgement.missteps for p in finding.places}
        assert places <= {m.turn_index for m in arc.missteps}
    for first in (arc.first.empathy, arc.first.apology, arc.first.remedy):
        assert first is None or (first.customer_turns >= 1 and first.seconds is not None and first.seconds > 0)
