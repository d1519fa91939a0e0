"""A conversation as the commands hand it on, whatever form it was read from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from amends.v1 import conversation_pb2, empathy_service_pb2
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

    def whole(self) -> Sequence[conversation_pb2.Turn]:
        """Gives the turns with the reply at their end."""
        return (*self.turns, *(agent(text) for text in self.reply))

    def request(self) -> empathy_service_pb2.ScoreReplyRequest:
        """Gives the request to judge the reply."""
        return reply_request(self.turns, self.reply, playbook=self.playbook, locale=self.locale)
