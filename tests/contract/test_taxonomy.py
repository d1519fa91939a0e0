"""The contract's words are the core's words, in the core's order."""

from enum import Enum

import pytest
from amends.v1 import arc_pb2, empathy_service_pb2, taxonomy_pb2
from amends_core.coaching import Fate
from amends_core.deeds import Deed
from amends_core.judgement import Verdict
from amends_core.promises import PromiseStatus
from amends_core.taxonomy import CustomerAct, Expectation, Misstep, Role, Severity, Step, Strength

PAIRS = [
    (Role, taxonomy_pb2.Role, "ROLE"),
    (Step, taxonomy_pb2.Step, "STEP"),
    (Misstep, taxonomy_pb2.Misstep, "MISSTEP"),
    (CustomerAct, taxonomy_pb2.CustomerAct, "CUSTOMER_ACT"),
    (Expectation, taxonomy_pb2.Expectation, "EXPECTATION"),
    (Strength, taxonomy_pb2.Strength, "STRENGTH"),
    (Severity, taxonomy_pb2.Severity, "SEVERITY"),
    (Verdict, taxonomy_pb2.Verdict, "VERDICT"),
    (Fate, empathy_service_pb2.AdviceFate, "ADVICE_FATE"),
    (PromiseStatus, arc_pb2.PromiseStatus, "PROMISE_STATUS"),
    (Deed, arc_pb2.Deed, "DEED"),
]


@pytest.mark.parametrize(("core", "wire", "prefix"), PAIRS, ids=[pair[2] for pair in PAIRS])
def test_enum_of_the_contract_holds_the_words_of_the_core_in_order(
    core: type[Enum], wire: type[Enum], prefix: str
) -> None:
    assert list(wire.keys()) == [f"{prefix}_UNSPECIFIED", *(f"{prefix}_{word.name}" for word in core)]
    assert list(wire.values()) == list(range(len(core) + 1))


def test_every_enum_of_the_taxonomy_is_compared_or_has_no_twin_in_the_core() -> None:
    compared = {wire.DESCRIPTOR.name for _, wire, _ in PAIRS}
    assert set(taxonomy_pb2.DESCRIPTOR.enum_types_by_name) - compared == {"Channel"}
