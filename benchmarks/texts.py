"""What is said: conversations put together from our own rows, with the lengths that ours have.

Whole conversations come from the development half of `arcs`, and more are composed: messages of customers and
sentences of agents from `training/data`, in the numbers and lengths of turns counted there. The test halves are
never read. Nobody reads what is composed, and a sentence costs the encoder by its tokens, not by its sense.
"""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from amends.v1 import empathy_service_pb2 as pb
from amends_client import agent, customer, reply_request

ROOT = Path(__file__).parents[1]
_WHOLE_SHARE = 0.1
"""Of conversations that are taken whole; few, as there are 34, and a cache would know them all."""
_REPLY_SENTENCES = (1, 1, 2, 2, 2, 3, 3, 4)
"""How many sentences an agent's turn holds: mean 2.25, between the 1.5 of `arcs` and the 3.2 of graded replies."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """Turns of a customer and an agent by turns; the customer begins."""

    turns: tuple[tuple[str, str], ...]
    """Role (`customer` or `agent`) and text."""

    def messages(self, count: int | None = None) -> list[Any]:
        """The first `count` turns as messages of the contract; None: all."""
        make = {"customer": customer, "agent": agent}
        return [make[role](text) for role, text in self.turns[:count]]


class Script:
    """An endless supply of conversations, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def conversation(self, turns: int | None = None) -> Conversation:
        """A conversation of `turns` turns; None: as long as ours are."""
        whole = _whole()
        if turns is None and self._random.random() < _WHOLE_SHARE:
            return self._random.choice(whole)
        length = turns or len(self._random.choice(whole).turns)
        return Conversation(tuple(self._turn(index) for index in range(length)))

    def reply(self, sentences: int | None = None) -> str:
        """An agent's turn of so many sentences; None: as many as ours have."""
        count = sentences or self._random.choice(_REPLY_SENTENCES)
        return " ".join(self._random.choices(_agent_sentences(), k=count))

    def message(self) -> str:
        """A customer's turn."""
        return self._random.choice(_customer_messages())

    def score_reply(self, history: int = 1, sentences: int | None = None) -> pb.ScoreReplyRequest:
        """A request to judge a reply after `history` turns, of which the last is the customer's."""
        turns = [self._message(history - 1 - index) for index in range(history)]
        return reply_request(turns, self.reply(sentences))

    def score_replies(self, history: int = 1, sentences: int | None = None) -> Iterator[pb.ScoreReplyRequest]:
        """The same without end."""
        while True:
            yield self.score_reply(history, sentences)

    def batch(self, items: int) -> pb.BatchScoreRepliesRequest:
        """A request to judge several replies."""
        return pb.BatchScoreRepliesRequest(requests=[self.score_reply(3) for _ in range(items)])

    def next_step(self, history: int) -> pb.NextStepRequest:
        """A request for advice after `history` turns, of which the last is the customer's."""
        return pb.NextStepRequest(turns=[self._message(history - 1 - index) for index in range(history)])

    def _message(self, from_last: int) -> Any:
        return customer(self.message()) if from_last % 2 == 0 else agent(self.reply())

    def _turn(self, index: int) -> tuple[str, str]:
        return ("customer", self.message()) if index % 2 == 0 else ("agent", self.reply())


def phrases(count: int, seed: int = 0) -> list[str]:
    """So many sentences of agents, of which no two say nearly the same: one of each contrast group."""
    rows = [row for file in _files("agents") for row in _rows(file)]
    found = {row.get("group") or row["id"]: row["text"] for row in rows if any(c.isalnum() for c in row["text"])}
    texts = list(dict.fromkeys(found.values()))
    random.Random(seed).shuffle(texts)
    return texts[:count]


@cache
def _whole() -> Sequence[Conversation]:
    rows = _rows(ROOT / "eval/datasets/arcs-v1/dev.jsonl")
    return [Conversation(tuple((turn["role"], turn["text"]) for turn in row["turns"])) for row in rows]


@cache
def _agent_sentences() -> Sequence[str]:
    return _texts("agents")


@cache
def _customer_messages() -> Sequence[str]:
    return _texts("customers")


def _texts(folder: str) -> Sequence[str]:
    texts = [row["text"] for file in _files(folder) for row in _rows(file)]
    return [text for text in texts if any(c.isalnum() for c in text)]


def _files(folder: str) -> Sequence[Path]:
    return sorted((ROOT / "training/data" / folder).glob("*.jsonl"))


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
