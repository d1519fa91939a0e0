"""What may happen to a service at work, and what its callers notice: each drill gives what came of it."""

import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from amends_client import ClientOptions
from amends_client.testing import ServerProcess
from callers import Answers, calling
from certificates import Authority, Pair
from envoy_process import envoy
from replicas import Replica, judged, replicas, target_of

_SETTLE_S = 1.0
"""Of calls to all replicas, before the next thing happens to one."""
_PATIENCE_S = 60.0
_POLL_S = 0.1
_CALLS_BETWEEN = 8
"""Two of each caller."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a drill."""

    name: str
    happened: int
    """How often a replica was ended, or a certificate changed."""
    calls: int
    failed: Mapping[str, int]
    """Calls that were not answered, by code."""
    unaudited: int = 0
    """Answered calls that no audit log has."""
    tried_again: int = 0
    """Calls that two lines tell of, the second as a retry: the replica was lost between its line and its answer."""
    counted_twice: int = 0
    """Calls that two lines tell of, and none says that it is a retry."""

    @property
    def is_borne(self) -> bool:
        """Whether no call was lost, and none counts twice."""
        return bool(self.calls) and not (self.failed or self.unaudited or self.counted_twice)

    def __str__(self) -> str:
        return (
            f"{self.name:34} {self.happened:>4} times  {self.calls:>7} calls  failed {dict(self.failed)!s:<12}  "
            f"unaudited {self.unaudited}, judged again {self.tried_again}, counted twice {self.counted_twice}"
        )


Drill = Callable[[float], Outcome]
"""Takes seconds to go on for; what was begun is finished."""


def rolling_restart(seconds: float, *, max_attempts: int = 3, proxied: bool = False) -> Outcome:
    """Replicas are ended by SIGTERM and started again, one after the other."""
    return _replaced("rolling restart", seconds, signal.SIGTERM, max_attempts, proxied=proxied)


def killed(seconds: float, *, max_attempts: int = 3, proxied: bool = False) -> Outcome:
    """Replicas are killed by SIGKILL and started again, one after the other."""
    return _replaced("kill -9", seconds, signal.SIGKILL, max_attempts, proxied=proxied)


def rotation(seconds: float) -> Outcome:
    """Certificate and key are changed again and again, a broken one in between; half of the calls connect anew."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        authority, audit = Authority(folder, "authority"), folder / "audit.jsonl"
        mounted = Pair(folder / "tls.crt", folder / "tls.key")
        authority.issue("first").put_over(mounted)
        flags = ("--tls-cert", str(mounted.cert), "--tls-key", str(mounted.key), "--audit-log", str(audit))
        with ServerProcess(*flags, "--identity-poll-s", str(_POLL_S)) as server:
            options = ClientOptions(server.target, max_attempts=1, tls_root_path=authority.cert)
            with calling(options, 4, new_connections=True) as answers:
                changes = sum(1 for _ in _rotated(server, mounted, authority, answers, seconds))
            server.end()
        told = Counter(record["request_id"] for record in judged(audit))
    return _counted("certificate rotation, no retries", changes, answers, told, set())


DRILLS: Mapping[str, Drill] = {
    "rolling-restart": rolling_restart,
    "rolling-restart-without-retries": lambda seconds: rolling_restart(seconds, max_attempts=1),
    "rolling-restart-through-envoy": lambda seconds: rolling_restart(seconds, max_attempts=1, proxied=True),
    "kill": killed,
    "kill-without-retries": lambda seconds: killed(seconds, max_attempts=1),
    "kill-through-envoy": lambda seconds: killed(seconds, max_attempts=1, proxied=True),
    "rotation": rotation,
}
MAY_LOSE = frozenset({"rolling-restart-without-retries", "kill-without-retries"})
"""Drills that count what a caller without retries loses."""


def _replaced(what: str, seconds: float, number: signal.Signals, max_attempts: int, *, proxied: bool) -> Outcome:
    with tempfile.TemporaryDirectory() as name, replicas(Path(name)) as found:
        with (
            _reached(found, Path(name), proxied=proxied) as target,
            calling(ClientOptions(target, max_attempts=max_attempts)) as answers,
        ):
            happened = sum(1 for _ in _ended_in_turn(found, number, seconds))
        told = Counter(record["request_id"] for replica in found for record in replica.judged())
        again = {record["request_id"] for replica in found for record in replica.judged() if "retry" in record}
    way = " through Envoy" if proxied else "" if max_attempts > 1 else ", no retries"
    return _counted(f"{what}{way}", happened, answers, told, again)


def _counted(name: str, happened: int, answers: Answers, told: Counter[str], again: set[str]) -> Outcome:
    twice = {request_id for request_id, lines in told.items() if lines > 1}
    return Outcome(
        name=name,
        happened=happened,
        calls=answers.calls,
        failed=answers.failed,
        unaudited=len(answers.answered - set(told)),
        tried_again=len(twice & again),
        counted_twice=len(twice - again),
    )


@contextmanager
def _reached(found: list[Replica], folder: Path, *, proxied: bool) -> Iterator[str]:
    """How callers reach the replicas: each by its address, or all through Envoy."""
    if not proxied:
        yield target_of(found)
        return
    with envoy([replica.port for replica in found], folder) as target:
        yield target


def _ended_in_turn(found: list[Replica], number: signal.Signals, seconds: float) -> Iterator[Replica]:
    for replica in found:
        _wait_until_asked(replica)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for replica in found:
            status = replica.end(number)
            assert status == (0 if number == signal.SIGTERM else -number), status
            replica.start()
            _wait_until_asked(replica)
            yield replica


def _wait_until_asked(replica: Replica) -> None:
    """A client that lost a replica comes back to the same address after 10 s at most, its longest backoff."""
    before, until = replica.audit.stat().st_size, time.monotonic() + _PATIENCE_S
    while replica.audit.stat().st_size == before:
        assert time.monotonic() < until
        time.sleep(_POLL_S)
    time.sleep(_SETTLE_S)


def _rotated(
    server: ServerProcess, mounted: Pair, authority: Authority, answers: Answers, seconds: float
) -> Iterator[int]:
    until, number = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        authority.issue(f"server-{number}").put_over(mounted)
        server.wait_for("certificates loaded", _PATIENCE_S)
        _wait_until_called(answers)
        mounted.cert.write_text("broken")
        server.wait_for("certificates refused", _PATIENCE_S)
        _wait_until_called(answers)
        number += 1
        yield number


def _wait_until_called(answers: Answers) -> None:
    """Some calls later, on the certificates that are served now."""
    enough, until = answers.calls + _CALLS_BETWEEN, time.monotonic() + _PATIENCE_S
    while answers.calls < enough:
        assert time.monotonic() < until
        time.sleep(_POLL_S)
