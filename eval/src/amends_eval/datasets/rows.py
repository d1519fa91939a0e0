"""What one line of each dataset holds, and what is asked about it. The JSON Schemas are made from these models."""

import hashlib
from collections.abc import Mapping

from amends_core.taxonomy import SENTENCE_LABELS, STEPS, CustomerAct, Misstep, Step
from pydantic import Field, field_validator, model_validator

from amends_eval.questions import (
    Model,
    NextStep,
    Question,
    ReadCustomer,
    ReadSentence,
    ScoreConversation,
    ScoreReply,
    Turn,
)

_LABELS = {label.value for label in SENTENCE_LABELS}
_STEPS = {step.value for step in STEPS}


class Row(Model):
    """What every row has."""

    id: str
    author: str
    """Who wrote it, or for real text who labelled it."""

    @property
    def cluster(self) -> str:
        """Rows of one conversation share it: they are drawn together in every resampling."""
        return self.id

    @property
    def slices(self) -> Mapping[str, str]:
        """By what the results are cut, name to value."""
        return {}

    @property
    def questions(self) -> Mapping[str, Question]:
        """What is asked about it, by part; a row of one part calls it `""`. Labels without their text ask nothing."""
        return {}


class Labels(Model):
    """The labels of one sentence."""

    labels: tuple[str, ...]
    """`STEP:1` (weak), `STEP:2` (strong) or `MISSTEP`: what a careful judge gives."""
    optional: tuple[str, ...] = ()
    """What a careful judge could give or withhold: left out of scoring either way."""

    @field_validator("labels")
    @classmethod
    def _known(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        for label in labels:
            name, _, strength = label.partition(":")
            if name not in _LABELS or strength not in ({"1", "2"} if name in _STEPS else {""}):
                raise ValueError(f"{label!r} must read STEP:1, STEP:2 or MISSTEP, as the taxonomy names them")
        return labels

    @field_validator("optional")
    @classmethod
    def _bare(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        bare = tuple(dict.fromkeys(label.partition(":")[0] for label in labels))
        if unknown := set(bare) - _LABELS:
            raise ValueError(f"unknown labels: {', '.join(sorted(unknown))}")
        return bare

    @model_validator(mode="after")
    def _apart(self) -> "Labels":
        if both := set(self.strength) & set(self.optional):
            raise ValueError(f"firm and optional at once: {', '.join(sorted(both))}")
        return self

    @property
    def strength(self) -> Mapping[str, int]:
        """The firm labels: 1 or 2 for steps, 1 for missteps."""
        parts = (label.partition(":") for label in self.labels)
        return {name: int(strength or 1) for name, _, strength in parts}


class SentenceRow(Row, Labels):
    """One sentence of an agent."""

    text: str
    context: str = ""
    """The customer's message before it."""
    channel: str = ""
    industry: str = ""
    speech_register: str = Field(default="", alias="register")
    english: str = ""
    kind: str = ""

    @property
    def cluster(self) -> str:
        """See `Row.cluster`: the customer's message."""
        return text_sha256(self.context) if self.context else self.id

    @property
    def slices(self) -> Mapping[str, str]:
        """See `Row.slices`."""
        return {
            "channel": self.channel,
            "register": self.speech_register,
            "english": self.english.lower(),
            "kind": self.kind,
            "length": _length(self.text),
        }

    @property
    def questions(self) -> Mapping[str, Question]:
        """See `Row.questions`."""
        return {"": ReadSentence(text=self.text, customer=self.context)}


class RealLabels(Row, Labels):
    """The labels of one sentence that a real agent wrote; the sentence itself does not ship."""

    text_sha256: str = Field(pattern="^[0-9a-f]{16}$")


class RealRow(SentenceRow):
    """Such a sentence, joined with its labels."""

    @property
    def cluster(self) -> str:
        """See `Row.cluster`: ids read `source|conversation|turn|sentence`."""
        return "|".join(self.id.split("|")[:2])

    @property
    def slices(self) -> Mapping[str, str]:
        """See `Row.slices`."""
        return {"source": self.id.partition("|")[0], "length": _length(self.text)}


class CustomerRow(Row):
    """One message of a customer."""

    text: str
    act: CustomerAct
    upset: float = Field(ge=0.0, le=1.0)
    second_act: CustomerAct | None = None
    """An act that could be argued for."""
    context: str = ""
    """What the agent said before."""
    channel: str = ""
    industry: str = ""
    english: str = ""

    @property
    def slices(self) -> Mapping[str, str]:
        """See `Row.slices`."""
        return {"channel": self.channel, "english": self.english.lower(), "context": "yes" if self.context else "no"}

    @property
    def questions(self) -> Mapping[str, Question]:
        """See `Row.questions`."""
        return {"": ReadCustomer(text=self.text, before=self.context)}


class Side(Labels):
    """One side of a contrast pair."""

    text: str


class ContrastRow(Row):
    """Two sentences that differ little, and the labels that this flips."""

    theme: str
    customer: str
    a: Side
    b: Side
    flips: tuple[str, ...] = Field(min_length=1)

    @property
    def slices(self) -> Mapping[str, str]:
        """See `Row.slices`."""
        return {"theme": self.theme}

    @property
    def questions(self) -> Mapping[str, Question]:
        """See `Row.questions`."""
        return {
            "a": ReadSentence(text=self.a.text, customer=self.customer),
            "b": ReadSentence(text=self.b.text, customer=self.customer),
        }


class InvarianceRow(Row, Labels):
    """Two sentences that differ only in what must not matter."""

    group: str
    customer: str
    a: str
    b: str

    @property
    def slices(self) -> Mapping[str, str]:
        """See `Row.slices`."""
        return {"group": self.group}

    @property
    def questions(self) -> Mapping[str, Question]:
        """See `Row.questions`: both sides as sentences and as replies."""
        turns = (Turn(role="customer", text=self.customer or "Something went wrong with my order."),)
        return {
            "a": ReadSentence(text=self.a, customer=self.customer),
            "b": ReadSentence(text=self.b, customer=self.customer),
            "a.reply": ScoreReply(turns=turns, reply=self.a),
            "b.reply": ScoreReply(turns=turns, reply=self.b),
        }


class GradedReply(Model):
    """A reply with its grade."""

    text: str
    grade: float = Field(ge=0.0, le=4.0)
    """Mean of the judges', 0 harmful to 4 excellent."""
    why: str = ""


class RankedRow(Row):
    """A conversation and replies of different grade."""

    industry: str = ""
    channel: str = ""
    playbook: str
    turns: tuple[Turn, ...]
    replies: tuple[GradedReply, ...] = Field(min_length=2)

    @property
    def slices(self) -> Mapping[str, str]:
        """See `Row.slices`."""
        return {"channel": self.channel, "playbook": self.playbook, "turns": "one" if len(self.turns) == 1 else "more"}

    @property
    def questions(self) -> Mapping[str, Question]:
        """See `Row.questions`: one a reply, by its index."""
        return {
            str(index): ScoreReply(turns=self.turns, reply=reply.text, playbook=self.playbook)
            for index, reply in enumerate(self.replies)
        }


class GamingRow(Row):
    """A reply written for the scorer against one written for the customer."""

    trick: str
    turns: tuple[Turn, ...]
    gamed: str
    honest: str

    @property
    def slices(self) -> Mapping[str, str]:
        """See `Row.slices`."""
        return {"trick": self.trick}

    @property
    def questions(self) -> Mapping[str, Question]:
        """See `Row.questions`."""
        return {
            "gamed": ScoreReply(turns=self.turns, reply=self.gamed),
            "honest": ScoreReply(turns=self.turns, reply=self.honest),
        }


class NextStepRow(Row):
    """A conversation, and what the agent should and should not do next under a playbook."""

    playbook: str
    turns: tuple[Turn, ...]
    acceptable: tuple[Step, ...] = Field(min_length=1)
    wrong: tuple[Step, ...]
    pause: bool | None
    """Whether to be silent now; null where it is undefined."""
    stage: str = ""
    why: str = ""

    @property
    def slices(self) -> Mapping[str, str]:
        """See `Row.slices`."""
        return {"playbook": self.playbook, "last speaker": self.turns[-1].role}

    @property
    def questions(self) -> Mapping[str, Question]:
        """See `Row.questions`."""
        return {"": NextStep(turns=self.turns, playbook=self.playbook)}


class ArcTurn(Turn):
    """One turn of a labelled conversation."""

    act: CustomerAct | None = None
    second_act: CustomerAct | None = None
    """An act that could be argued for."""
    upset: float | None = Field(default=None, ge=0.0, le=1.0)
    steps: tuple[str, ...] = ()
    missteps: tuple[Misstep, ...] = ()
    optional: tuple[str, ...] = ()


class ArcRow(Row):
    """A whole conversation, labelled turn by turn."""

    playbook: str
    turns: tuple[ArcTurn, ...]
    outcome: str = ""

    @property
    def slices(self) -> Mapping[str, str]:
        """See `Row.slices`."""
        return {"playbook": self.playbook}

    @property
    def questions(self) -> Mapping[str, Question]:
        """See `Row.questions`."""
        turns = tuple(Turn(role=turn.role, text=turn.text) for turn in self.turns)
        return {"": ScoreConversation(turns=turns, playbook=self.playbook)}


def text_sha256(text: str) -> str:
    """The first 16 hexadecimal digits of the sha256 of a text: a name for it that does not tell it."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _length(text: str) -> str:
    words = len(text.split())
    return "short (to 7 words)" if words < 8 else "middle (8 to 19)" if words < 20 else "long (from 20)"
