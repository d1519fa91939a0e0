"""The dashboards, as code: `python deploy/grafana/dashboards.py` writes their JSON anew."""

import json
import sys
from pathlib import Path

from capacity import CAPACITY
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from model_health import MODEL
from overview import OVERVIEW
from panels import build

BOARDS = {
    "overview": ("Amends: overview", OVERVIEW),
    "model": ("Amends: model health", MODEL),
    "capacity": ("Amends: capacity", CAPACITY),
}


def write(folder: Path) -> None:
    """Writes the JSON of every dashboard into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (title, rows) in BOARDS.items():
        text = json.dumps(build(title, f"amends-{name}", rows), cls=JSONEncoder, indent=1, sort_keys=True)
        (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("dashboards"))
