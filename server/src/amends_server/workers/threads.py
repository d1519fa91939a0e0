"""Workers that are threads: they share the memory of one session, and the interpreter's lock with the event loop."""

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

from amends_core.encoder import Encoder

from amends_server.workers.work import Owner, Task, run


class ThreadWorker:
    """Encodes in a thread of this process."""

    pids: Sequence[int] = ()
    room = 1

    def __init__(self, encoders: Sequence[Encoder]) -> None:
        self._encoders = encoders
        self._given: queue.SimpleQueue[Sequence[Task] | None] = queue.SimpleQueue()

    def begin(self, owner: Owner) -> None:
        """See `Worker.begin`."""
        loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._work, args=(owner, loop), name="encoder", daemon=True)
        self._thread.start()

    async def ready(self) -> None:
        """See `Worker.ready`; a thread is ready at once."""

    def give(self, tasks: Sequence[Task]) -> None:
        """See `Worker.give`."""
        self._given.put(tasks)

    async def close(self) -> None:
        """See `Worker.close`."""
        self._given.put(None)
        await asyncio.to_thread(self._thread.join)

    def _work(self, owner: Owner, loop: asyncio.AbstractEventLoop) -> None:
        def tell(what: Callable[..., None], *args: object) -> None:
            with suppress(RuntimeError):  # the loop was closed: nobody waits
                loop.call_soon_threadsafe(what, *args)

        try:
            while (tasks := self._given.get()) is not None:
                tell(owner.done, self, [run(self._encoders, task) for task in tasks], 0.0)
        except BaseException as error:  # a thread that ends must be known, or its part of the work would wait for ever
            tell(owner.lost, type(error).__name__)
