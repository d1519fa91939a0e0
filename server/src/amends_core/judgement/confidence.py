"""How far the evidence decides the score, and what is missing where it does not."""

from collections.abc import Mapping, Sequence

from amends_core.conversation import State
from amends_core.encoder import Encoding
from amends_core.judgement.evidence import Evidence
from amends_core.judgement.weights import COST, MOST_UNKNOWN, UNSURE_BELOW, WORTH
from amends_core.taxonomy import SENTENCE_MISSTEPS, Expectation, Label, Step


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


def unsure_reasons(confidence: float, state: State, reply: Sequence[Encoding], locale: str) -> tuple[str, ...]:
    """What keeps the verdict from being firm; empty where it is."""
    reasons = []
    if locale and locale.replace("_", "-").split("-")[0].lower() != "en":
        reasons.append(f"The model reads English only, and the locale is {locale}.")
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
