"""A conversation as the commands hand it on, whatever form it was read from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from amends.v1 import conversation_pb2, empathy_service_pb2, taxonomy_pb2
from amends_client import agent, reply_request


@dataclass(frozen=True, slots=True)
class Conversation:
    """What was said, and the reply that is to be judged."""

    turns: tuple[conversation_pb2.Turn, ...]
    """Oldest first."""
    reply: tuple[str, ...] = ()
    """The turns of the reply; empty where there is none."""
    playbook: str = ""
    """Name of the playbook; empty: the server's default."""
    locale: str = ""
    """BCP 47 tag; empty: English."""

    def chosen(self, *, playbook: str, locale: str) -> "Conversation":
        """Gives the conversation with what was chosen by flag in place of its own."""
        return replace(self, playbook=playbook or self.playbook, locale=locale or self.locale)

    def replied(self) -> "Conversation":
        """Gives the conversation with its last run of agent turns as the reply, where it has none of its own."""
        start = reply_start(self.turns)
        if self.reply:
            return self
        return replace(self, turns=self.turns[:start], reply=tuple(turn.text for turn in self.turns[start:]))

    def whole(self) -> Sequence[conversation_pb2.Turn]:
        """Gives the turns with the reply at their end."""
        return (*self.turns, *(agent(text) for text in self.reply))

    def request(self) -> empathy_service_pb2.ScoreReplyRequest:
        """Gives the request to judge the reply."""
        return reply_request(self.turns, self.reply, playbook=self.playbook, locale=self.locale)


def reply_start(turns: Sequence[conversation_pb2.Turn]) -> int:
    """Gives the index of the first turn of the agent's last run; `len(turns)` where the customer spoke last."""
    start = len(turns)
    while start and turns[start - 1].role == taxonomy_pb2.ROLE_AGENT:
        start -= 1
    return start
