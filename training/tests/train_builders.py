"""Rows in few words."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from amends_train.rows import AgentRow, CustomerRow

CONVERSATION = {
    "turns": [
        {"role": "customer", "text": "Still nothing here."},
        {"role": "agent", "text": "I am looking. What does the screen say?"},
        {"role": "customer", "text": "Error nine."},
    ],
    "replies": [{"text": "That is ours. I'll mend it.", "grade": 3}, {"text": "Hm.", "grade": 0}],
}
"""Two messages, two sentences of an agent, and two graded replies of three sentences."""


def agent_row(text: str = "I am sorry.", *labels: str, optional: Sequence[str] = (), name: str = "a-1") -> AgentRow:
    return AgentRow(name, "ann", text, labels, tuple(optional))


def customer_row(text: str = "Where is it?", act: str = "ASK", upset: float = 0.5, second_act: str = "") -> CustomerRow:
    return CustomerRow("c-1", "ann", text, act, upset, second_act)


def write_lines(path: Path, *rows: Mapping[str, Any] | str) -> Path:
    """Writes JSON lines; a row that is a string is written as it stands."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path
