"""Rows in few words."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from amends_train.rows import AgentRow, CustomerRow


def agent_row(text: str = "I am sorry.", *labels: str, optional: Sequence[str] = (), name: str = "a-1") -> AgentRow:
    return AgentRow(name, "ann", text, labels, tuple(optional))


def customer_row(text: str = "Where is it?", act: str = "ASK", upset: float = 0.5, second_act: str = "") -> CustomerRow:
    return CustomerRow("c-1", "ann", text, act, upset, second_act)


def write_lines(path: Path, *rows: Mapping[str, Any] | str) -> Path:
    """Writes JSON lines; a row that is a string is written as it stands."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path
