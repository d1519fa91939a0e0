"""Who is admitted and what goes first: by table, and by properties over random histories of a queue."""

import math
from collections import defaultdict, deque
from dataclasses import dataclass, field

import pytest
from amends_server.encoding.policy import SHARES, TARGETS, Job, Limit, Priority, Schedule, Ticket
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

COSTS = st.floats(0.001, 0.05)
CLASSES = [Priority.LIVE, Priority.INTERACTIVE, Priority.BULK]
"""Those that callers have; shadow work is told of below."""
PRIORITIES = st.sampled_from(CLASSES)


def ticket(
    *costs: float, deadline: float = 100.0, priority: Priority = Priority.LIVE, now: float = 0.0, text: str = ""
) -> Ticket:
    return Ticket(priority, deadline, now, deque(Job(f"{text}{n}", cost) for n, cost in enumerate(costs)))


def schedule(*tickets: Ticket, workers: int = 1, max_queue: int = 10_000) -> Schedule:
    queue = Schedule(workers=workers, max_queue=max_queue)
    for each in tickets:
        assert queue.offer(each, 0.0) is None
    return queue


def taken(queue: Schedule, count: int, now: float = 0.0) -> list[Ticket]:
    """Takes jobs, each done at once."""
    order = []
    for _ in range(count):
        found = queue.take(now)
        assert found is not None
        queue.done(found[1])
        order.append(found[0])
    return order


def test_people_who_wait_go_before_batches_whatever_the_deadline() -> None:
    bulk, live = ticket(0.01, deadline=1, priority=Priority.BULK), ticket(0.01, deadline=9)
    assert taken(schedule(bulk, live), 2) == [live, bulk]


def test_the_earliest_deadline_goes_first_and_equal_ones_as_they_came() -> None:
    late, soon, middle, too = (ticket(0.01, deadline=after) for after in (3, 1, 2, 1))
    assert taken(schedule(late, soon, middle, too), 4) == [soon, too, middle, late]


def test_an_empty_queue_gives_nothing() -> None:
    assert schedule().take(0.0) is None


def test_every_class_gets_its_share_while_all_wait() -> None:
    queue = schedule(*(ticket(*[0.01] * 400, priority=priority) for priority in CLASSES))
    order = taken(queue, 300)
    assert {p: sum(t.priority is p for t in order) for p in CLASSES} == pytest.approx(
        {p: 300 * SHARES[p] for p in CLASSES}, abs=2
    )


def test_what_a_class_does_not_use_goes_to_the_first_that_waits() -> None:
    live, interactive = ticket(*[0.01] * 400), ticket(*[0.01] * 400, priority=Priority.INTERACTIVE)
    order = taken(schedule(live, interactive), 100)
    assert order.count(live) == pytest.approx(100 * (1 - SHARES[Priority.INTERACTIVE]), abs=2)


def test_a_class_saves_nothing_up_while_it_does_not_wait() -> None:
    queue = schedule(ticket(*[0.01] * 100))
    taken(queue, 90)
    queue.offer(ticket(*[0.01] * 50, priority=Priority.BULK), 0.0)
    assert sum(t.priority is Priority.BULK for t in taken(queue, 10)) <= 1


@pytest.mark.parametrize(("now", "is_done"), [(math.nextafter(10.0, 0.0), True), (10.0, False), (11.0, False)])
def test_a_call_expires_from_its_deadline_on(now: float, is_done: bool) -> None:
    call = ticket(0.01, 0.01, deadline=10.0)
    queue = schedule(call)
    found = queue.take(now)
    assert (found is not None) is is_done
    assert queue.pull_expired() == ([] if is_done else [call])
    assert queue.pull_expired() == []
    assert len(queue) == (1 if is_done else 0)


def test_a_call_is_withdrawn_as_a_whole_and_once() -> None:
    first, second = ticket(0.01, 0.01), ticket(0.01)
    queue = schedule(first, second)
    assert queue.take(0.0) is not None
    assert [queue.withdraw(first), queue.withdraw(first)] == [1, 0]
    assert taken(queue, 1) == [second]
    assert queue.withdraw(second) == 0


