"""Checks of a playbook before it serves: its structure, its exemplars, and how it behaves over sample conversations."""

from amends_core.checks.examination import Examination, Examiner
from amends_core.checks.exemplars import check_exemplars
from amends_core.checks.finding import Finding, Level
from amends_core.checks.rehearsal import Rehearsal, RehearsedTurn, Sample, rehearse, samples
from amends_core.checks.structure import check_structure

__all__ = [
    "Examination",
    "Examiner",
    "Finding",
    "Level",
    "Rehearsal",
    "RehearsedTurn",
    "Sample",
    "check_exemplars",
    "check_structure",
    "rehearse",
    "samples",
]
