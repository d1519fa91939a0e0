"""How far the evidence decides the score, and what is missing where it does not."""

from collections.abc import Iterator, Mapping, Sequence

from amends_core.conversation import Sentence, State
from amends_core.encoder import Encoding
from amends_core.judgement.evidence import Evidence
from amends_core.judgement.weights import COST, MOST_UNKNOWN, UNSURE_BELOW, WORTH
from amends_core.taxonomy import SENTENCE_MISSTEPS, Expectation, Label, Step
from amends_core.text import other_language

_REMEDY = "send an English translation, or the locale if it is English."


def confidence_of(expected: Mapping[Step, Expectation], evidence: Mapping[Label, Evidence]) -> float:
    """The mean certainty of the labels that the score hangs on, each weighed by the points it can move; 0 to 1.

    A label whose probability lies on its threshold could as well be the other way: its certainty is 0.
    """
    weights: dict[Label, float] = {
        step: WORTH[step] for step, how in expected.items() if how is Expectation.EXPECTED or evidence[step].places
    }
    weights |= {
        misstep: COST[misstep]
        for misstep in SENTENCE_MISSTEPS
        if evidence[misstep].places or evidence[misstep].certainty < UNSURE_BELOW
    }
    if not weights:
        return 1.0
    return sum(weight * evidence[label].certainty for label, weight in weights.items()) / sum(weights.values())


def unsure_reasons(
    confidence: float, state: State, sentences: Sequence[Sentence], reply: Sequence[Encoding], locale: str
) -> tuple[str, ...]:
    """What keeps the verdict from being firm; empty where it is. `reply` encodes `sentences`."""
    reasons = list(_of_language(state, sentences, locale))
    tokens = sum(encoding.tokens for encoding in reply)
    if sum(encoding.unknown_tokens for encoding in reply) > MOST_UNKNOWN * tokens:
        reasons.append("Much of the reply is in words or a script that the model does not know.")
    if any(encoding.truncated for encoding in reply):
        reasons.append("A sentence of the reply is longer than the model reads; its end was not judged.")
    if not state.moments:
        reasons.append("The customer has said nothing that can be read.")
    if confidence < UNSURE_BELOW:
        reasons.append(
            "The labels that the score hangs on are close to their thresholds; a person should read this reply."
        )
    return tuple(reasons)


def _of_language(state: State, sentences: Sequence[Sentence], locale: str) -> Iterator[str]:
    """Says which language is not read; a locale is the caller's word for it, and nothing is guessed beside it."""
    if locale:
        if locale.replace("_", "-").split("-")[0].lower() != "en":
            yield f"The model reads English only, and the locale is {locale}."
        return
    texts = {"The reply": " ".join(s.text for s in sentences), "The customer's message": state.case.last_message}
    for what, text in texts.items():
        if language := other_language(text):
            yield f"{what} reads as {language}, and the model reads English only; {_REMEDY}"
