"""What each judge said before settling, and how far two judges of a dataset agree."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from amends_core.taxonomy import CONVERSATION_MISSTEPS, SENTENCE_LABELS, STEPS

from amends_eval.datasets.accord import Accord, accord
from amends_eval.datasets.catalogue import json_lines
from amends_eval.datasets.rows import Labels
from amends_eval.statistics import agreement

Said = Mapping[str, Any]
"""One line of a judge's file."""
Figure = tuple[str, float | int | None]
"""What is measured, and its value; None where it cannot be computed."""
_STEPS = tuple(step.value for step in STEPS)
_NAMES = frozenset(label.value for label in SENTENCE_LABELS)
_OF_CONVERSATIONS = frozenset(misstep.value for misstep in CONVERSATION_MISSTEPS)


def judges(folder: Path) -> Mapping[str, Sequence[Said]]:
    """What each judge of a dataset said, by name, in one order of items."""
    files = sorted((folder / "judges").glob("*.jsonl"))
    return {file.stem: sorted(json_lines(file), key=_key) for file in files}


def label_accord(a: Sequence[Said], b: Sequence[Said]) -> Accord:
    """The agreement of two judges who label sentences, alone or as turns of a conversation."""
    left, right = ([labels for line in side for labels in _labels(line)] for side in (a, b))
    return accord(left, right)


def figures(name: str, a: Sequence[Said], b: Sequence[Said]) -> list[Figure]:
    """The agreement of two judges of a dataset, by its name, but for its labels of sentences."""
    kinds = {
        "customer": _customer,
        "ranked": _ranked,
        "gaming": _gaming,
        "next-step": _next_step,
        "arcs": _arcs,
    }
    return list(kinds[name](a, b)) if name in kinds else []


def _key(line: Said) -> tuple[str, str]:
    return line["id"], line.get("part", "")


def _labels(line: Said) -> list[Labels]:
    """The labels of sentences; what a turn does to the conversation is counted apart."""
    return [
        Labels(labels=_of_sentences(part["labels"]), optional=_of_sentences(part["optional"]))
        for part in line.get("turns", [line])
        if "labels" in part
    ]


def _of_sentences(written: Sequence[str]) -> tuple[str, ...]:
    return tuple(label for label in written if label.partition(":")[0] in _NAMES)


def _conversation_missteps(said: Sequence[Said]) -> set[tuple[str, int, str]]:
    return {
        (line["id"], index, label)
        for line in said
        for index, turn in enumerate(line["turns"])
        for label in turn.get("labels", ())
        if label in _OF_CONVERSATIONS
    }


def _arcs(a: Sequence[Said], b: Sequence[Said]) -> Iterator[Figure]:
    yield from _customer(_customer_turns(a), _customer_turns(b))
    first, second = _conversation_missteps(a), _conversation_missteps(b)
    yield "conversation-level missteps by the first judge", len(first)
    yield "by the second", len(second)
    yield "by both, at the same turn", len(first & second)


def _customer_turns(said: Sequence[Said]) -> list[Said]:
    return [turn for line in said for turn in line["turns"] if "act" in turn]


def _customer(a: Sequence[Said], b: Sequence[Said]) -> Iterator[Figure]:
    acts = [[line["act"] for line in side] for side in (a, b)]
    yield "messages of customers", len(a)
    yield "act: share alike", _share([one == other for one, other in zip(*acts, strict=True)])
    if any("second_act" in line for line in a):
        yield (
            "act: share alike or the other's second act",
            _share(
                [
                    one["act"] in {other["act"], other["second_act"]} or other["act"] == one["second_act"]
                    for one, other in zip(a, b, strict=True)
                ]
            ),
        )
    yield "act: Cohen's kappa", agreement.kappa(*acts)
    upset = [[float(line["upset"]) for line in side] for side in (a, b)]
    yield "upset: mean difference, of 0 to 1", _mean_difference(*upset)
    yield "upset: Krippendorff's alpha, interval", agreement.alpha(upset, "interval")


def _ranked(a: Sequence[Said], b: Sequence[Said]) -> Iterator[Figure]:
    grades = [[float(grade) for line in side for grade in line["grades"]] for side in (a, b)]
    yield "replies graded", len(grades[0])
    yield "grade: share alike", _share([one == other for one, other in zip(*grades, strict=True)])
    yield "grade: mean difference, of 0 to 4", _mean_difference(*grades)
    yield "grade: Cohen's kappa, quadratic weights", agreement.kappa(*grades, order=[0.0, 1.0, 2.0, 3.0, 4.0])
    yield "grade: Krippendorff's alpha, ordinal", agreement.alpha(grades, "ordinal")
    signs = [sign for one, other in zip(a, b, strict=True) for sign in _orders(one["grades"], other["grades"])]
    yield "pairs of replies that both put in an order", len(signs)
    yield "of them in the same order", _share([sign > 0 for sign in signs])


def _orders(a: Sequence[float], b: Sequence[float]) -> list[float]:
    products = ((a[i] - a[j]) * (b[i] - b[j]) for i, j in combinations(range(len(a)), 2))
    return [product for product in products if product]


def _gaming(a: Sequence[Said], b: Sequence[Said]) -> Iterator[Figure]:
    pairs = list(zip(a, b, strict=True))
    yield "pairs of replies", len(pairs)
    yield "better reply: share alike", _share([one["better"] == other["better"] for one, other in pairs])
    yield "better reply: Cohen's kappa", agreement.kappa([one["better"] for one in a], [other["better"] for other in b])


def _next_step(a: Sequence[Said], b: Sequence[Said]) -> Iterator[Figure]:
    pairs = [(set(one["acceptable"]), set(other["acceptable"])) for one, other in zip(a, b, strict=True)]
    yield "moments", len(pairs)
    yield "acceptable steps: share with one in common", _share([bool(one & other) for one, other in pairs])
    yield (
        "acceptable steps: mean Jaccard likeness",
        _mean([len(one & other) / len(one | other) for one, other in pairs]),
    )
    decisions = [[step in line["acceptable"] for line in side for step in _STEPS] for side in (a, b)]
    yield "acceptable steps: Krippendorff's alpha", agreement.alpha(decisions, "nominal")
    opposed = [
        bool({*one["acceptable"]} & {*other["wrong"]} or {*other["acceptable"]} & {*one["wrong"]})
        for one, other in zip(a, b, strict=True)
    ]
    yield "share where one calls plainly wrong what the other accepts", _share(opposed)
    pauses = [(one["pause"], other["pause"]) for one, other in zip(a, b, strict=True)]
    both = [(one, other) for one, other in pauses if one is not None and other is not None]
    yield "moments where both say whether to pause", len(both)
    yield "pause: share alike", _share([one == other for one, other in both])


def _share(hits: Sequence[bool]) -> float | None:
    return _mean([float(hit) for hit in hits])


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _mean_difference(a: Sequence[float], b: Sequence[float]) -> float | None:
    return _mean([abs(one - other) for one, other in zip(a, b, strict=True)])
