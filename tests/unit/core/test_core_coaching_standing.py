"""When advice counts as changed, and what becomes of it: the whole table."""

from dataclasses import replace

import pytest
from amends_core.coaching import Fate, Standing
from amends_core.taxonomy import Misstep, Role, Step

STANDING = Standing((Step.EMPATHIZE, Step.APOLOGIZE, Step.THANK), "hear", pause=False, resolved=False)
SILENCE = replace(STANDING, pause=True)
C, A = Role.CUSTOMER, Role.AGENT


@pytest.mark.parametrize(
    ("change", "differs", "at_a_glance"),
    [
        ({}, False, False),
        ({"steps": (Step.APOLOGIZE, Step.EMPATHIZE, Step.THANK)}, True, True),
        ({"steps": (Step.EMPATHIZE, Step.THANK, Step.APOLOGIZE)}, True, False),
        ({"stage": "mend"}, True, True),
        ({"pause": True}, True, True),
        ({"resolved": True}, True, True),
        ({"repairs": (Misstep.DEFEND,)}, True, True),
        ({"harmful_turn": 3}, True, True),
        ({"only_asks": True}, True, False),
        ({"follow_up_due": True}, True, False),
        ({"issues": 2}, True, False),
    ],
)
def test_what_counts_as_a_change(change: dict[str, object], differs: bool, at_a_glance: bool) -> None:
    other = replace(STANDING, **change)  # type: ignore[arg-type]
    assert STANDING.differs(other, at_a_glance=False) is differs
    assert STANDING.differs(other, at_a_glance=True) is at_a_glance
    assert other.differs(STANDING, at_a_glance=False) is differs


@pytest.mark.parametrize(
    ("standing", "speaker", "made", "replaced", "fate"),
    [
        (STANDING, A, {Step.EMPATHIZE}, True, Fate.FOLLOWED),
        (STANDING, A, {Step.EMPATHIZE, Step.LISTEN}, False, Fate.FOLLOWED),
        (STANDING, A, {Step.LISTEN}, True, Fate.IGNORED),
        (STANDING, A, set(), False, Fate.IGNORED),
        (STANDING, A, {Step.THANK}, True, Fate.OVERTAKEN),
        (STANDING, A, {Step.THANK}, False, None),
        (STANDING, A, None, False, None),
        (STANDING, A, None, True, Fate.OVERTAKEN),
        (STANDING, C, None, True, Fate.OVERTAKEN),
        (STANDING, C, None, False, None),
        (SILENCE, C, None, True, Fate.FOLLOWED),
        (SILENCE, A, {Step.EMPATHIZE}, True, Fate.IGNORED),
        (SILENCE, A, None, False, Fate.IGNORED),
    ],
)
def test_what_becomes_of_advice(
    standing: Standing, speaker: Role, made: set[Step] | None, replaced: bool, fate: Fate | None
) -> None:
    assert standing.fate(speaker, made, replaced=replaced) is fate
