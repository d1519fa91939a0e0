"""How to reach a server: one frozen set of options, checked whole when it is made."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from amends_client.errors import InvalidOptions

DEFAULT_TARGET = "localhost:50051"
MAX_ATTEMPTS = 5
"""More are cut to this by gRPC itself (gRFC A6)."""

MIN_KEEPALIVE_S = 20
"""Seconds; the server counts pings that come closer than this as abuse."""

Priority = Literal["live", "interactive", "bulk"]
"""How urgent calls are: somebody is writing; somebody waits; nobody waits."""

_VISIBLE_ASCII = re.compile(r"[\x21-\x7e]+")
_LOOPBACK = re.compile(r"(dns:///|ipv4:|ipv6:)?(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]+)?|unix(-abstract)?:.*")
_STRAY = "must be visible ASCII without spaces: look for a stray line end"


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """How to reach a server and how long to try.

    Raises:
        InvalidOptions: a field is out of its bounds, or fields do not go together.
    """

    target: str = DEFAULT_TARGET
    """Where the server listens: `host:port`, or a target of gRPC such as `unix:///run/amends.sock`.

    A bare `host:port` is resolved by DNS, and calls go in turn to every address found. Default
    `localhost:50051`.
    """
    timeout_s: float = 2.0
    """Seconds a call may take, retries included, where it is not given one of its own. Above 0; default 2."""
    tls: bool = False
    """Whether to encrypt the connection. On also where any of the three paths is given. Default off."""
    tls_root_path: Path | str | None = None
    """PEM file of the authorities to trust. None, the default: those that gRPC ships."""
    tls_cert_path: Path | str | None = None
    """PEM file of the client's certificate chain, for mutual TLS. None, the default: no certificate."""
    tls_key_path: Path | str | None = None
    """PEM file of that certificate's private key. None, the default, only where there is no certificate."""
    token: str | Callable[[], str] | None = field(default=None, repr=False)
    """Bearer token, sent with every call: visible ASCII, or a function that gives it, for tokens that end; it is asked
    before each call and must not block. None, the default: none is sent.
    """
    plaintext_token: bool = False
    """Whether the token may leave this machine where the channel itself does not encrypt. Default off: only where
    something in between does, such as a service mesh, should it be on.
    """
    wait_for_ready: bool = False
    """Whether a call waits for a server to come up until its timeout, instead of failing at once. Default off."""
    max_attempts: int = 3
    """Attempts a call gets in all, 1 to 5; 1 means no retry. Default 3."""
    priority: Priority | None = None
    """Class in which the server queues the calls: `bulk` or `interactive` where nobody is writing right now, so that
    live calls go before them. None, the default: that of each method. A server never raises a method's own.
    """
    keepalive_s: float | None = None
    """Seconds of silence after which the connection is probed, at least 10. None, the default: never.

    The server must allow it: gRPC's servers drop clients that probe more often than every 300 seconds
    unless they are set otherwise.
    """

    def __post_init__(self) -> None:
        """Refuses options that cannot work."""
        _require(bool(self.target.strip()), "target", "is empty: give host:port")
        _require(0 < self.timeout_s < math.inf, "timeout_s", f"is {self.timeout_s} s: give a number above 0")
        _require(
            1 <= self.max_attempts <= MAX_ATTEMPTS,
            "max_attempts",
            f"is {self.max_attempts}: give 1 to {MAX_ATTEMPTS}",
        )
        _require(
            self.keepalive_s is None or self.keepalive_s >= MIN_KEEPALIVE_S,
            "keepalive_s",
            f"is {self.keepalive_s} s: give at least {MIN_KEEPALIVE_S}, or None",
        )
        _require(
            (self.tls_cert_path is None) == (self.tls_key_path is None),
            "tls_key_path",
            "a client certificate and its key go together: give both or neither",
        )
        _require(
            self.priority is None or self.priority in get_args(Priority),
            "priority",
            f"is none of {', '.join(get_args(Priority))}: leave it out for the class of each method",
        )
        if isinstance(self.token, str):
            _require(_VISIBLE_ASCII.fullmatch(self.token) is not None, "token", _STRAY)
        _require(
            self.token is None or self.uses_tls or self.plaintext_token or is_loopback(self.target),
            "token",
            "would travel unencrypted to another machine: set tls or tls_root_path (at the command line --tls or "
            "--tls-root), or plaintext_token where something in between encrypts",
        )

    @property
    def uses_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self.tls or self.tls_root_path is not None or self.tls_cert_path is not None

    def bearer(self) -> str | None:
        """The token for a call.

        Raises:
            InvalidOptions: the function gave one that is not visible ASCII.
        """
        if self.token is None or isinstance(self.token, str):
            return self.token
        token = self.token()
        # gRPC quotes metadata that it refuses, so a token must never get that far.
        _require(_VISIBLE_ASCII.fullmatch(token) is not None, "token", _STRAY)
        return token


def is_loopback(target: str) -> bool:
    """Whether what is sent to a target stays on this machine; False where that is not plain to see."""
    return _LOOPBACK.fullmatch(target) is not None


def _require(holds: bool, name: str, problem: str) -> None:
    if not holds:
        raise InvalidOptions(f"{name}: {problem}", field=name)
