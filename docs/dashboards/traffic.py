"""A real service with two tenants and a candidate on trial, and some calls a second of all kinds for a while."""

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from amends.v1 import conversation_pb2, taxonomy_pb2
from amends_client import CallError, Client, ClientOptions, agent, customer, reply_request
from amends_core.bundle import DEFAULT_BUNDLE
from amends_server.identity.token_file import with_entry
from amends_server.identity.tokens import make_token

_WORKED = Path(__file__).parents[1] / "worked" / "conversations.yaml"
_TERMS = {"acme": "calls_per_s: 1\ncalls_burst: 3\n", "beta": ""}
_FOREIGN = "Mein Paket ist seit drei Wochen verschwunden, und niemand antwortet mir!"
_START_S = 120.0


@dataclass(frozen=True, slots=True)
class Served:
    """A service that runs, and the token of each tenant."""

    port: int
    metrics_port: int
    tokens: dict[str, str]


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """Starts `amends serve` with everything that the dashboards show, and ends it."""
    tokens = _write_tenants(folder)
    flags: dict[str, object] = {
        "tokens": folder / "tokens.yaml",
        "tenant-dir": folder / "tenants",
        "playbook-dir": folder / "playbooks",
    }
    flags |= {"shadow-model-dir": _write_candidate(folder / "candidate"), "shadow-share": "0.7", "canary-share": "0.2"}
    (folder / "playbooks").mkdir()
    command = [sys.executable, "-m", "amends_cli", "serve", "--port", "0", "--metrics-port", "0"]
    command += [f"--{name}={value}" for name, value in flags.items()]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AMENDS_")}
    log = folder / "service.log"
    with log.open("wb") as file, subprocess.Popen(command, stdout=file, stderr=file, env=environment) as process:
        try:
            ready = _ready(log)
            yield Served(ready["port"], ready["metrics_port"], tokens)
        finally:
            process.terminate()


def _write_tenants(folder: Path) -> dict[str, str]:
    content, tokens = b"", {}
    for tenant, terms in _TERMS.items():
        (folder / "tenants" / tenant).mkdir(parents=True)
        (folder / "tenants" / tenant / "tenant.yaml").write_text(terms)
        tokens[tenant], entry = make_token(tenant, "desk")
        content = with_entry(folder / "tokens.yaml", content, entry)
    (folder / "tokens.yaml").write_bytes(content)
    return tokens


def _write_candidate(folder: Path) -> Path:
    """The embedded bundle with another calibration, so that the two differ now and then."""
    shutil.copytree(DEFAULT_BUNDLE, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    shifted = {name: [slope, offset - 0.5] for name, (slope, offset) in manifest["calibration"].items()}
    manifest |= {"version": f"{manifest['version']}-next", "calibration": shifted}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def _ready(log: Path) -> dict[str, Any]:
    """The log line that tells the ports.

    Raises:
        RuntimeError: none came.
    """
    ends = time.monotonic() + _START_S
    while time.monotonic() < ends:
        for line in log.read_text().splitlines():
            if line.startswith("{") and (record := json.loads(line))["message"] == "serving":
                return dict(record)
        time.sleep(0.2)
    raise RuntimeError(f"the service did not start: {log.read_text()[-1000:]}")


class Callers:
    """Those who call: two tenants, a stranger, and one conversation that goes on live."""

    def __init__(self, served: Served, stack: ExitStack) -> None:
        def client(tenant: str, timeout_s: float = 5.0) -> Client:
            token = served.tokens.get(tenant)
            options = ClientOptions(f"localhost:{served.port}", timeout_s=timeout_s, max_attempts=1, token=token)
            return stack.enter_context(Client(options))

        self._acme, self._beta, self._stranger = client("acme"), client("beta"), client("nobody")
        self._hasty = client("beta", timeout_s=0.03)
        self._at_once = stack.enter_context(ThreadPoolExecutor(3))
        self._live = stack.enter_context(ExitStack())
        self._unsaid: list[conversation_pb2.Turn] = []
        self._random = random.Random(7)
        self._worked = yaml.safe_load(_WORKED.read_text(encoding="utf-8"))

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
            (8, 3, lambda: self._beta.score_conversation(self._turns()[0])),
            (16, 5, lambda: self._beta.batch_score_replies([self._reply() for _ in range(4)])),
            (12, 7, lambda: self._beta.next_step([customer(_FOREIGN)])),
            (20, 9, self._stranger.list_playbooks),
            (24, 11, lambda: self._beta.next_step([])),
            (3, 2, self._coach),
        )

    def _turns(self) -> tuple[list[conversation_pb2.Turn], str]:
        """A worked conversation and its playbook, with a number that makes its sentences new to the cache."""
        row = self._random.choice(self._worked)
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
