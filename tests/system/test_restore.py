"""What the runbook backs up is all it takes: the service comes back from it elsewhere, and answers as before."""

import shutil
import subprocess
from pathlib import Path

import pytest
from amends_client import Client, ClientOptions, customer
from amends_client.testing import ServerProcess
from amends_server.identity.token_file import with_entry
from amends_server.identity.tokens import make_token
from amends_server.signing import sign_bundle
from installed import PATIENCE_S, Started, clean_environment
from second_bundle import VERSION, write_bundle, write_keys

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
TURNS = [customer("Third week without my parcel, and nobody answers.")]
REPLY = "I am sorry, three weeks is far too long. I've put a thank-you scoop on your card."
PLAYBOOK = "two_rounds"


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """All that is given to a service: a signed bundle and its key, playbooks, exemplars, tokens."""
    folder = tmp_path / "lost"
    (folder / "playbooks").mkdir(parents=True)
    private, _ = write_keys(folder)
    sign_bundle(write_bundle(folder / "bundle"), private)
    private.unlink()
    shutil.copy(ROOT / "docs/example-playbook.yaml", folder / "playbooks")
    shutil.copy(ROOT / "docs/examples/halden.yaml", folder)
    return folder


def _token(house: Path) -> str:
    secret, entry = make_token("default", "desk")
    (house / "tokens").write_bytes(with_entry(house / "tokens", b"", entry))
    return secret


def _flags(house: Path) -> list[str]:
    given = {"model-dir": "bundle", "model-key": "model.pub", "playbook-dir": "playbooks", "exemplars": "halden.yaml"}
    named = [(f"--{flag}", str(house / name)) for flag, name in {**given, "tokens": "tokens"}.items()]
    return [part for pair in named for part in pair]


def _answer(server: ServerProcess, token: str) -> bytes:
    options = ClientOptions(server.target, timeout_s=PATIENCE_S, max_attempts=1, token=token)
    with Client(options) as client:
        answer = client.score_reply(TURNS, REPLY, playbook=PLAYBOOK)
    assert (answer.model.version, answer.judgement.playbook.name) == (VERSION, PLAYBOOK)
    judgement: bytes = answer.judgement.SerializeToString(deterministic=True)
    return judgement


def test_a_lost_service_comes_back_from_its_backup_and_answers_alike(
    start: Started, environment: Path, house: Path, tmp_path: Path
) -> None:
    token = _token(house)
    server = start(*_flags(house))
    before = _answer(server, token)
    backup = shutil.make_archive(str(tmp_path / "backup"), "tar", house)
    assert server.end() == 0
    shutil.rmtree(house)

    restored = tmp_path / "restored"
    shutil.unpack_archive(backup, restored, filter="data")
    verify = [environment / "bin/amends", "bundle", "verify", restored / "bundle", "--key", restored / "model.pub"]
    subprocess.run(verify, env=clean_environment(), check=True, capture_output=True)
    assert _answer(start(*_flags(restored)), token) == before
