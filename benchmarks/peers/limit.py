"""The limit: ONNX Runtime with nothing around it, one thread a core, one sentence a run, no network."""

import threading
import time
from collections.abc import Sequence

from benchmarks.load import Run, warm_up_s
from benchmarks.outcomes import Outcome
from benchmarks.peers.encoders import OnnxEncoder, threads
from benchmarks.peers.workload import Item


def limit(items: Sequence[Item], seconds: float) -> Run:
    """Encodes item after item in as many threads as there are cores, which share a session of one thread."""
    encoder = OnnxEncoder(threads=1)
    _all_threads(encoder, items, warm_up_s(seconds))
    return _all_threads(encoder, items, seconds)


def _all_threads(encoder: OnnxEncoder, items: Sequence[Item], seconds: float) -> Run:
    run = Run(time.monotonic(), time.monotonic() + seconds)

    def work(first: int) -> None:
        index = first
        while (at := time.monotonic()) < run.end:
            encoder.encode(items[index % len(items)].texts)
            run.outcomes.append(Outcome("encode", at, time.monotonic() - at))
            index += threads()

    workers = [threading.Thread(target=work, args=(first,)) for first in range(threads())]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return run
