"""The short form of the fuzzing: every seed, and some inputs of Hypothesis for every method and reader."""

import pytest
from contract_strategies import METHODS, calls
from file_inputs import READERS, read
from fuzz_inputs import INPUTS, seeds_of, target
from grpc import StatusCode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

_SHORT = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
_SEEDS = [(name, path) for name in INPUTS for path in seeds_of(name)]


@pytest.mark.parametrize(("name", "path"), _SEEDS, ids=[f"{name}/{path.name}" for name, path in _SEEDS])
def test_seed_is_borne(name: str, path: object) -> None:
    INPUTS[name](path.read_bytes())  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", METHODS)
def test_any_call_ends_as_one_may(path: str) -> None:
    @_SHORT
    @given(calls(METHODS[path]))
    def attempt(messages: list[bytes]) -> None:
        target().try_input(path, messages)

    attempt()


@pytest.mark.parametrize("path", METHODS)
def test_the_seeds_of_a_method_reach_an_answer(path: str) -> None:
    name = f"bytes-{path.rpartition('/')[2]}"
    fine = [seed for seed in seeds_of(name) if seed.name.startswith("fine")]
    assert fine
    for seed in fine:
        data = seed.read_bytes()
        messages = data.split(b"\xff\xff\xff\xff") if METHODS[path].client_streaming else [data]
        assert target().try_input(path, messages) is StatusCode.OK


@pytest.mark.parametrize("name", ["certificates", "exemplars", "jwks", "playbook", "reference", "terms", "tokens"])
def test_the_fine_seeds_of_a_reader_are_read_whole(name: str) -> None:
    fine = [seed for seed in seeds_of(f"file-{name}") if seed.name.startswith("fine")]
    assert fine
    for seed in fine:
        READERS[name](seed.read_bytes())


@pytest.mark.parametrize("name", READERS)
def test_any_file_is_read_or_refused(name: str) -> None:
    seeds = [seed.read_bytes() for seed in seeds_of(f"file-{name}")]

    @_SHORT
    @given(st.binary(max_size=300), st.sampled_from(seeds), st.floats(0, 1), st.floats(0, 1))
    def attempt(noise: bytes, seed: bytes, at: float, to: float) -> None:
        first, last = sorted([int(at * len(seed)), int(to * len(seed))])
        for data in (noise, seed[:first] + noise + seed[last:], seed[:last] + seed[first:]):
            read(name, data)

    attempt()
