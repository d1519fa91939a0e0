"""Not having listened: asking again for what was given, or saying back something else than the customer said.

Both are accusations, so that every doubt speaks for the agent.
"""

import re
from collections.abc import Collection, Iterator, Sequence

from amends_core.conversation import Sentence, State
from amends_core.detection import Detector
from amends_core.facts import asked_in
from amends_core.figures import Figure, figures_in
from amends_core.judgement.contradiction import Told, contradiction
from amends_core.judgement.evidence import place_of
from amends_core.judgement.result import Place
from amends_core.taxonomy import CustomerAct, Step

DURATIONS = frozenset(["second", "minute", "min", "hour", "hr", "day", "week", "month", "year"])
MANY_NUMBERS = 30
"""A customer who gave more numbers than this may mean any of their sums."""
_NOT_FOUND = re.compile(
    r"\b(?:(?:can't|cannot|couldn't|can not|unable to|not able to|don't) (?:seem to )?"
    r"(?:find|see|locate|trace|open|read|pull)|"
    r"(?:doesn't|does not|isn't|is not|didn't|not) "
    r"(?:match|work|exist|valid|recogni[sz]ed|found|come up|coming up|come through|showing|open)|"
    r"no (?:record|match|result)s?|invalid|incomplete|typo|(?:digit|character)s? (?:short|missing)|blurr\w+|cut off)\b",
    re.I,
)
"""What was given is of no use: asking again is fair."""
_SAYS_BACK = re.compile(r"\byou(?:r|'ve|'re|'d)?\b", re.I)

_SAID_TO_CUSTOMER = (Step.REFLECT, Step.EMPATHIZE, Step.APOLOGIZE, Step.TAKE_OWNERSHIP, Step.TAKE_ACTION)

Misheard = tuple[Place, str]
"""A sentence, and why it counts."""


def misheard(state: State, sentences: Sequence[Sentence], detector: Detector) -> tuple[Misheard, ...]:
    """The sentences that show that the customer was not listened to, each with its reason."""
    found = (*_asked_again(state, sentences), *_said_otherwise(state, sentences, detector))
    known = {place for place, _ in found}
    return (*found, *(each for each in _contradicted(state, sentences, detector) if each[0] not in known))


def _asked_again(state: State, sentences: Sequence[Sentence]) -> Iterator[Misheard]:
    wanted = [(sentence, kinds) for sentence in sentences if (kinds := asked_in(sentence.text))]
    if not wanted or any(_NOT_FOUND.search(sentence.text) for sentence in sentences):
        return
    given = state.case.given
    for sentence, kinds in wanted:
        again = kinds & given.keys()
        if again:
            kind = min(again, key=lambda kind: (given[kind], kind))
            yield (
                place_of(sentence),
                f"It asks again for the {kind}, which the customer gave in turn {given[kind]}.",
            )


def _said_otherwise(state: State, sentences: Sequence[Sentence], detector: Detector) -> Iterator[Misheard]:
    for sentence in sentences:
        if not detector.claims(sentence.reading, Step.REFLECT) or not _SAYS_BACK.search(sentence.text):
            continue
        figures = figures_in(sentence.text)
        if state.act is CustomerAct.CORRECT and figures & _refused(state):
            yield place_of(sentence), "It says again a figure that the customer has just corrected."
        elif any(_contradicts(figure, figures, state) for figure in figures):
            yield place_of(sentence), "It says back another figure than the customer gave."


def _contradicted(state: State, sentences: Sequence[Sentence], detector: Detector) -> Iterator[Misheard]:
    """What is said to this customer, and is not idle talk, against what they said."""
    told = Told(state.case.messages, tuple(sentence.text for sentence in state.sentences))
    for sentence in sentences:
        if any(detector.claims(sentence.reading, step) for step in _SAID_TO_CUSTOMER) and (
            reason := contradiction(sentence.text, told)
        ):
            yield place_of(sentence), reason


def _refused(state: State) -> frozenset[Figure]:
    """The figures of the agent's last turn that are not the customer's own."""
    last = [sentence.text for sentence in state.sentences if sentence.turn_index == state.last_agent_turn]
    return frozenset(figure for text in last for figure in figures_in(text)) - state.case.figures


def _contradicts(figure: Figure, beside: frozenset[Figure], state: State) -> bool:
    """Whether a figure stands against the only one of its unit that the customer gave.

    Not where it follows from the customer's numbers by a sum or a difference, where the customer's own stands beside
    it, where an agent brought it up before, or where a span of time may have grown since.
    """
    given = {known.value for known in state.case.figures if known.unit == figure.unit}
    said = {other.value for other in beside if other.unit == figure.unit}
    if len(given) != 1 or given & said or len(state.case.numbers) > MANY_NUMBERS:
        return False
    if figure.value in _derived(state.case.numbers | given):
        return False
    if figure.unit in DURATIONS and figure.value > min(given):
        return False
    return not any(figure in figures_in(sentence.text) for sentence in state.sentences)


def _derived(numbers: Collection[float]) -> set[float]:
    """The numbers, their sums and differences by twos, and their doubles and halves."""
    pairs = [(a, b) for a in numbers for b in numbers]
    return {*numbers, *(a + b for a, b in pairs), *(a - b for a, b in pairs), *(a / 2 for a in numbers)}
