"""Envoy as the example configures it, before replicas on this machine."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import yaml
from amends_client import Client, ClientOptions
from amends_client.testing import free_port

ENVOY = Path(sys.executable).with_name("envoy")
EXAMPLE = Path(__file__).parents[1] / "deploy/envoy/envoy.yaml"
PATIENCE_S = 60.0


@contextmanager
def envoy(replicas: Sequence[int], folder: Path) -> Iterator[str]:
    """Gives the target of an Envoy before replicas on these ports, once it answers."""
    port = free_port()
    file = folder / "envoy.yaml"
    file.write_text(_config(replicas, port))
    command = [str(ENVOY), "-c", str(file), "--concurrency", "1", "--log-level", "error", "--use-dynamic-base-id"]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            with Client(ClientOptions(f"127.0.0.1:{port}", wait_for_ready=True)) as client:
                client.server_info(timeout_s=PATIENCE_S)
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()


def _config(replicas: Sequence[int], port: int) -> str:
    """The example, with addresses of this machine for those of the cluster, and no admin port."""
    config = yaml.safe_load(EXAMPLE.read_text())
    del config["admin"]
    resources = config["static_resources"]
    resources["listeners"][0]["address"]["socket_address"] = {"address": "127.0.0.1", "port_value": port}
    cluster = resources["clusters"][0]
    cluster["type"] = "STATIC"
    del cluster["dns_refresh_rate"]
    cluster["load_assignment"]["endpoints"][0]["lb_endpoints"] = [
        {"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": replica}}}}
        for replica in replicas
    ]
    return yaml.safe_dump(config)
