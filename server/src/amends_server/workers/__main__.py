"""Encoding processes: `python -m amends_server.workers FD ...`, where each FD is one end of a pipe to the service.

One process loads the model and forks a worker for each pipe: the weights lie in memory, and in the processor's cache,
once. No session of one thread runs anything in another thread, which is what makes forking safe; what ONNX Runtime
starts beside is not there in a fork, so that workers end without taking it down: that would wait for it.
"""

import gc
import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn

from amends_core.bundle import load_bundle
from amends_core.encoder import Encoder, OnnxEncoder
from amends_core.errors import BundleError

from amends_server.workers.wire import pack
from amends_server.workers.work import run

_WARM_UP = "I am sorry for the delay, I will call you by five."


def main(descriptors: Sequence[int]) -> int:
    """Encodes what comes until told to end, or until the service is gone."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # the service says when: it drains first
        signal.signal(number, signal.SIG_IGN)
    pipes = [Connection(descriptor) for descriptor in descriptors]
    try:
        encoders = [_encoder(*source) for source in pipes[0].recv()]
    except BundleError as error:
        for pipe in pipes:
            pipe.send(str(error))
        return 1
    gc.freeze()  # what was loaded stays: collecting it would touch, and so copy, memory that is shared
    for pipe in pipes:
        if os.fork() == 0:
            for other in pipes:
                if other is not pipe:  # whose end would not be noticed otherwise
                    other.close()
            _become_worker(pipe, encoders)
    for pipe in pipes:
        pipe.close()
    with suppress(ChildProcessError):  # none is left
        while True:
            os.wait()
    return 0


def _become_worker(pipe: Connection, encoders: Sequence[Encoder]) -> NoReturn:
    """Never returns: a fork has nothing to clean up."""
    try:
        pipe.send(os.getpid())
        cpu_s = time.process_time()
        while tasks := pipe.recv():
            outcomes = [pack(run(encoders, task)) for task in tasks]
            before_s, cpu_s = cpu_s, time.process_time()
            pipe.send((outcomes, cpu_s - before_s))
    except (EOFError, OSError):  # the service is gone
        os._exit(0)
    except BaseException as error:  # not its words, which may quote a sentence
        sys.stderr.write(f"an encoding process ends: {type(error).__name__}\n")
        os._exit(1)
    os._exit(0)


def _encoder(path: Path, sha256: str) -> OnnxEncoder:
    bundle = load_bundle(path)
    if bundle.sha256 != sha256:
        raise BundleError(f"bundle {path} was changed while the service started; start it again")
    encoder = OnnxEncoder(bundle)
    encoder.encode(_WARM_UP)
    return encoder


if __name__ == "__main__":
    sys.exit(main([int(each) for each in sys.argv[1:]]))
