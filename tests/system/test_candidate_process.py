"""Two bundles in one process of the installed package: signed, on trial, and refused where the key does not fit."""

from pathlib import Path
from urllib.request import urlopen

import pytest
from amends_client import Client, ClientOptions, customer
from amends_client.testing import ServerProcess
from amends_server.signing import sign_bundle
from installed import PATIENCE_S, Started
from second_bundle import VERSION, write_bundle, write_keys

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

TURNS = [customer("Third week without my parcel, and nobody answers.")]
REPLY = "I am sorry, three weeks is far too long. I will find it today and call you by five."
COMPARED = f'amends_candidate_comparisons_total{{model_version="{VERSION}",outcome="same",what="verdict"}} 1.0'


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def second(keys: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_bundle(tmp_path_factory.mktemp("bundles") / "second")
    sign_bundle(folder, keys[0])
    return folder


def _client(server: ServerProcess) -> Client:
    return Client(ClientOptions(server.target, timeout_s=PATIENCE_S, max_attempts=1))


def _metrics(server: ServerProcess) -> str:
    with urlopen(f"http://127.0.0.1:{server.metrics_port}/metrics", timeout=PATIENCE_S) as page:
        text: str = page.read().decode()
        return text


def test_a_signed_bundle_is_compared_in_the_shadow(start: Started, second: Path, keys: tuple[Path, Path]) -> None:
    server = start("--shadow-model-dir", str(second), "--model-key", str(keys[1]), "--shadow-share", "1")
    with _client(server) as client:
        assert client.score_reply(TURNS, REPLY).model.version != VERSION
    while COMPARED not in _metrics(server):
        assert server.process.poll() is None
    assert server.end() == 0


def test_a_canary_answers_with_its_own_version(start: Started, second: Path) -> None:
    server = start("--shadow-model-dir", str(second), "--canary-share", "1")
    with _client(server) as client:
        assert client.score_reply(TURNS, REPLY).model.version == VERSION
        assert client.server_info().info.model.version != VERSION, "the current model stays what the service is of"


def test_a_bundle_of_another_key_ends_with_1_and_names_the_remedy(start: Started, second: Path, tmp_path: Path) -> None:
    flags = ("--model-dir", str(second), "--model-key", str(write_keys(tmp_path)[1]), "--port", "0")
    server = start(*flags, "--metrics-port", "-1", serving=False)
    assert server.wait() == 1
    log = server.told
    assert "is not by the key" in log
    assert "amends bundle sign" in log
    assert "Traceback" not in log
