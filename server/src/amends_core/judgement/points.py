"""From evidence to points that add up exactly to a score from 0 to 100."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from amends_core.conversation import State
from amends_core.judgement import wording
from amends_core.judgement.care import Care
from amends_core.judgement.evidence import Evidence
from amends_core.judgement.result import Contribution, MisstepFinding, Verdict
from amends_core.judgement.weights import (
    CARE,
    CARELESS,
    COST,
    FILLER_COST,
    FILLER_FREE_WORDS,
    FILLER_ROOM,
    FULL,
    GRAVE_FROM,
    GRAVER,
    GRID,
    GROUND_CALM,
    GROUND_UPSET,
    SEVERITY,
    WASTED,
    WELCOME,
    WORTH,
)
from amends_core.taxonomy import SENTENCE_MISSTEPS, STEPS, Expectation, Label, Misstep, Severity, Step, Strength

_VERDICT_FROM: tuple[tuple[float, Verdict], ...] = (
    (60.0, Verdict.MAKES_AMENDS),
    (45.0, Verdict.PARTLY),
    (25.0, Verdict.FALLS_SHORT),
    (0.0, Verdict.HARMS),
)
"""Three quarters of the good replies and one of the half-good lie above the first bound, half of the half-good above
the second, half of the harmful below the third: read off graded development rows."""


@dataclass(frozen=True, slots=True)
class Seen:
    """All that a score is made from."""

    state: State
    expected: Mapping[Step, Expectation]
    evidence: Mapping[Label, Evidence]
    missteps: tuple[MisstepFinding, ...]
    care: Care
    filler_words: int

    @property
    def heat(self) -> float:
        """How upset the customer is, 0 to 1, as far as it lowers the ground."""
        return self.state.upset if self.state.problem else min(self.state.upset, 0.5)


def contributions(seen: Seen) -> tuple[Contribution, ...]:
    """Gives the shares of the score: ground, care, steps, missteps, and words beside the point.

    Steps and care never take the score above 100 and costs never below 0; what a share could not bring or cost
    for that reason is left out of it, so the points always add up exactly.
    """
    ground = _on_grid(GROUND_CALM + (GROUND_UPSET - GROUND_CALM) * seen.heat)
    shares = [Contribution(None, ground, ground, wording.GROUND), _care(seen.care)]
    shares += _careless(sum(share.points for share in shares), seen.care)
    left = 100.0 - sum(share.points for share in shares)
    steps = _step_shares(seen.expected, seen.evidence, _stretch(ground, seen.expected))
    for share in sorted(steps, key=lambda share: -share.points):
        points = min(share.points, left)
        left -= max(0.0, points)
        shares.append(Contribution(share.source, points, share.possible_points, share.reason, share.places))
    costs = list(_costs(sum(share.points for share in shares), seen.evidence, seen.missteps))
    left = sum(share.points for share in (*shares, *costs))
    return (*shares, *costs, *_filler(left, seen.filler_words))


def score_of(shares: Sequence[Contribution]) -> float:
    """The score, 0 to 100: the sum of the shares, exact because all are multiples of 0.25."""
    return sum(share.points for share in shares)


def verdict_of(score: float, missteps: Sequence[MisstepFinding]) -> Verdict:
    """The score in a word.

    A reply without a misstep falls short at worst, as it harms nobody; one with a grave misstep, surely, at best.
    """
    verdict = next(verdict for lowest, verdict in _VERDICT_FROM if score >= lowest)
    if verdict is Verdict.HARMS:
        return verdict if missteps else Verdict.FALLS_SHORT
    is_grave = any(f.severity is Severity.GRAVE and f.probability >= GRAVE_FROM for f in missteps)
    return Verdict.FALLS_SHORT if is_grave else verdict


def _stretch(ground: float, expected: Mapping[Step, Expectation]) -> float:
    """What expected steps are worth more where few are expected: with all care they bring a reply to FULL."""
    whole = sum(WORTH[step] for step in STEPS if expected[step] is Expectation.EXPECTED)
    return max(1.0, (FULL - ground - CARE) / whole) if whole else 1.0


def _step_shares(
    expected: Mapping[Step, Expectation], evidence: Mapping[Label, Evidence], stretch: float
) -> Iterator[Contribution]:
    """One share for each step that is expected or made; before the bound of 100."""
    for step in STEPS:
        found = evidence[step]
        if expected[step] is Expectation.EXPECTED:
            possible = _on_grid(WORTH[step] * stretch)
            yield Contribution(step, _on_grid(possible * found.worth), possible, _why(step, found), found.places)
        elif found.worth > 0:
            welcome = expected[step] is Expectation.WELCOME
            points = _on_grid((WELCOME[step] if welcome else -WASTED[step]) * found.worth)
            reason = (found.remark or wording.WELCOME) if welcome else wording.NOT_CALLED_FOR
            if points or found.places:
                yield Contribution(step, points, max(0.0, points), reason, found.places)


def _why(step: Step, found: Evidence) -> str:
    if found.remark:
        return found.remark
    if found.strength is Strength.STRONG:
        return wording.DONE_STRONG
    return wording.DONE_WEAK if found.places else wording.ABSENT[step]


def _costs(
    left: float, evidence: Mapping[Label, Evidence], missteps: Sequence[MisstepFinding]
) -> Iterator[Contribution]:
    """What missteps cost: those found, gravest first, then what only reads a little like one."""
    found = {finding.misstep for finding in missteps}
    costs = [
        *((f.misstep, _cost(f.misstep, f.severity) * _weight_of(f, evidence), f.reason, f.places) for f in missteps),
        *(
            (m, COST[m] * evidence[m].worth, wording.hint(m), ())
            for m in SENTENCE_MISSTEPS
            if m not in found and evidence[m].worth
        ),
    ]
    for misstep, full, reason, places in costs:
        cost = min(_on_grid(full), left)
        left -= cost
        if cost > 0 or misstep in found:
            yield Contribution(misstep, 0.0 - cost, 0.0, reason, places)


def _cost(misstep: Misstep, severity: Severity) -> float:
    """What a certain misstep costs; more where the playbook calls it graver than it is by itself."""
    return COST[misstep] * (GRAVER if severity > SEVERITY[misstep] else 1.0)


def _care(care: Care) -> Contribution:
    return Contribution(None, _on_grid(CARE * care.best), CARE, wording.CARE, (care.best_place,))


def _careless(left: float, care: Care) -> Iterator[Contribution]:
    cost = _on_grid(min(CARELESS * (1.0 - care.worst), left))
    if cost > 0:
        yield Contribution(None, -cost, 0.0, wording.CARELESS, (care.worst_place,))


def _filler(left: float, words: int) -> Iterator[Contribution]:
    cost = _on_grid(min(FILLER_COST * max(0, words - FILLER_FREE_WORDS), FILLER_ROOM, left))
    if cost > 0:
        yield Contribution(None, -cost, 0.0, wording.FILLER)


def _weight_of(finding: MisstepFinding, evidence: Mapping[Label, Evidence]) -> float:
    found = evidence.get(finding.misstep)
    return found.worth if found else 1.0


def _on_grid(points: float) -> float:
    return round(points / GRID) * GRID
