"""From our answers to guesses and features: the part of every mapping that is the same."""

import math
from collections.abc import Mapping, Sequence

from amends_core.taxonomy import CUSTOMER_ACTS, SENTENCE_LABELS, STEPS

from amends_eval.answers import AdviceAnswer, Answer, CustomerAnswer, SentenceAnswer
from amends_eval.yardsticks.yardstick import Guess

FLOOR = 1e-4
"""Where logits are cut, so that a certain reading does not outweigh all others."""
UPSET_FROM = 0.5
"""As the service decides it."""
_LABELS = [label.value for label in SENTENCE_LABELS]
_STEPS = [step.value for step in STEPS]
_ACTS = [act.value for act in CUSTOMER_ACTS]


def level(answer: Answer, labels: Sequence[str]) -> Guess:
    """`2` where one of the labels is strong, `1` where one is claimed, else `0`; a refused question claims nothing."""
    if not isinstance(answer, SentenceAnswer):
        return Guess("0", 0.0)
    strong, claimed = set(labels) & set(answer.strong), set(labels) & set(answer.claimed)
    return Guess("2" if strong else "1" if claimed else "0", most(answer, labels))


def likeliest_claimed(answer: Answer, labels: Mapping[str, Sequence[str]], fallback: str) -> Guess:
    """The class whose claimed labels hold the highest probability; the fallback where none is claimed."""
    if not isinstance(answer, SentenceAnswer):
        return Guess(fallback)
    odds = {name: most(answer, [each for each in mapped if each in answer.claimed]) for name, mapped in labels.items()}
    best = max(odds, key=lambda name: odds[name])
    return Guess(best if odds[best] > 0 else fallback)


def any_claimed(answer: Answer, labels: Sequence[str]) -> Guess:
    """`yes` where one of the labels is claimed, else `no`."""
    if not isinstance(answer, SentenceAnswer):
        return Guess("no", 0.0)
    return Guess("yes" if set(labels) & set(answer.claimed) else "no", most(answer, labels))


def most(answer: SentenceAnswer, labels: Sequence[str]) -> float:
    """The highest probability among the labels; 0 for none."""
    return max((answer.probability.get(label, 0.0) for label in labels), default=0.0)


def first_advised(answer: Answer, class_of: Mapping[str, str], fallback: str) -> Guess:
    """The class of the likeliest step that has one; the fallback where nothing can be advised."""
    steps = answer.steps if isinstance(answer, AdviceAnswer) else ()
    return Guess(next((class_of[step] for step, _ in steps if step in class_of), fallback))


def upset(answer: Answer) -> Guess:
    """`yes` where the customer counts as upset, else `no`."""
    chance = answer.upset if isinstance(answer, CustomerAnswer) else 0.0
    return Guess("yes" if chance >= UPSET_FROM else "no", chance)


def sentence_features(answer: Answer) -> list[float]:
    """The log odds of every step and sentence-level misstep."""
    odds = answer.probability if isinstance(answer, SentenceAnswer) else {}
    return [log_odds(odds.get(label, 0.0)) for label in _LABELS]


def advice_features(answer: Answer) -> list[float]:
    """The log odds of every step advised, of upset, the act and whether to pause."""
    if not isinstance(answer, AdviceAnswer):
        return [log_odds(0.0)] * (len(_STEPS) + 1) + [0.0] * (len(_ACTS) + 1)
    odds = dict(answer.steps)
    told = [log_odds(odds.get(step, 0.0)) for step in _STEPS]
    return [*told, log_odds(answer.upset), *_one_hot(answer.act), float(answer.pause)]


def customer_features(answer: Answer) -> list[float]:
    """The log odds of upset, and the act by its probability."""
    if not isinstance(answer, CustomerAnswer):
        return [log_odds(0.0)] + [0.0] * len(_ACTS)
    return [log_odds(answer.upset), *(answer.act_probability * each for each in _one_hot(answer.act))]


def log_odds(probability: float) -> float:
    """The logit, cut at `FLOOR` on either side."""
    cut = min(max(probability, FLOOR), 1 - FLOOR)
    return math.log(cut / (1 - cut))


def _one_hot(act: str) -> list[float]:
    return [float(each == act) for each in _ACTS]
