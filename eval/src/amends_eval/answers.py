"""What a target answers: the part of a judgement or of advice that suites measure and reports show."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from amends_eval.questions import Model

Probability = Annotated[float, Field(ge=0.0, le=1.0)]


class SentenceAnswer(Model):
    """What was read in a text: where it is split into several sentences, the most of any of them."""

    kind: Literal["read_sentence"] = "read_sentence"
    probability: Mapping[str, Probability]
    """Calibrated, for every step and sentence-level misstep by name."""
    claimed: tuple[str, ...]
    """The labels whose threshold is reached, in the order of the taxonomy."""
    strong: tuple[str, ...]
    """The claimed steps that are strong."""


class CustomerAnswer(Model):
    """What was read in a customer's message."""

    kind: Literal["read_customer"] = "read_customer"
    act: str
    act_probability: Probability
    upset: Probability


class Share(Model):
    """One contribution to a score."""

    source: str
    """A step or a misstep; empty for the ground every reply stands on."""
    points: float
    reason: str


class Finding(Model):
    """A step or a misstep found in a reply, and where."""

    label: str
    probability: Probability
    strength: int
    """0 absent, 1 weak, 2 strong; 0 for missteps."""
    spans: tuple[tuple[int, int, int], ...]
    """Turn index, start and end of each sentence, in characters."""
    exemplar: str
    """The exemplar nearest to the likeliest sentence; empty where there is none."""


class ReplyAnswer(Model):
    """The judgement of a reply."""

    kind: Literal["score_reply"] = "score_reply"
    score: float
    verdict: str
    confidence: Probability
    upset: Probability
    shares: tuple[Share, ...]
    """They add up to the score."""
    findings: tuple[Finding, ...]
    """The steps done and the missteps committed."""


class AdviceAnswer(Model):
    """Advice on the next step."""

    kind: Literal["next_step"] = "next_step"
    steps: tuple[tuple[str, Probability], ...]
    """Every step advised, likeliest first."""
    stage: str
    pause: bool
    act: str
    upset: Probability


class Moment(Model):
    """The customer at one of their turns."""

    turn: int
    act: str
    upset: Probability
    stage: str


class JudgedTurns(Model):
    """One reply of a conversation."""

    first_turn: int
    last_turn: int
    judgement: ReplyAnswer


class ConversationAnswer(Model):
    """The judgement of a whole conversation."""

    kind: Literal["score_conversation"] = "score_conversation"
    replies: tuple[JudgedTurns, ...]
    moments: tuple[Moment, ...]


class Refused(Model):
    """The target took the question for one that cannot be answered, such as a reply of emoji alone."""

    kind: Literal["refused"] = "refused"
    reason: str


Answer = Annotated[
    SentenceAnswer | CustomerAnswer | ReplyAnswer | AdviceAnswer | ConversationAnswer | Refused,
    Field(discriminator="kind"),
]
