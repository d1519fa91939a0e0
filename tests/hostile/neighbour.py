"""An honest neighbour who calls a server while others attack it."""

import math
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Self

import grpc
import psutil
from amends.v1 import conversation_pb2, empathy_service_pb2_grpc
from amends.v1 import empathy_service_pb2 as pb
from amends_client.testing import ServerProcess
from http2_attacks import request

PATIENCE_S = 300.0
WARM_UP_S = 1.5
"""For the neighbour's first calls."""
SETTLING_S = 2.0
"""For the server to be done with an attack: it keeps places for 1.5 s."""
PAUSE_S = 0.005
"""Of the neighbour, between an answer and the next call."""


@dataclass(frozen=True, slots=True)
class Spell:
    """How an honest neighbour fared for a time."""

    seconds: tuple[float, ...]
    """Of each call that was answered."""
    failed: Counter[str]
    """Calls that were not answered, by code."""
    peak_mb: float
    """Most memory of the server."""

    @property
    def p99_s(self) -> float:
        """Nearest rank."""
        return sorted(self.seconds)[math.ceil(0.99 * len(self.seconds)) - 1]

    def and_then(self, other: Self) -> Self:
        """Both as one."""
        return type(self)(self.seconds + other.seconds, self.failed + other.failed, max(self.peak_mb, other.peak_mb))


class Neighbour:
    """Calls as an honest client does: one call after the other, each with words of its own."""

    def __init__(self, server: ServerProcess, target: str) -> None:
        self._server = server
        self._channel = grpc.insecure_channel(target)
        self._stub = empathy_service_pb2_grpc.EmpathyServiceStub(self._channel)
        self._numbers = count()

    def call(self) -> float:
        """Seconds of one call. Raises grpc.RpcError."""
        number = next(self._numbers)
        message = pb.ScoreReplyRequest.FromString(request(f"I have waited {number} days, where is it?"))
        message.reply[0].CopyFrom(
            conversation_pb2.ReplyTurn(text=f"I am sorry, I will call you within {number} hours.")
        )
        started = time.perf_counter()
        self._stub.ScoreReply(message, timeout=30, wait_for_ready=True)
        return time.perf_counter() - started

    def live(self, seconds_in_all: float) -> Spell:
        """Calls for a time."""
        seconds: list[float] = []
        failed, peak = Counter[str](), 0.0
        until = time.monotonic() + seconds_in_all
        while time.monotonic() < until:
            try:
                seconds.append(self.call())
            except grpc.RpcError as error:
                failed[error.code().name] += 1  # type: ignore[attr-defined]
            peak = max(peak, resident_mb(self._server))
            time.sleep(PAUSE_S)
        return Spell(tuple(seconds), failed, peak)

    def close(self) -> None:
        self._channel.close()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attack."""

    name: str
    alone: Spell
    attacked: Spell
    pieces: int
    hung_up: int
    before_mb: float
    after_mb: float

    def and_then(self, other: Self) -> Self:
        """Two rounds as one, with the memory before the first and after the second."""
        alone, beside = self.alone.and_then(other.alone), self.attacked.and_then(other.attacked)
        pieces, hung_up = self.pieces + other.pieces, self.hung_up + other.hung_up
        return type(self)(self.name, alone, beside, pieces, hung_up, self.before_mb, other.after_mb)

    def __str__(self) -> str:
        return (
            f"{self.name:22} {self.pieces:>9} pieces {self.hung_up:>6} hung up   p99 {self.alone.p99_s * 1000:7.1f} -> "
            f"{self.attacked.p99_s * 1000:7.1f} ms ({self.attacked.p99_s / self.alone.p99_s:4.1f}x)   answered "
            f"{len(self.attacked.seconds)}, failed {dict(self.attacked.failed)}   MB {self.before_mb:.0f} -> "
            f"{self.attacked.peak_mb:.0f} -> {self.after_mb:.0f}"
        )


def resident_mb(server: ServerProcess) -> float:
    """Memory of a server and of the processes that it started."""
    process = psutil.Process(server.process.pid)
    family = [process, *process.children(recursive=True)]
    return float(sum(each.memory_info().rss for each in family)) / (1 << 20)


def attacked(server: ServerProcess, name: str, seconds: float, target: str = "") -> Outcome:
    """Lets a neighbour call for `seconds` beside an attack, and as long alone: half before it and half after it.

    Both go to `target` where it is given, a proxy before the server.
    """
    target = target or server.target
    neighbour = Neighbour(server, target)
    try:
        neighbour.live(WARM_UP_S)
        before_mb = resident_mb(server)
        alone = neighbour.live(seconds / 2)
        beside, pieces, hung_up = _beside(neighbour, name, target, seconds)
        neighbour.live(SETTLING_S)
        after_mb = resident_mb(server)
        alone = alone.and_then(neighbour.live(seconds / 2))
    finally:
        neighbour.close()
    assert server.process.poll() is None, f"{name} ended the server: {server.told[-2000:]}"
    return Outcome(name, alone, beside, pieces, hung_up, before_mb, after_mb)


def _beside(neighbour: Neighbour, name: str, target: str, seconds: float) -> tuple[Spell, int, int]:
    script, port = Path(__file__).with_name("http2_attacks.py"), target.rpartition(":")[2]
    command = [sys.executable, str(script), name, port, str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as attacker:
        assert attacker.stdout
        try:
            attacker.stdout.readline()  # it begins
            beside = neighbour.live(seconds)
            pieces, hung_up = map(int, attacker.communicate(timeout=PATIENCE_S)[0].split())
        finally:
            attacker.kill()
    return beside, pieces, hung_up
