"""What the tests of tenants share: what acme and beta ask and teach, their tokens, and a client for each."""

from pathlib import Path

from amends_client import Client, ClientOptions, customer
from amends_core.playbooks.library import DATA_DIR
from amends_server.identity.token_file import with_entry
from amends_server.identity.tokens import make_token
from running_service import PATIENCE_S, Running

TENANTS = ("acme", "beta")
TURNS = [customer("My parcel is three weeks late! I am furious.")]
REPLY = "I am so sorry about the wait."
EXEMPLARS = """
schema: 1
name: acme_words
version: 1.0.0
labels:
  THANK:
    positive: [Cheers for flagging the wobble]
"""
_SOURCE = (DATA_DIR / "playbooks/connect_first.yaml").read_text()


def playbook(name: str, version: str = "1.0.0") -> str:
    text = _SOURCE.replace("name: connect_first", f"name: {name}").replace("version: 1.0.0", f"version: {version}")
    assert f"name: {name}\n" in text
    return text


def write_tokens(path: Path) -> list[str]:
    """Writes a token file for the tenants, and gives the secret of each."""
    content, secrets = b"", []
    for tenant in TENANTS:
        secret, entry = make_token(tenant, "desk")
        content = with_entry(path, content, entry)
        secrets.append(secret)
    path.write_bytes(content)
    return secrets


def client_of(running: Running, secret: str) -> Client:
    return Client(ClientOptions(running.target, timeout_s=PATIENCE_S, max_attempts=1, token=secret))
