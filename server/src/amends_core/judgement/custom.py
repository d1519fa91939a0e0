"""What a reply says of the company's own steps: shown beside the score, never in it."""

from collections.abc import Sequence

from amends_core.conversation import Sentence
from amends_core.judgement.evidence import place_of
from amends_core.judgement.result import CustomFinding


def custom_findings(sentences: Sequence[Sentence]) -> tuple[CustomFinding, ...]:
    """One finding a step, from its likeliest sentence; `sentences` must hold at least one."""
    count = len(sentences[0].reading.custom_steps)
    return tuple(_finding(sentences, index) for index in range(count))


def _finding(sentences: Sequence[Sentence], index: int) -> CustomFinding:
    ranked = sorted(sentences, key=lambda sentence: -sentence.reading.custom_steps[index].probability)
    return CustomFinding(
        reading=ranked[0].reading.custom_steps[index],
        places=tuple(place_of(each) for each in ranked if each.reading.custom_steps[index].claimed),
    )
