"""Encoders that a test holds in its hand."""

import queue
import threading

import numpy as np
from amends_core.encoder import Encoding

PATIENCE_S = 30.0


def encoding(size: int = 4) -> Encoding:
    """An encoding whose arrays take `4 * size` bytes."""
    return Encoding(
        embedding=np.zeros(size - 1, np.float32),
        logits=np.zeros(1, np.float32),
        tokens=3,
        unknown_tokens=1,
        truncated=False,
    )


class HeldEncoder:
    """Tells which text it was given, and encodes it once it is let go."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.fails_on: set[str] = set()
        self._started: queue.Queue[str] = queue.Queue()
        self._let_go = threading.Semaphore(0)
        self._open = False

    def encode(self, text: str) -> Encoding:
        self.taken.append(text)
        self._started.put(text)
        if not self._open and not self._let_go.acquire(timeout=PATIENCE_S):
            raise TimeoutError
        if text in self.fails_on:
            raise ValueError(f"cannot encode {text}")
        return encoding()

    def wait_until_taken(self) -> str:
        """Gives the next text that was taken."""
        return self._started.get(timeout=PATIENCE_S)

    def let_go(self) -> None:
        """Lets one text through."""
        self._let_go.release()

    def open(self) -> None:
        """Lets every text through from now on."""
        self._open = True
        for _ in range(64):
            self._let_go.release()
