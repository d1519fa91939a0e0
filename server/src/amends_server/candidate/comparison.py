"""How far two models agree on one judgement. Pure."""

from dataclasses import dataclass

from amends_core.judgement import Judgement
from amends_core.taxonomy import Label, Strength


@dataclass(frozen=True, slots=True)
class Agreement:
    """What two judgements of the same reply have in common, and what not."""

    score_difference: float
    """The candidate's score less the current one's, -100 to 100."""
    same_verdict: bool
    both: frozenset[Label]
    """Steps and missteps that both found."""
    current_only: frozenset[Label]
    candidate_only: frozenset[Label]


def compare(current: Judgement, candidate: Judgement) -> Agreement:
    """Compares two judgements of the same reply."""
    ours, theirs = found_in(current), found_in(candidate)
    return Agreement(
        score_difference=candidate.score - current.score,
        same_verdict=candidate.verdict is current.verdict,
        both=ours & theirs,
        current_only=ours - theirs,
        candidate_only=theirs - ours,
    )


def found_in(judgement: Judgement) -> frozenset[Label]:
    """The steps that a reply makes, however weakly, and its missteps."""
    steps = {step for step, found in judgement.steps.items() if found.strength is not Strength.ABSENT}
    return frozenset({*steps, *(finding.misstep for finding in judgement.missteps)})
