"""The order of work: priority, then deadline, then first come."""

import math

import pytest
from amends_server.encoding.queue import DropReason, Job, JobQueue, Priority, Ticket, why_drop
from hypothesis import given, settings
from hypothesis import strategies as st

_TICKETS = st.builds(Ticket, deadline=st.sampled_from([1.0, 2.0, 3.0]), priority=st.sampled_from(Priority))


def _job(text: str, deadline: float = 10.0, priority: Priority = Priority.INTERACTIVE) -> Job:
    return Job(text, Ticket(deadline, priority), 0.0, lambda job, outcome: None)


def _drained(queue: JobQueue) -> list[str]:
    return [queue.pop().text for _ in range(len(queue))]


def test_people_who_wait_go_before_batches_whatever_the_deadline() -> None:
    queue = JobQueue()
    queue.push(_job("bulk", deadline=1, priority=Priority.BULK))
    queue.push(_job("live", deadline=9))
    assert _drained(queue) == ["live", "bulk"]


def test_the_earliest_deadline_goes_first_within_a_priority() -> None:
    queue = JobQueue()
    for deadline in (3, 1, 2):
        queue.push(_job(str(deadline), deadline=deadline))
    assert _drained(queue) == ["1", "2", "3"]


def test_equal_claims_go_in_the_order_they_came() -> None:
    queue = JobQueue()
    for text in "zyxabc":
        queue.push(_job(text))
    assert _drained(queue) == list("zyxabc")


def test_an_empty_queue_gives_nothing() -> None:
    with pytest.raises(IndexError):
        JobQueue().pop()


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), _TICKETS)))
def test_the_next_job_is_always_the_least_by_priority_deadline_and_arrival(events: list[Ticket | None]) -> None:
    queue, model = JobQueue(), list[tuple[Priority, float, int]]()
    for number, ticket in enumerate(events):
        if ticket is not None:
            queue.push(Job(str(number), ticket, 0.0, lambda job, outcome: None))
            model.append((ticket.priority, ticket.deadline, number))
        elif model:
            model.sort()
            assert queue.pop().text == str(model.pop(0)[2])
        assert len(queue) == len(model)
        for priority in Priority:
            assert queue.ahead_of(priority) == sum(waiting <= priority for waiting, _, _ in model)


@pytest.mark.parametrize(
    ("now", "cancelled", "reason"),
    [
        (math.nextafter(10.0, 0.0), False, None),
        (10.0, False, DropReason.EXPIRED),
        (11.0, False, DropReason.EXPIRED),
        (1.0, True, DropReason.CANCELLED),
        (11.0, True, DropReason.CANCELLED),
    ],
)
def test_jobs_are_dropped_when_cancelled_or_from_their_deadline_on(
    now: float, cancelled: bool, reason: DropReason | None
) -> None:
    job = _job("a", deadline=10.0)
    job.ticket.cancelled = cancelled
    assert why_drop(job, now) is reason


def test_a_call_is_cancelled_as_a_whole() -> None:
    ticket = Ticket(10.0, Priority.BULK)
    jobs = [Job(text, ticket, 0.0, lambda job, outcome: None) for text in "ab"]
    ticket.cancelled = True
    assert [why_drop(job, 1.0) for job in jobs] == [DropReason.CANCELLED] * 2
