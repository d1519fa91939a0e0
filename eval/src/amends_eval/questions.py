"""What can be asked of a target. A question is all that a target gets to see of an item."""

from typing import Annotated, Literal

from amends_core.taxonomy import Role
from pydantic import BaseModel, ConfigDict, Field


class Model(BaseModel):
    """The root of everything that is read from or written to a file: frozen, without unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Turn(Model):
    """One turn of a conversation."""

    role: Literal["customer", "agent"]
    text: str

    @property
    def speaker(self) -> Role:
        """The role as the core names it."""
        return Role.CUSTOMER if self.role == "customer" else Role.AGENT


class ReadSentence(Model):
    """What does this sentence of an agent do?"""

    kind: Literal["read_sentence"] = "read_sentence"
    text: str
    customer: str = ""
    """The customer's message before it; empty where there is none."""


class ReadCustomer(Model):
    """What does this message of a customer tell?"""

    kind: Literal["read_customer"] = "read_customer"
    text: str
    before: str = ""
    """What the agent said before it; empty where nothing."""


class ScoreReply(Model):
    """How well does this reply make amends?"""

    kind: Literal["score_reply"] = "score_reply"
    turns: tuple[Turn, ...]
    reply: str
    playbook: str = ""


class NextStep(Model):
    """What should the agent do next?"""

    kind: Literal["next_step"] = "next_step"
    turns: tuple[Turn, ...]
    playbook: str = ""


class ScoreConversation(Model):
    """How did this conversation go?"""

    kind: Literal["score_conversation"] = "score_conversation"
    turns: tuple[Turn, ...]
    playbook: str = ""


Question = Annotated[
    ReadSentence | ReadCustomer | ScoreReply | NextStep | ScoreConversation, Field(discriminator="kind")
]
