"""The page beside this file: every dashboard, with a line on each of its panels out of their own descriptions."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
BOARDS = ("overview", "model", "capacity")
_HEAD = """\
# Dashboards

```sh
make dashboards    # writes deploy/grafana/dashboards/*.json, which Grafana takes as they are
make render        # draws them here; needs Debian's package prometheus, and a minute and a half
```

Below is what a real Prometheus says of a real service, in a run of 75 seconds: two tenants and a stranger call,
a candidate is on trial, one tenant asks for more than its quota, and for some seconds one caller allows less time
than its calls need, so that they are refused and the budget of the run is gone; the machine had other work besides.
The expressions are the panels' own; windows of 2 and 5 minutes, and what lies a day before, are 15 seconds here.
"""


def board(name: str) -> dict[str, Any]:
    """A dashboard as Grafana takes it."""
    text = (HERE.parents[1] / "deploy" / "grafana" / "dashboards" / f"{name}.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(line for name in BOARDS for line in _section(name))])


def _section(name: str) -> Iterator[str]:
    found = board(name)
    title = found["title"].removeprefix("Amends: ").capitalize()
    yield f"## {title}\n\n![The dashboard {title}]({name}.svg)"
    for panel in found["panels"]:
        if panel["type"] == "row":
            yield f"\n### {panel['title']}\n\n| panel | what it says |\n| --- | --- |"
        else:
            yield f"| {panel['title']} | {panel['description']} |"
    yield ""
