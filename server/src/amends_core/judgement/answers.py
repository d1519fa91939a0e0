"""The plain answer to a calm customer who asked: words that carry no label of ours, and are all that was wanted."""

import re
from collections.abc import Sequence

from amends_core.judgement.details import Details
from amends_core.judgement.evidence import Findings, Line
from amends_core.judgement.weights import ANSWER_SHARE, ANSWER_WORDS
from amends_core.taxonomy import Step, Strength
from amends_core.text import remembered, word_count

_GREETING = re.compile(
    r"(?:hi|hello|hey|hiya|dear|good (?:morning|afternoon|evening|day)|thanks?|thank you)\b[^,.!]*[,.!]?$", re.I
)


def with_answer(findings: Findings, lines: Sequence[Line], details: Details) -> Findings:
    """Counts a plain statement as the answer, where the reply holds no other action.

    The longest one of at least ANSWER_WORDS words that bears on what the customer said: a greeting, a question, and
    words beside the point answer nothing.
    """
    action = findings[Step.TAKE_ACTION]
    if action.places:
        return findings
    labelled = {place for found in findings.values() for place in found.places}
    plain = [line for line in lines if line.place not in labelled and _answers(line, details)]
    if not plain:
        return findings
    longest = max(plain, key=lambda line: word_count(line.sentence.text))
    answer = action._replace(places=(longest.place,), strength=Strength.WEAK, worth=ANSWER_SHARE)
    return {**findings, Step.TAKE_ACTION: answer}


def _answers(line: Line, details: Details) -> bool:
    text = line.sentence.text
    is_said = line.own > 0 and word_count(text) >= ANSWER_WORDS
    return is_said and not _asks_or_greets(text) and details.bears(text)


@remembered
def _asks_or_greets(text: str) -> bool:
    return text.rstrip().endswith("?") or _GREETING.match(text) is not None
