"""Callers with the shipped client, all the while that something happens to the service."""

import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from amends_client import CallError, Client, ClientOptions, customer

TIMEOUT_S = 30.0
TURNS = [customer("My parcel is three weeks late! I am furious.")]


@dataclass(slots=True)
class Answers:
    """What came of the calls, by their request ids."""

    answered: set[str] = field(default_factory=set)
    failed: Counter[str] = field(default_factory=Counter)
    """By code."""

    @property
    def calls(self) -> int:
        return len(self.answered) + self.failed.total()


@contextmanager
def calling(options: ClientOptions, threads: int = 6, *, new_connections: bool = False) -> Iterator[Answers]:
    """Calls without a pause in so many threads, until the end of the block.

    Half of the threads open a connection for every call where `new_connections` is set.
    """
    answers, stop = Answers(), threading.Event()
    options = replace(options, timeout_s=TIMEOUT_S)

    def on_one() -> None:
        with Client(options) as client:
            while not stop.is_set():
                _call(client, answers)

    def on_new() -> None:
        while not stop.is_set():
            with Client(options) as client:
                _call(client, answers)

    with ThreadPoolExecutor(threads) as pool:
        working = [pool.submit(on_new if new_connections and number % 2 else on_one) for number in range(threads)]
        try:
            yield answers
        finally:
            stop.set()
        for each in working:
            each.result(2 * TIMEOUT_S)


def _call(client: Client, answers: Answers) -> None:
    request_id = uuid.uuid4().hex
    try:
        client.score_reply(TURNS, f"I am sorry, I will call you on {request_id}.", request_id=request_id)
    except CallError as error:
        answers.failed[error.code.name] += 1
    else:
        answers.answered.add(request_id)
