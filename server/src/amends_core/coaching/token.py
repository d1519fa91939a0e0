"""The resume token: what the turns alone do not tell of a live conversation. It holds no text of it.

A version, a checksum, and then, as JSON: the model and playbook that read the turns, a digest of them, and the
advice that holds. About 250 bytes. Nobody gains by forging one: it opens nothing but the forger's own conversation.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from amends_core.coaching.standing import Standing
from amends_core.conversation import Turn
from amends_core.errors import RequestError
from amends_core.taxonomy import Misstep, Step

FIELD = "start.resume_token"
_VERSION = b"\x01"
_CHECK_BYTES = 4
_ALWAYS_TOLD = frozenset({"steps", "stage", "pause", "resolved"})
"""What a token has always told of the advice that holds."""


class StaleToken(RequestError):
    """A token of another model or playbook: what it tells is no longer what would be read today."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"the token was made by another {what} than serves here; open the conversation again with its turns "
            "and without the token",
            field=FIELD,
            reason="STALE_TOKEN",
        )


@dataclass(frozen=True, slots=True)
class Memory:
    """What a token holds."""

    model: str
    playbook: str
    """Name of the playbook."""
    version: str
    """Of the playbook."""
    said: str
    """Digest of locale and turns, in hexadecimal."""
    standing: Standing | None

    def to_token(self) -> bytes:
        """The memory as bytes."""
        content = json.dumps({**asdict(self), "standing": self._standing()}, separators=(",", ":")).encode()
        return _VERSION + _check(content) + content

    def _standing(self) -> dict[str, Any] | None:
        """The advice that holds; the rest, which older releases cannot read, only where it says something."""
        if self.standing is None:
            return None
        return {name: value for name, value in asdict(self.standing).items() if value or name in _ALWAYS_TOLD}

    @classmethod
    def from_token(cls, token: bytes) -> "Memory":
        """Reads what `to_token` gave.

        Raises:
            RequestError: it is damaged, or none of this release's.
        """
        check, content = token[1 : 1 + _CHECK_BYTES], token[1 + _CHECK_BYTES :]
        if token[:1] != _VERSION or check != _check(content):
            raise _unreadable()
        try:
            return _memory(json.loads(content))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise _unreadable() from None

    def hold(self, today: "Memory") -> None:
        """Holds a token to the conversation that it is to open again, as `today` reads it.

        Raises:
            StaleToken: the model or the playbook's version is another.
            RequestError: the turns, the locale or the playbook's name are.
        """
        if self.playbook != today.playbook:
            raise _mismatch("playbook", "names another playbook", "start.playbook")
        if self.said != today.said:
            raise _mismatch("turns", "covers other turns, or another locale", "start.turns")
        if self.model != today.model:
            raise StaleToken("model")
        if self.version != today.version:
            raise StaleToken("version of the playbook")


def digest_of(said: bytes, turn: Turn) -> bytes:
    """The digest of a conversation that goes on with `turn`, from `said`, the digest before it."""
    time = turn.time.isoformat() if turn.time is not None else ""
    fields = json.dumps([turn.role, turn.text, time, turn.speaker_id])
    return sha256(said + fields.encode()).digest()[:16]


def _check(content: bytes) -> bytes:
    return sha256(content).digest()[:_CHECK_BYTES]


def _memory(fields: dict[str, Any]) -> Memory:
    given = fields.pop("standing")
    return Memory(**fields, standing=_standing(**given) if given is not None else None)


def _standing(*, steps: list[str], repairs: Sequence[str] = (), **rest: Any) -> Standing:
    """Advice that held; a token of an older release tells less of it."""
    if not steps:
        raise ValueError("advice names at least one step")
    return Standing(
        steps=tuple(Step(step) for step in steps), repairs=tuple(Misstep(misstep) for misstep in repairs), **rest
    )


def _unreadable() -> RequestError:
    return RequestError(
        "the token cannot be read: send the last resume_token as it came, or open the conversation again with its "
        "turns and without the token",
        field=FIELD,
        reason="BAD_TOKEN",
    )


def _mismatch(what: str, problem: str, field: str) -> RequestError:
    return RequestError(
        f"the token {problem}: send the {what} as they were when the token came, and what was said since as events",
        field=field,
        reason="TOKEN_MISMATCH",
    )
