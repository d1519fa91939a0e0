"""Files that change while the service runs: the last good reading is kept, and a broken one is told and ignored."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from amends_server.identity.caller import IdentityError
from amends_server.identity.documents import read_content

_SETTLE_S = 0.2
"""How soon changed files are looked at again: they may be half written, or only one of a pair replaced."""
T = TypeVar("T")
Contents = tuple[bytes, ...]
_log = logging.getLogger("amends.identity")


class Told(Protocol):
    """Hears of each change: of what, and whether it was `loaded` or `refused`."""

    def __call__(self, what: str, outcome: str) -> None: ...  # noqa: D102


class Kept(Generic[T]):
    """What some files say. `current` may be read from any thread; one thread at a time looks."""

    def __init__(self, what: str, paths: Sequence[Path], read: Callable[[Contents], T], told: Told) -> None:
        """Reads the files.

        Raises:
            IdentityError: they cannot be read or used.
        """
        self.what = what
        self._paths = tuple(paths)
        self._read = read
        self._told = told
        contents = tuple(map(read_content, self._paths))
        self._seen: Contents | str = contents
        self._pending: Contents | str = contents
        self.current = read(contents)

    def look(self) -> bool:
        """Looks once for a change; gives whether to look again soon. A change counts once it was seen twice alike."""
        found = self._found()
        settled = found == self._pending
        self._pending = found
        if found == self._seen:
            return False
        if settled:
            self._seen = found
            self._take(found)
        return not settled

    def _found(self) -> Contents | str:
        """What the files hold, or why they cannot be read."""
        try:
            return tuple(map(read_content, self._paths))
        except IdentityError as error:
            return str(error)

    def _take(self, found: Contents | str) -> None:
        try:
            if isinstance(found, str):
                raise IdentityError(found)
            self.current = self._read(found)
        except IdentityError as error:
            self._refuse(str(error))
        except Exception as error:  # whatever a library makes of such a file: its words may quote a secret
            files = ", ".join(map(str, self._paths))
            self._refuse(f"{files}: cannot be used ({type(error).__name__}); mend it, or put the last good one back")
        else:
            _log.info("%s loaded", self.what)
            self._told(self.what, "loaded")

    def _refuse(self, problem: str) -> None:
        _log.error("%s refused", self.what, extra={"problem": problem, "serving": "the last good ones"})
        self._told(self.what, "refused")


class KeptWatcher:
    """Looks at kept files again and again. Belongs to one event loop; files are read in threads."""

    def __init__(self, kept: Sequence[Kept[Any]], poll_s: float) -> None:
        self._kept = kept
        self._poll_s = poll_s
        self._asked = asyncio.Event()

    def ask(self) -> None:
        """Has the files looked at now. Called on the event loop."""
        self._asked.set()

    async def run(self) -> None:
        """Looks every `poll_s` seconds or, where that is 0, only when asked; ends by cancellation."""
        while self._kept:
            unsettled = [await asyncio.to_thread(each.look) for each in self._kept]
            wait_s = _SETTLE_S if any(unsettled) else self._poll_s or None
            try:
                await asyncio.wait_for(self._asked.wait(), wait_s)
            except TimeoutError:
                continue
            self._asked.clear()
