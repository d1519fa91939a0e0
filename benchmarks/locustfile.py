"""Agents of a contact centre, for Locust: each user is one of an agent's chats.

A turn of the customer asks for the next step, a turn of the agent has the reply scored; the history grows. Users do
not start in step: most begin in the middle of a chat, as on a floor that one looks into (`benchmarks.floor`).

gRPC waits in C, where gevent cannot switch; `init_gevent` has it wait in gevent's own loop instead.
"""

import gc
import json
import random
import time
from pathlib import Path
from typing import Any

import grpc.experimental.gevent as grpc_gevent
from locust import LoadTestShape, User, events, task

grpc_gevent.init_gevent()  # after locust's monkey patching and before any channel

from amends_client import CallError, Client, ClientOptions  # noqa: E402

from benchmarks.centre import Profile, load_centre  # noqa: E402
from benchmarks.floor import places  # noqa: E402
from benchmarks.texts import Conversation, Script  # noqa: E402

_CENTRE, _PROFILES = load_centre()


@events.init_command_line_parser.add_listener
def _options(parser: Any) -> None:
    parser.add_argument("--day", default="steady", help="a profile of profiles.yaml")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the run lasts")
    parser.add_argument("--scale", type=float, default=1.0, help="multiple of the profile's agents")
    parser.add_argument("--outcomes", default="/dev/null", help="file to write each call to, as JSON lines")
    parser.add_argument("--max-attempts", type=int, default=1, help="attempts of the client; 1 counts every refusal")


class Desk:
    """What all users of a run share: the profile, the connections, and where outcomes go."""

    def __init__(self, environment: Any) -> None:
        options = environment.parsed_options
        self.profile: Profile = _PROFILES[options.day]
        self.scale: float = options.scale
        self.seconds: float = options.seconds
        self.random = random.Random(7)
        self.script = Script(seed=7)
        self.places = places(_CENTRE)
        self.clients = [Client(self._client_options(options)) for _ in range(_CENTRE.connections)]
        self._file = Path(options.outcomes).open("w", encoding="utf-8", buffering=1)  # noqa: SIM115  closed at the end

    def note(self, record: dict[str, Any]) -> None:
        """Writes a record of the run down."""
        self._file.write(json.dumps(record) + "\n")

    def close(self) -> None:
        """Ends the file and the connections."""
        self._file.close()
        for client in self.clients:
            client.close()

    def _client_options(self, options: Any) -> ClientOptions:
        return ClientOptions(
            options.host,
            timeout_s=self.profile.timeout_s,
            wait_for_ready=self.profile.wait_for_ready,
            max_attempts=options.max_attempts,
        )


@events.test_start.add_listener
def _open(environment: Any, **_: Any) -> None:
    environment.desk = Desk(environment)
    gc.collect()
    gc.freeze()  # a full collection of the script and the places would stop every user at once
    environment.desk.note({"started": time.monotonic()})


@events.test_stop.add_listener
def _close(environment: Any, **_: Any) -> None:
    environment.desk.close()


class Chat(User):
    """One place for a chat on an agent's screen: empty, or somewhere in a conversation."""

    def on_start(self) -> None:
        """Enters the floor: in the middle of a chat, or free."""
        self.desk: Desk = self.environment.desk
        self.client = self.desk.random.choice(self.desk.clients)
        place = next(self.desk.places)
        self.chat: Conversation | None = place.chat
        self.turn = place.turn
        self.is_entering = True

    def wait_time(self) -> float:
        """Seconds to the next turn, or to the next chat.

        Who comes in finds a gap that has begun: a long one rather than a short one, of which a part is over.

        Source: the inspection paradox; of a lognormal gap, the one that is met is lognormal with mu + sigma^2.
        """
        rng, sigma = self.desk.random, _CENTRE.gap_sigma
        enters, self.is_entering = self.is_entering, False
        if self.chat is None:
            return rng.expovariate(1 / _CENTRE.idle_s)
        if enters:
            return _CENTRE.gap_s * rng.lognormvariate(sigma * sigma / 2, sigma) * rng.random()
        return _CENTRE.gap_s * rng.lognormvariate(-sigma * sigma / 2, sigma)

    @task
    def next_turn(self) -> None:
        """A turn is written: the customer's wants advice, the agent's a judgement."""
        if self.is_entering:  # waits first
            return
        if self.chat is None:
            self.chat, self.turn = self.desk.script.conversation(), 0
        role, text = self.chat.turns[self.turn]
        if role == "customer":
            turns = self.chat.messages(self.turn + 1)
            self._call("NextStep", lambda: self.client.next_step(turns))
        else:
            turns = self.chat.messages(self.turn)
            self._call("ScoreReply", lambda: self.client.score_reply(turns, text))
        self.turn += 1
        if self.turn == len(self.chat.turns):
            self.chat = None

    def _call(self, rpc: str, call: Any) -> None:
        at = time.monotonic()
        error: CallError | None = None
        try:
            call()
        except CallError as raised:
            error = raised
        seconds = time.monotonic() - at
        reason = "" if error is None else error.reason or error.code.name
        self.desk.note({"rpc": rpc, "at": at, "seconds": seconds, "reason": reason})
        self.environment.events.request.fire(
            request_type="grpc",
            name=rpc,
            response_time=1000 * seconds,
            response_length=0,
            exception=None if error is None else RuntimeError(reason),  # without ids, so that Locust can count them
            context={},
        )


class Day(LoadTestShape):
    """As many users as the profile's agents have places."""

    def tick(self) -> tuple[int, float] | None:
        """Users now and how fast they come; None at the end."""
        options = self.runner.environment.parsed_options
        profile = _PROFILES[options.day]
        part = self.get_run_time() / options.seconds
        if part >= 1:
            return None
        users = round(profile.agents_at(part) * _CENTRE.slots * options.scale)
        return max(1, users), max(100.0, users)
