"""The changes that would raise the score most."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from amends_core.encoder import Floats
from amends_core.exemplars import ExemplarIndex
from amends_core.judgement.result import Change, Contribution, StepAssessment, Suggestion
from amends_core.judgement.weights import GRID
from amends_core.judgement.wording import HARM, name
from amends_core.taxonomy import Misstep, Step, Strength

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
    told = (share for share in shares if share.source in steps or share.source in found)
    changes = sorted(_all(told, steps, phrasings, customer), key=lambda change: (-change.expected_gain, change.subject))
    return tuple(changes[:MOST])


def _all(
    shares: Iterable[Contribution], steps: Mapping[Step, StepAssessment], phrasings: ExemplarIndex, customer: Floats
) -> Iterator[Suggestion]:
    for share in shares:
        gain = share.possible_points - share.points
        if gain < GRID:
            continue
        if isinstance(share.source, Misstep):
            text = f"Take out what reads as {name(share.source)}, or say it another way. {HARM[share.source]}"
            yield Suggestion(Change.REMOVE, share.source, text, "", gain)
        elif share.source is not None and steps[share.source].missing:
            nearest = phrasings.nearest(share.source, customer)
            change = Change.ADD if steps[share.source].strength is Strength.ABSENT else Change.STRENGTHEN
            yield Suggestion(change, share.source, steps[share.source].missing, nearest.text if nearest else "", gain)
