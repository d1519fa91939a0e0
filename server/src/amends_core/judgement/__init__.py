"""Judgement: how well a reply makes amends, with contributions that add up exactly to its score."""

from amends_core.judgement.details import Details
from amends_core.judgement.judge import Judge, Past, Reply
from amends_core.judgement.points import Seen
from amends_core.judgement.result import (
    Change,
    Contribution,
    CustomFinding,
    Judgement,
    MisstepFinding,
    Place,
    StepAssessment,
    Suggestion,
    Verdict,
)

__all__ = [
    "Change",
    "Contribution",
    "Details",
    "CustomFinding",
    "Judge",
    "Judgement",
    "MisstepFinding",
    "Past",
    "Place",
    "Reply",
    "Seen",
    "StepAssessment",
    "Suggestion",
    "Verdict",
]