def test_a_full_queue_says_how_full_and_when_there_will_be_room() -> None:
    queue = schedule(ticket(*[0.1] * 8), workers=2, max_queue=10)
    refusal = queue.offer(ticket(*[0.1] * 3), 0.0)
    assert refusal is not None
    assert (refusal.limit, refusal.waiting, refusal.most) == (Limit.QUEUE_FULL, 8, 10)
    assert refusal.queue_s == pytest.approx(0.4)
    assert refusal.retry_after_s == pytest.approx(0.4)


def test_a_hopeless_deadline_says_what_is_left_and_what_is_needed() -> None:
    queue = schedule(ticket(*[0.1] * 8, deadline=2.0), workers=2)
    refusal = queue.offer(ticket(0.1, 0.1, deadline=0.05), 0.0)
    assert refusal is not None
    assert refusal.limit is Limit.DEADLINE
    assert (refusal.left_s, refusal.needs_s) == pytest.approx((0.05, 0.1))


def test_only_what_goes_before_counts_against_a_deadline() -> None:
    queue = schedule(
        ticket(*[0.1] * 50, deadline=90.0),
        ticket(*[0.1] * 50, priority=Priority.INTERACTIVE),
        ticket(*[0.1] * 20, priority=Priority.BULK),
    )
    assert queue.offer(ticket(0.1, deadline=0.3), 0.0) is None, "before 15 s of work that can wait"
    assert queue.offer(ticket(0.1, deadline=0.3), 0.0) is not None, "behind what is as urgent"


def test_a_burst_is_admitted_and_a_standing_queue_is_not() -> None:
    queue = schedule(ticket(*[0.1] * 10, deadline=50.0), ticket(*[0.1] * 10, deadline=50.0))
    taken(queue, 6, now=0.4)
    assert queue.offer(ticket(0.1, deadline=50.0), 0.9) is None, "somebody waits, but not for long"
    refusal = queue.offer(ticket(0.1, deadline=50.0), 1.1)
    assert refusal is not None
    assert refusal.limit is Limit.STANDING_QUEUE
    assert refusal.queue_s > TARGETS[Priority.LIVE]
    taken(queue, 13, now=1.2)
    assert queue.offer(ticket(0.1, deadline=50.0), 1.3) is None, "it is as short as it may stand"
    taken(queue, 3, now=1.4)
    assert all(queue.offer(ticket(*[0.1] * 8, deadline=50.0), 9.0) is None for _ in range(3)), "it was empty"


def test_who_would_be_refused_whatever_he_asks_is_turned_away_before_he_is_read() -> None:
    queue = schedule(ticket(*[0.1] * 10, deadline=50.0), max_queue=11)
    assert queue.turn_away(Priority.LIVE, 0.5) is None, "somebody waits, but not for long"
    refusal = queue.turn_away(Priority.LIVE, 1.1)
    assert refusal is not None
    assert (refusal.limit, refusal.waiting) == (Limit.STANDING_QUEUE, 10)
    assert refusal.retry_after_s == pytest.approx(1.0)
    assert queue.turn_away(Priority.BULK, 1.1) is None, "its queue may stand"
    queue.offer(ticket(0.1, deadline=50.0, priority=Priority.BULK), 1.1)
    refusal = queue.turn_away(Priority.BULK, 1.1)
    assert refusal is not None
    assert refusal.limit is Limit.QUEUE_FULL
    taken(queue, 11, now=1.2)
    assert all(queue.turn_away(priority, 9.0) is None for priority in CLASSES)


def test_who_is_turned_away_counts_among_those_who_come() -> None:
    def comes(*, read: bool) -> float:
        """When bulk work would be done, after a second of live calls that are refused."""
        queue = schedule(ticket(*[0.1] * 10, deadline=50.0))
        queue.offer(ticket(0.05, deadline=1e6, priority=Priority.BULK), 1.1)
        for n in range(110, 210):
            call = ticket(0.1, deadline=50.0)
            assert (queue.offer(call, n / 100) if read else queue.turn_away(Priority.LIVE, n / 100)) is not None
        refusal = queue.offer(ticket(0.1, deadline=2.2, priority=Priority.BULK), 2.1)
        assert refusal is not None
        return refusal.queue_s

    assert comes(read=False) == pytest.approx(comes(read=True), rel=0.5)


