"""The changes that would raise the score most."""

from collections.abc import Collection, Mapping, Sequence

from amends_core.encoder import Floats
from amends_core.exemplars import ExemplarIndex
from amends_core.judgement.result import Change, Contribution, StepAssessment, Suggestion
from amends_core.judgement.weights import GRID
from amends_core.judgement.wording import HARM, name
from amends_core.taxonomy import Label, Misstep, Step, Strength

MOST = 3


def suggest(
    shares: Sequence[Contribution],
    steps: Mapping[Step, StepAssessment],
    found: Collection[Misstep],
    phrasings: ExemplarIndex,
    customer: Floats,
) -> tuple[Suggestion, ...]:
    """Gives at most three changes, the one that brings most first.

    A misstep is named only where it was `found`: what merely reads a little like one accuses nobody.
    Examples are the phrasings nearest to `customer`, the embedding of the customer's message.
    """
    gains = (
        (share.possible_points - share.points, share.source)
        for share in shares
        if share.source in found or (isinstance(share.source, Step) and steps[share.source].missing)
    )
    most = sorted(((-gain, label) for gain, label in gains if label is not None and gain >= GRID))[:MOST]
    return tuple(_change(label, -lost, steps, phrasings, customer) for lost, label in most)


def _change(
    label: Label, gain: float, steps: Mapping[Step, StepAssessment], phrasings: ExemplarIndex, customer: Floats
) -> Suggestion:
    if isinstance(label, Misstep):
        text = f"Take out what reads as {name(label)}, or say it another way. {HARM[label]}"
        return Suggestion(Change.REMOVE, label, text, "", gain)
    nearest = phrasings.nearest(label, customer)
    change = Change.ADD if steps[label].strength is Strength.ABSENT else Change.STRENGTHEN
    return Suggestion(change, label, steps[label].missing, nearest.text if nearest else "", gain)
