"""The taxonomy's labels as the contract numbers them."""

from collections.abc import Iterable
from typing import Any

from amends.v1 import taxonomy_pb2
from amends_core.taxonomy import CUSTOMER_ACTS, MISSTEPS, STEPS, Label, Severity, Step

STEP_VALUES = {step: taxonomy_pb2.Step.Value(f"STEP_{step}") for step in STEPS}
MISSTEP_VALUES = {misstep: taxonomy_pb2.Misstep.Value(f"MISSTEP_{misstep}") for misstep in MISSTEPS}
ACT_VALUES = {act: taxonomy_pb2.CustomerAct.Value(f"CUSTOMER_ACT_{act}") for act in CUSTOMER_ACTS}
SEVERITY_VALUES = {severity: taxonomy_pb2.Severity.Value(f"SEVERITY_{severity.name}") for severity in Severity}


def steps_to(steps: Iterable[Step]) -> list[taxonomy_pb2.Step.ValueType]:
    """Steps by their numbers, in order."""
    return [STEP_VALUES[step] for step in steps]


def subject_to(label: Label | None) -> dict[str, Any]:
    """The member of a oneof that a label is; none for None."""
    if label is None:
        return {}
    return {"step": STEP_VALUES[label]} if isinstance(label, Step) else {"misstep": MISSTEP_VALUES[label]}