def test_nothing_but_deadlines_bounds_the_queue_of_those_for_whom_nobody_waits() -> None:
    queue = schedule(ticket(*[0.1] * 20, priority=Priority.BULK))
    assert queue.offer(ticket(0.1, deadline=90.0, priority=Priority.BULK), 20.0) is None


def test_a_promise_is_kept_to_calls_that_can_wait_longer() -> None:
    queue = schedule(ticket(*[0.1] * 8, deadline=1.0))
    assert queue.offer(ticket(0.1, deadline=0.5), 0.0) is None, "into the headroom"
    refusal = queue.offer(ticket(*[0.1] * 3, deadline=0.9), 0.0)
    assert refusal is not None
    assert refusal.limit is Limit.DEADLINE


def test_what_is_late_anyway_keeps_nobody_out() -> None:
    queue = schedule(ticket(*[0.1] * 20, deadline=1.0))  # nobody waited: it was not asked whether it fits
    assert queue.offer(ticket(0.1, deadline=0.5), 0.0) is None


def test_a_first_call_is_taken_whatever_the_estimate() -> None:
    assert schedule().offer(ticket(1e6, deadline=1.0), 0.0) is None
    assert schedule(max_queue=1).offer(ticket(0.1, 0.1), 0.0) is None


def test_lower_classes_are_estimated_by_what_higher_ones_bring() -> None:
    queue = schedule(ticket(0.01, priority=Priority.BULK))
    for n in range(200):
        now = n / 100
        queue.offer(ticket(0.01, now=now), now)  # all there is
        while (found := queue.take(now)) is not None and found[0].priority is Priority.LIVE:
            queue.done(found[1])
    queue.offer(ticket(0.01, priority=Priority.BULK), 2.0)
    refusal = queue.offer(ticket(*[0.01] * 10, deadline=2.5, priority=Priority.BULK), 2.0)
    assert refusal is not None, "0.1 s of work takes 2 s by a share of a twentieth"


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(PRIORITIES, st.lists(COSTS, min_size=1, max_size=30)), min_size=1, max_size=40))
def test_no_class_that_waits_falls_behind_its_share(calls: list[tuple[Priority, list[float]]]) -> None:
    queue = schedule(*(ticket(*costs, priority=p, deadline=1e6) for p, costs in calls))
    largest = max(max(costs) for _, costs in calls)
    left: dict[Priority, int] = defaultdict(int)
    for p, costs in calls:
        left[p] += len(costs)
    served: dict[Priority, float] = defaultdict(float)
    while (found := queue.take(0.0)) is not None:
        queue.done(found[1])
        served[found[0].priority] += found[1].cost_s
        left[found[0].priority] -= 1
        for p in CLASSES:
            if left[p]:
                # Owed to all together: less than one job each before the first is paid, and one more.
                assert served[p] >= SHARES[p] * sum(served.values()) - 4 * largest


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(PRIORITIES, st.lists(COSTS, min_size=1, max_size=5)), max_size=20),
    st.lists(st.lists(COSTS, min_size=1, max_size=5), max_size=5),
)
def test_calls_are_taken_as_if_there_were_no_shadow_work(
    calls: list[tuple[Priority, list[float]]], shadows: list[list[float]]
) -> None:
    def order(*extra: Ticket) -> list[int]:
        """Shadow work comes first, while nobody waits, and so is admitted."""
        queue = schedule(*extra, *(ticket(*costs, priority=p, deadline=1e6) for p, costs in calls))
        return [each.number - len(extra) for each in taken(queue, len(queue)) if each.priority in CLASSES]

    waiting = [ticket(*costs, priority=Priority.SHADOW, deadline=1e6) for costs in shadows]
    assert order(*waiting) == order()


@pytest.mark.parametrize(("workers", "most"), [(1, 1), (2, 1), (4, 3)])
def test_shadow_work_leaves_a_worker_to_calls(workers: int, most: int) -> None:
    queue = schedule(ticket(*[0.01] * 9, priority=Priority.SHADOW), workers=workers)
    in_hand = []
    while (found := queue.take(0.0)) is not None:
        in_hand.append(found[1])
    assert len(in_hand) == most
    queue.done(in_hand[0])
    assert queue.take(0.0) is not None


