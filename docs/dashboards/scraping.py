"""A real Prometheus that scrapes one service and evaluates our rules; of Debian's package `prometheus`."""

import json
import re
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from amends_client.testing import free_port

RULES = Path(__file__).parents[2] / "deploy" / "prometheus"


@dataclass(frozen=True, slots=True)
class Prometheus:
    """One that runs."""

    address: str

    def ask(self, path: str, **parameters: str) -> Any:
        """What its API answers under `/api/v1`.

        Raises:
            OSError: it does not answer, or refuses the question.
        """
        url = f"http://{self.address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]


@contextmanager
def scraping(exporter: int, folder: Path, *, short_windows: str = "", short_offsets: str = "") -> Iterator[Prometheus]:
    """Scrapes a port of this machine every second, as the job `amends`, and evaluates the rules as often.

    Args:
        exporter: the port of /metrics.
        folder: where configuration, data and log go.
        short_windows: what stands for windows of 2 and 5 minutes in the rules, where a run is shorter than those.
        short_offsets: what stands for "a quarter of an hour before" and "a day before" in the rules, in such a run.
    """
    address = f"127.0.0.1:{free_port()}"
    command = [
        "prometheus",
        f"--config.file={_configured(folder, exporter, short_windows, short_offsets)}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
        "--log.level=error",
    ]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            yield Prometheus(address)
        finally:
            process.terminate()


def shortened(expressions: str, windows: str = "", offsets: str = "") -> str:
    """Expressions for a run of a minute: other windows for 2 and 5 minutes, other offsets; those that are not empty."""
    if windows:
        expressions = re.sub(r"\[[25]m\]", f"[{windows}]", expressions)
    return re.sub(r"\boffset \w+", f"offset {offsets}", expressions) if offsets else expressions


def _configured(folder: Path, exporter: int, short_windows: str, short_offsets: str) -> Path:
    files = sorted(RULES.glob("*.yaml"))
    for file in files:
        rules = yaml.safe_load(shortened(file.read_text(encoding="utf-8"), short_windows, short_offsets))
        for group in rules["groups"]:
            group["interval"] = "1s"
        (folder / file.name).write_text(yaml.safe_dump(rules))
    target = {"targets": [f"127.0.0.1:{exporter}"], "labels": {"namespace": "prod", "pod": "amends-0"}}
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [file.name for file in files],
        "scrape_configs": [{"job_name": "amends", "static_configs": [target]}],
    }
    path = folder / "prometheus.yml"
    path.write_text(yaml.safe_dump(config))
    return path
