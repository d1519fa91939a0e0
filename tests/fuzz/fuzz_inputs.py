"""What is fuzzed, by name: each takes bytes, and raises only where something is wrong."""

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

from contract_strategies import METHODS, calls
from file_inputs import READERS, read
from fuzz_target import Target, quick_model
from hypothesis import HealthCheck, given, settings

SEEDS = Path(__file__).with_name("seeds")
SEPARATOR = b"\xff\xff\xff\xff"
"""Between the messages of a stream: no message of the contract holds it, as it is no UTF-8 and no tag."""
_RPCS = {path.rpartition("/")[2]: path for path in METHODS}


@cache
def target() -> Target:
    """The service that all inputs of a process are tried on."""
    return Target(quick_model())


def try_bytes(name: str, data: bytes) -> None:
    """Takes bytes for the message or messages of a call."""
    path = _RPCS[name]
    target().try_input(path, data.split(SEPARATOR) if METHODS[path].client_streaming else [data])


def try_call(name: str, data: bytes) -> None:
    """Takes bytes for the choices from which Hypothesis builds a call."""
    _structured(name)(data)


def try_file(name: str, data: bytes) -> None:
    """Takes bytes for a file."""
    read(name, data)


@cache
def _structured(name: str) -> Callable[[bytes], object]:
    path = _RPCS[name]

    @settings(database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(calls(METHODS[path]))
    def attempt(messages: list[bytes]) -> None:
        target().try_input(path, messages)

    one: Callable[[bytes], object] = attempt.hypothesis.fuzz_one_input  # type: ignore[attr-defined]
    return one


INPUTS: dict[str, Callable[[bytes], None]] = {
    **{f"bytes-{name}": partial(try_bytes, name) for name in _RPCS},
    **{f"call-{name}": partial(try_call, name) for name in _RPCS},
    **{f"file-{name}": partial(try_file, name) for name in READERS},
}


def seeds_of(name: str) -> list[Path]:
    """The inputs that are kept for one: fine ones to start from, and those that once failed."""
    return sorted(path for path in (SEEDS / name).glob("*") if path.is_file())