def test_shadow_work_is_refused_while_calls_take_all_there_is() -> None:
    queue = schedule(*(ticket(*[0.01] * 300) for _ in range(2)))
    refusal = queue.offer(ticket(0.01, priority=Priority.SHADOW, deadline=30), 0.0)
    assert refusal is not None
    assert (refusal.limit, refusal.retry_after_s) == (Limit.DEADLINE, 60)


def test_shadow_work_that_waits_keeps_no_call_out() -> None:
    queue = schedule(*(ticket(*[0.01] * 90, priority=Priority.SHADOW) for _ in range(3)))
    assert queue.offer(ticket(0.01, deadline=0.02), 0.0) is None


@dataclass(eq=False)
class Seen:
    """What the model of the queue knows of a call."""

    ticket: Ticket
    left: list[Job] = field(default_factory=list)


class QueueHistory(RuleBasedStateMachine):
    """Calls come, are given up, expire and are taken, against a list that is searched in full."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.waiting: list[Seen] = []
        self.in_hand: list[Job] = []

    @initialize(workers=st.integers(1, 4), most=st.integers(1, 40))
    def start(self, workers: int, most: int) -> None:
        self.queue, self.workers, self.most = Schedule(workers=workers, max_queue=most), workers, most

    @rule(p=PRIORITIES, costs=st.lists(COSTS, min_size=1, max_size=6), left_s=st.sampled_from([0.01, 0.2, 0.2, 1, 10]))
    def come(self, p: Priority, costs: list[float], left_s: float) -> None:
        call = ticket(*costs, priority=p, deadline=self.now + left_s, now=self.now)
        before = sum(len(seen.left) for seen in self.alive() if seen.ticket.priority <= p)
        refusal = self.queue.offer(call, self.now)
        if refusal is None:
            assert before == 0 or before + len(costs) <= self.most, "the budget is never passed"
            self.waiting.append(Seen(call, list(call.jobs)))
        else:
            assert before > 0, "nobody is refused while nobody waits"
            assert (refusal.limit is Limit.QUEUE_FULL) is (before + len(costs) > self.most)
            assert refusal.limit is not Limit.STANDING_QUEUE or refusal.queue_s > TARGETS[p]
            assert 0.05 <= refusal.retry_after_s <= 60

    @rule()
    def take(self) -> None:
        if len(self.in_hand) == self.workers:
            self.queue.done(self.in_hand.pop(0))
        alive = self.alive()
        found = self.queue.take(self.now)
        dead = {seen.ticket for seen in self.waiting if seen.left and seen not in alive}
        expired = self.queue.pull_expired()
        assert (set(expired), len(expired)) == (dead, len(dead)), "each call that expires is told of once"
        self.waiting = alive
        assert (found is None) is (not alive), "no worker is idle while somebody waits"
        if found is None:
            return
        call, job = found
        assert call.deadline > self.now, "nothing starts after its deadline"
        first = min(
            (seen for seen in alive if seen.ticket.priority is call.priority),
            key=lambda seen: (seen.ticket.deadline, seen.ticket.number),
        )
        assert (first.ticket, first.left.pop(0)) == (call, job), "earliest deadline first, then first come"
        self.in_hand.append(job)
        assert len(self.queue) == sum(len(seen.left) for seen in alive)

    @rule(step=st.sampled_from([0.001, 0.05, 0.3]))
    def wait(self, step: float) -> None:
        self.now += step

    @rule(which=st.integers(0, 50))
    def give_up(self, which: int) -> None:
        alive = self.alive()
        if alive:
            seen = alive[which % len(alive)]
            self.waiting.remove(seen)
            assert self.queue.withdraw(seen.ticket) == len(seen.left)

    def alive(self) -> list[Seen]:
        return [seen for seen in self.waiting if seen.left and seen.ticket.deadline > self.now]


TestQueueHistory = QueueHistory.TestCase
TestQueueHistory.settings = settings(deadline=None, max_examples=150, stateful_step_count=50)
