"""What a company teaches without retraining: exemplars of its own for known labels, and steps of its own."""

from amends_core.teaching.correction import Correction, reach_of
from amends_core.teaching.custom_step import CustomReading, CustomStep, Features, StepReader, features_of
from amends_core.teaching.files import UNTAUGHT, Teaching, load_teaching, read_text
from amends_core.teaching.own_exemplars import OwnExemplars, parse_exemplars
from amends_core.teaching.step_examples import StepExamples, parse_examples

__all__ = [
    "UNTAUGHT",
    "Correction",
    "CustomReading",
    "CustomStep",
    "Features",
    "OwnExemplars",
    "StepExamples",
    "StepReader",
    "Teaching",
    "features_of",
    "load_teaching",
    "parse_examples",
    "parse_exemplars",
    "reach_of",
    "read_text",
]
