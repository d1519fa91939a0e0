"""How two labellers of a sentence are settled: the rule, and what it leaves to an adjudicator. Pure.

Both firm: firm, as strong as the weaker of the two says. One firm and one arguable: firm. One firm and the other
silent: open, for an adjudicator to decide; undecided it is optional. All else that either named: optional.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from amends_eval.datasets.rows import Labels
from amends_eval.labels import notation
from amends_eval.labels.notation import NAMES


@dataclass(frozen=True, slots=True)
class Settlement:
    """What the rule makes of two readings."""

    firm: Mapping[str, int]
    optional: frozenset[str]
    open: tuple[str, ...]
    """Firm for one and not named by the other, in the order of the taxonomy."""


def settled(a: Labels, b: Labels) -> Settlement:
    """Applies the rule; it does not matter who is first."""
    firm: dict[str, int] = {}
    optional: set[str] = set()
    undecided: list[str] = []
    for name in NAMES:
        strengths = [side.strength[name] for side in (a, b) if name in side.strength]
        arguable = name in a.optional or name in b.optional
        if len(strengths) == 2 or (strengths and arguable):
            firm[name] = min(strengths)
        elif strengths:
            undecided.append(name)
        elif arguable:
            optional.add(name)
    return Settlement(firm, frozenset(optional), tuple(undecided))


def decided(settlement: Settlement, decision: Labels | None) -> Labels:
    """The labels once an adjudicator has spoken.

    Args:
        settlement: what the rule left.
        decision: of the open labels, those that are firm and those that are optional, the rest being refused; None: all
            are optional.
    """
    firm, optional = dict(settlement.firm), {*settlement.optional}
    if decision is None:
        return notation.labels(firm, {*optional, *settlement.open})
    return notation.labels({**firm, **decision.strength}, {*optional, *decision.optional})


def in_order_of_chance(item_id: str, a: Labels, b: Labels) -> tuple[Labels, Labels]:
    """The two readings in an order that does not tell whose they are, and is the same each time."""
    swap = hashlib.sha256(item_id.encode()).digest()[0] & 1
    return (b, a) if swap else (a, b)
