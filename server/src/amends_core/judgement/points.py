"""From evidence to points that add up exactly to a score from 0 to 100."""

from collections.abc import Mapping, Sequence

from amends_core.conversation import State
from amends_core.judgement import wording
from amends_core.judgement.evidence import Evidence
from amends_core.judgement.result import Contribution, MisstepFinding, Verdict
from amends_core.judgement.weights import (
    COST,
    GRID,
    GROUND_CALM,
    GROUND_UPSET,
    IMPORTANCE,
    WELCOME_ROOM,
    WELCOME_SHARE,
)
from amends_core.taxonomy import STEPS, Expectation, Label, Step, Strength

_VERDICT_FROM: tuple[tuple[float, Verdict], ...] = (
    (75.0, Verdict.MAKES_AMENDS),
    (50.0, Verdict.PARTLY),
    (25.0, Verdict.FALLS_SHORT),
    (0.0, Verdict.HARMS),
)


def contributions(
    state: State,
    expected: Mapping[Step, Expectation],
    evidence: Mapping[Label, Evidence],
    missteps: Sequence[MisstepFinding],
) -> tuple[Contribution, ...]:
    """Gives the shares of the score: ground, expected steps, welcome steps, missteps.

    Costs never take the score below 0 and welcome steps never take it above 100; what a share could not
    cost or bring for that reason is left out of it, so the points always add up exactly.
    """
    ground = Contribution(None, _on_grid(_ground(state)), _on_grid(_ground(state)), wording.GROUND)
    shares = [ground, *_expected_shares(ground.points, expected, evidence), *_welcome_shares(expected, evidence)]
    left = sum(share.points for share in shares)
    costs: list[Contribution] = []
    for finding in missteps:
        share = _on_grid(COST[finding.severity] * _weight_of(finding, evidence))
        cost = min(share, left)
        left -= cost
        costs.append(Contribution(finding.misstep, -cost, 0.0, finding.reason, finding.places))
    return (*shares, *costs)


def score_of(shares: Sequence[Contribution]) -> float:
    """The score, 0 to 100: the sum of the shares, exact because all are multiples of 0.25."""
    return sum(share.points for share in shares)


def verdict_of(score: float) -> Verdict:
    """The score in a word."""
    return next(verdict for lowest, verdict in _VERDICT_FROM if score >= lowest)


def _ground(state: State) -> float:
    heat = state.upset if state.problem else min(state.upset, 0.5)
    return GROUND_CALM + (GROUND_UPSET - GROUND_CALM) * heat


def _expected_shares(
    ground: float, expected: Mapping[Step, Expectation], evidence: Mapping[Label, Evidence]
) -> list[Contribution]:
    due = [step for step in STEPS if expected[step] is Expectation.EXPECTED]
    whole = sum(IMPORTANCE[step] for step in due)
    room = 100.0 - ground - WELCOME_ROOM
    return [_expected_share(step, room * IMPORTANCE[step] / whole, evidence[step]) for step in due]


def _expected_share(step: Step, possible: float, found: Evidence) -> Contribution:
    possible = _on_grid_down(possible)
    points = min(possible, _on_grid(possible * found.worth))
    reason = {
        Strength.ABSENT: wording.ABSENT[step],
        Strength.WEAK: wording.DONE_WEAK,
        Strength.STRONG: wording.DONE_STRONG,
    }[found.strength]
    return Contribution(step, points, possible, reason, found.places)


def _welcome_shares(expected: Mapping[Step, Expectation], evidence: Mapping[Label, Evidence]) -> list[Contribution]:
    shares: list[Contribution] = []
    left = WELCOME_ROOM
    for step in sorted(STEPS, key=lambda step: -IMPORTANCE[step] * evidence[step].worth):
        found = evidence[step]
        if expected[step] is not Expectation.WELCOME or not found.places:
            continue
        points = min(left, _on_grid(WELCOME_SHARE * IMPORTANCE[step] * found.worth))
        left -= points
        shares.append(Contribution(step, points, points, wording.WELCOME, found.places))
    return shares


def _weight_of(finding: MisstepFinding, evidence: Mapping[Label, Evidence]) -> float:
    found = evidence.get(finding.misstep)
    return found.worth if found else 1.0


def _on_grid(points: float) -> float:
    return round(points / GRID) * GRID


def _on_grid_down(points: float) -> float:
    return points // GRID * GRID
