"""Workers that are processes: nothing they do waits for the lock of the event loop's interpreter, nor holds it."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

from amends_core.bundle import Bundle
from amends_core.errors import BundleError

from amends_server.workers.wire import unpack
from amends_server.workers.work import Owner, Task

Source = tuple[Path, str]
"""Where a bundle lies, and the hash it must have there."""
_PATIENCE_S = 10.0
"""How long a worker may take to end, once it was asked to."""


def start_processes(bundles: Sequence[Bundle], count: int) -> Sequence["ProcessWorker"]:
    """Starts a process that loads the bundles once and becomes `count` workers, which share that memory."""
    sources: Sequence[Source] = [(bundle.path.absolute(), bundle.sha256) for bundle in bundles]
    ours, theirs = zip(*(Pipe() for _ in range(count)), strict=True)
    descriptors = [end.fileno() for end in theirs]
    parent = subprocess.Popen(  # noqa: S603  nothing in it comes from outside
        [sys.executable, "-m", "amends_server.workers", *map(str, descriptors)],
        pass_fds=descriptors,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OPENBLAS_NUM_THREADS": "1"},
    )
    for end in theirs:
        end.close()
    ours[0].send(sources)
    return [ProcessWorker(parent, end) for end in ours]


class ProcessWorker:
    """Encodes in a process of its own, which ends with this one.

    It has the next handful at hand while it works on one: it need not wait until the event loop has time for it.
    """

    room = 2

    def __init__(self, parent: "subprocess.Popen[bytes]", pipe: Connection) -> None:
        self._parent = parent
        self._pipe = pipe
        self.pids: Sequence[int] = ()

    def begin(self, owner: Owner) -> None:
        """See `Worker.begin`."""
        self._owner = owner
        self._loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._closing = False
        self._loop.add_reader(self._pipe.fileno(), self._read)

    async def ready(self) -> None:
        """See `Worker.ready`.

        Raises:
            BundleError: the process cannot load a bundle, or ended before it was ready.
        """
        await self._ready

    def give(self, tasks: Sequence[Task]) -> None:
        """See `Worker.give`."""
        with suppress(OSError):  # it has ended; reading will tell
            self._pipe.send(tasks)

    async def close(self) -> None:
        """See `Worker.close`."""
        self._closing = True
        self.give(())  # nothing more
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self._ended
        except TimeoutError:
            os.kill((*self.pids, self._parent.pid)[0], signal.SIGKILL)
        await asyncio.to_thread(self._parent.wait)

    def _read(self) -> None:
        try:
            said = self._pipe.recv()
        except (EOFError, OSError):
            self._end()
            return
        if self._ready.done():
            outcomes, cpu_s = said
            self._owner.done(self, [unpack(each) for each in outcomes], cpu_s)
        elif isinstance(said, str):
            self._ready.set_exception(BundleError(said))
        else:
            self.pids = (said,)
            self._ready.set_result(None)

    def _end(self) -> None:
        self._loop.remove_reader(self._pipe.fileno())
        self._pipe.close()
        self._ended.set_result(None)
        if self._closing:
            self._ready.cancel()  # where nobody waited for it
        elif self._ready.done():
            self._owner.lost("ProcessEnded")
        else:
            self._ready.set_exception(BundleError("an encoding process ended before it was ready; is memory short?"))
