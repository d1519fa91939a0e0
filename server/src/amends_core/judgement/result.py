"""What a judgement holds. The contract's messages mirror these."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from amends_core.conversation import CustomerMoment, Sentence
from amends_core.exemplars import Nearest
from amends_core.playbooks import Playbook
from amends_core.taxonomy import Expectation, Label, Misstep, Severity, Step, Strength
from amends_core.teaching import CustomReading
from amends_core.text import Span


class Verdict(StrEnum):
    """The judgement in a word."""

    UNSURE = "UNSURE"
    HARMS = "HARMS"
    FALLS_SHORT = "FALLS_SHORT"
    PARTLY = "PARTLY"
    MAKES_AMENDS = "MAKES_AMENDS"


class Change(StrEnum):
    """What a suggestion asks for."""

    ADD = "ADD"
    STRENGTHEN = "STRENGTHEN"
    REMOVE = "REMOVE"


class Place(NamedTuple):
    """A stretch of a turn."""

    turn_index: int
    span: Span


class StepAssessment(NamedTuple):
    """One step, as the reply does it."""

    step: Step
    expectation: Expectation
    probability: float
    strength: Strength
    places: tuple[Place, ...]
    nearest: Nearest | None
    missing: str


class MisstepFinding(NamedTuple):
    """One misstep of the reply."""

    misstep: Misstep
    probability: float
    severity: Severity
    places: tuple[Place, ...]
    reason: str
    nearest: Nearest | None = None


class Contribution(NamedTuple):
    """A share of the score; the points of all of them add up exactly to it."""

    source: Label | None
    """None for the ground every reply stands on."""
    points: float
    possible_points: float
    reason: str
    places: tuple[Place, ...] = ()


class Suggestion(NamedTuple):
    """One change that would raise the score."""

    change: Change
    subject: Label
    text: str
    example: str
    expected_gain: float


@dataclass(frozen=True, slots=True)
class CustomFinding:
    """What the reply says of one of the company's own steps; it does not count into the score."""

    reading: CustomReading
    """Of the likeliest sentence."""
    places: tuple[Place, ...]
    """The sentences that make it, likeliest first; empty where none does."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """How well a reply makes amends, and why."""

    score: float
    verdict: Verdict
    confidence: float
    unsure_reasons: tuple[str, ...]
    contributions: tuple[Contribution, ...]
    steps: Mapping[Step, StepAssessment]
    missteps: tuple[MisstepFinding, ...]
    customer: CustomerMoment
    suggestions: tuple[Suggestion, ...]
    playbook: Playbook
    stage: str
    sentences: tuple[Sentence, ...]
    """Of the reply, in order, with what was read in each."""
    custom_steps: tuple[CustomFinding, ...] = ()
    """One for each of the company's own steps, by name."""
