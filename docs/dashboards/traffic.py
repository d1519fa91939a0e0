"""Some calls a second of all kinds, for a while: what is answered, and what is refused."""

import itertools
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Event
from typing import Any

import yaml
from amends.v1 import conversation_pb2, taxonomy_pb2
from amends_client import CallError, Client, ClientOptions, agent, customer, reply_request
from service import Served

_WORKED = Path(__file__).parents[1] / "worked" / "conversations.yaml"
_FOREIGN = "Mein Paket ist seit drei Wochen verschwunden, und niemand antwortet mir!"


class Callers:
    """Those who call: two tenants, a stranger, and one conversation that goes on live."""

    def __init__(self, served: Served, stack: ExitStack) -> None:
        def client(tenant: str, timeout_s: float = 5.0) -> Client:
            token = served.tokens.get(tenant)
            options = ClientOptions(
                f"localhost:{served.port}",
                timeout_s=timeout_s,
                tls_root_path=served.root,
                max_attempts=1,
                token=token,
            )
            return stack.enter_context(Client(options))

        self._acme, self._beta, self._stranger = client("acme"), client("beta"), client("nobody")
        self._hasty = client("beta", timeout_s=0.03)
        self._at_once = stack.enter_context(ThreadPoolExecutor(3))
        self._live = stack.enter_context(ExitStack())
        self._unsaid: list[conversation_pb2.Turn] = []
        self._random = random.Random(7)
        self._worked = yaml.safe_load(_WORKED.read_text(encoding="utf-8"))
        self._in_turn = itertools.cycle(self._worked)

    def call(self, tick: int, *, hasty: bool) -> None:
        """Makes the calls of one tick; what is refused is on purpose."""
        for every, offset, ask in self._plan():
            if tick % every == offset:
                with suppress(CallError):
                    ask()
        if hasty:
            list(self._at_once.map(self._hurry, range(3)))  # of one alone the service would try to make it

    def _plan(self) -> Sequence[tuple[int, int, Callable[[], object]]]:
        """Every how many ticks, in which of them, what."""
        return (
            (1, 0, self._score),
            (2, 0, lambda: self._beta.next_step(self._until(taxonomy_pb2.ROLE_CUSTOMER)[0])),
            (2, 1, lambda: self._acme.next_step(self._until(taxonomy_pb2.ROLE_CUSTOMER)[0])),
            (4, 3, lambda: self._beta.score_conversation(self._turns(next(self._in_turn))[0])),
            (16, 5, lambda: self._beta.batch_score_replies([self._reply() for _ in range(4)])),
            (12, 7, lambda: self._beta.next_step([customer(_FOREIGN)])),
            (20, 9, self._stranger.list_playbooks),
            (24, 11, lambda: self._beta.next_step([])),
            (3, 2, self._coach),
        )

    def _turns(self, row: Any = None) -> tuple[list[conversation_pb2.Turn], str]:
        """A worked conversation, or this one, and its playbook; a number makes its sentences new to the cache."""
        row = row or self._random.choice(self._worked)
        number = self._random.randrange(10_000, 99_999)
        turns = []
        for (role, text), at in ((next(iter(turn.items())), at) for at, turn in enumerate(row["turns"])):
            said = f"{text} My number is {number}." if at == 0 else text
            turns.append(customer(said) if role == "customer" else agent(said))
        return turns, row["playbook"]

    def _until(self, role: int) -> tuple[list[conversation_pb2.Turn], str]:
        """A conversation up to some turn of a role."""
        turns, playbook = self._turns()
        ends = [at for at, turn in enumerate(turns) if turn.role == role]
        return turns[: self._random.choice(ends) + 1], playbook

    def _reply(self) -> Any:
        turns, playbook = self._until(taxonomy_pb2.ROLE_AGENT)
        return reply_request(turns[:-1], turns[-1].text, playbook=playbook)

    def _score(self) -> None:
        turns, playbook = self._until(taxonomy_pb2.ROLE_AGENT)
        self._beta.score_reply(turns[:-1], turns[-1].text, playbook=playbook)

    def _coach(self) -> None:
        """Says one more turn of the live conversation that is open, or opens the next one."""
        if not self._unsaid:
            self._live.close()
            turns, playbook = self._turns()
            self._coaching = self._live.enter_context(self._beta.coach(playbook=playbook))
            self._unsaid = turns[::-1]
        self._coaching.ask(self._unsaid.pop())

    def _hurry(self, _: int) -> None:
        """Asks for more new sentences than can be read in the time that is left."""
        numbers = (self._random.randrange(10_000, 99_999) for _ in range(20))
        with suppress(CallError):
            self._hasty.score_conversation([customer(f"Where is parcel {n}, and who is to blame?") for n in numbers])


def run(served: Served, seconds: float, per_second: float) -> None:
    """Calls for a while; in a tenth of it one caller allows less time than its calls take."""
    with ExitStack() as stack:
        callers = Callers(served, stack)
        started = time.monotonic()
        tick = 0
        while (gone := (time.monotonic() - started) / seconds) < 1:
            callers.call(tick, hasty=0.45 < gone < 0.55)
            tick += 1
            time.sleep(1 / per_second)


def run_until(done: Event, served: Served, per_second: float) -> None:
    """As `run`, until told to end; one caller never allows enough time."""
    with ExitStack() as stack:
        callers = Callers(served, stack)
        tick = 0
        while not done.wait(1 / per_second):
            callers.call(tick, hasty=True)
            tick += 1
