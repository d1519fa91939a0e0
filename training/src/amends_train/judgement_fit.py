"""Fits the weights of the judgement to graded replies: `python -m amends_train.judgement_fit`. Needs no PyTorch.

A score is a sum of what is seen in a reply, each times its weight. Of two replies to one conversation the better one
should score higher (a pairwise logistic loss, by how far), and a score should lie near its grade's place on the scale
(a squared loss). Each weight has its sign and a floor that the guides set, and is drawn to where it stood before.

Source: Bradley and Terry (1952), Rank analysis of incomplete block designs.
"""

import argparse
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from amends_core.bundle import DEFAULT_BUNDLE, load_bundle
from amends_core.conversation import Turn
from amends_core.judgement import Seen, weights
from amends_core.local import LocalScorer
from amends_core.taxonomy import (
    CONVERSATION_MISSTEPS,
    MISSTEPS,
    SENTENCE_MISSTEPS,
    STEPS,
    Expectation,
    Role,
    Severity,
    Step,
)
from amends_core.text import has_words
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.model_selection import KFold

Floats = NDArray[np.float64]
SCALE = (8.0, 28.0, 50.0, 72.0, 92.0)
"""Where replies of grade 0 to 4 belong on the scale of the score."""
SHARPNESS = 12.0
"""Points by which the better of two replies should lead."""
RIDGE = 0.001
NEAR = 3.0
"""How much nearness to the grade's place counts against order."""
HONEST_GRADE, GAMED_GRADE = 3.0, 0.0
"""Of a pair of an honest reply and one that only looks good; such pairs teach order and no place on the scale."""
FOLDS = 5
SEED = 20261122
_FLOORS = {Severity.GRAVE: 20.0, Severity.MAJOR: 5.0, Severity.MINOR: 4.0}
"""Least points that a misstep costs, by how much it harms."""
_STEP_FLOOR = {"WORTH": 3.0, "WELCOME": 1.0, "WASTED": 0.0}
"""Least points of a step that is expected, welcome or not called for. In points and not as a share of what stood
before, so that fit after fit does not wear a step away."""
_UNCALLED_FOR = {Step.EMPATHIZE: 2.0, Step.APOLOGIZE: 2.0}
"""Least points that feeling costs where nothing happened to feel about: guides and readers agree on it."""
_MOST_CARE, _MOST_CARELESS = 50.0, 34.0
"""So that steps, which people can be told of, bring more of a score than what no label names."""
_TABLES = {Expectation.EXPECTED: "WORTH", Expectation.WELCOME: "WELCOME", Expectation.NOT_NOW: "WASTED"}


@dataclass(frozen=True, slots=True)
class Weight:
    """One number of `amends_core.judgement.weights`."""

    name: str
    """`TABLE.LABEL`, or `NAME`."""
    before: float
    least: float
    most: float
    sign: float
    """How the weight moves the score: 1 or -1."""


def all_weights() -> tuple[Weight, ...]:
    """Every weight that is fitted, in a stable order."""
    found = []
    for table, floor in _STEP_FLOOR.items():
        sign = -1.0 if table == "WASTED" else 1.0
        for step in STEPS:
            value = getattr(weights, table)[step]
            least = _UNCALLED_FOR.get(step, floor) if table == "WASTED" else floor
            found.append(Weight(f"{table}.{step}", value, least, 40.0 if sign > 0 else 12.0, sign))
    for misstep in MISSTEPS:
        floor = _FLOORS[weights.SEVERITY[misstep]]
        found.append(Weight(f"COST.{misstep}", weights.COST[misstep], floor, 45.0, -1.0))
    return (
        *found,
        Weight("CARE", weights.CARE, 0.0, _MOST_CARE, 1.0),
        Weight("CARELESS", weights.CARELESS, 0.0, _MOST_CARELESS, -1.0),
        Weight("GROUND_CALM", weights.GROUND_CALM, 5.0, 60.0, 1.0),
        Weight("GROUND_UPSET", weights.GROUND_UPSET, 0.0, 45.0, 1.0),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Graded:
    """Graded replies as arrays, in the same order."""

    seen: Floats
    """What each weight is multiplied with, its sign in it; shape (replies, weights)."""
    given: Floats
    """Points of the score that no fitted weight brings, shape (replies,): words beside the point."""
    grade: Floats
    conversation: NDArray[np.intp]
    source: NDArray[np.str_]
    placed: NDArray[np.bool_]
    """Whether the grade has a place on the scale, and not only an order."""

    def pairs(self, conversations: NDArray[np.intp]) -> NDArray[np.intp]:
        """Indexes (better, worse) of replies to the same one of these conversations, a grade or more apart."""
        found = []
        for conversation in conversations:
            here = np.flatnonzero(self.conversation == conversation)
            for a, b in itertools.combinations(here, 2):
                if abs(self.grade[a] - self.grade[b]) >= 1:
                    found.append((a, b) if self.grade[a] > self.grade[b] else (b, a))
        return np.array(found, dtype=np.intp).reshape(-1, 2)


def read_graded(paths: Sequence[Path], local: LocalScorer) -> Graded:
    """Reads JSON lines of `turns`, `playbook` and `replies` of `text` and `grade`, or `honest` and `gamed`."""
    seen, grade, conversation, source, placed = [], [], [], [], []
    rows = [(path, json.loads(line)) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    for index, (path, row) in enumerate(rows):
        turns = [Turn(Role(turn["role"].upper()), turn["text"]) for turn in row["turns"]]
        for reply, its_grade in _replies(row):
            if not has_words(reply):  # the service refuses it
                continue
            plan = local.scorer.plan_reply(turns, [reply], row.get("playbook", ""))
            seen.append(_seen(local.scorer.see(plan, local.encodings(plan))))
            grade.append(its_grade)
            conversation.append(index)
            source.append(path.parent.name if path.stem in ("dev", "test") else path.stem)
            placed.append("replies" in row)
    table = np.array(seen)
    return Graded(
        table[:, :-1], table[:, -1], np.array(grade), np.array(conversation), np.array(source), np.array(placed)
    )


def fit(graded: Graded, conversations: NDArray[np.intp]) -> Floats:
    """The weights with the least loss on these conversations, shape (weights,)."""
    wanted = all_weights()
    before = np.array([weight.before for weight in wanted])
    pairs = graded.pairs(conversations)
    apart = graded.seen[pairs[:, 0]] - graded.seen[pairs[:, 1]]
    lead = graded.given[pairs[:, 0]] - graded.given[pairs[:, 1]]
    here = np.isin(graded.conversation, conversations) & graded.placed
    place = np.interp(graded.grade[here], range(len(SCALE)), SCALE)

    def loss(found: Floats) -> tuple[float, Floats]:
        margin = (apart @ found + lead) / SHARPNESS
        wrong = 1.0 / (1.0 + np.exp(margin))
        off = (graded.seen[here] @ found + graded.given[here] - place) / 100.0
        moved = (found - before) / 10.0
        value = np.logaddexp(0.0, -margin).mean() + NEAR * (off**2).mean() + RIDGE * (moved**2).sum()
        slope = -(apart * wrong[:, None]).mean(axis=0) / SHARPNESS + RIDGE * 2.0 * moved / 10.0
        return float(value), slope + NEAR * 2.0 * (graded.seen[here] * off[:, None]).mean(axis=0) / 100.0

    bounds = [(weight.least, weight.most) for weight in wanted]
    start = np.clip(before, *np.array(bounds).T)
    found: Floats = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return found


def cross_validated(graded: Graded) -> Floats:
    """The score of each reply by weights that never saw its conversation; before it is cut to 0 to 100."""
    scores = np.zeros(len(graded.grade))
    for rest, held in KFold(FOLDS, shuffle=True, random_state=SEED).split(np.unique(graded.conversation)):
        here = np.isin(graded.conversation, held)
        scores[here] = graded.seen[here] @ fit(graded, rest) + graded.given[here]
    return scores


def figures(graded: Graded, scores: Floats) -> Mapping[str, Mapping[str, float]]:
    """By source: share of pairs in the right order, and how often the best reply scores highest."""
    found = {}
    for source in np.unique(graded.source):
        conversations = np.unique(graded.conversation[graded.source == source])
        pairs = graded.pairs(conversations)
        best = []
        for conversation in conversations:
            here = np.flatnonzero(graded.conversation == conversation)
            best.append(graded.grade[here[scores[here].argmax()]] == graded.grade[here].max())
        right = float((scores[pairs[:, 0]] > scores[pairs[:, 1]]).mean())
        found[str(source)] = {"pairs": round(right, 3), "best": round(float(np.mean(best)), 3)}
    return found


def _replies(row: Mapping[str, object]) -> Iterator[tuple[str, float]]:
    if "replies" in row:
        yield from ((str(reply["text"]), float(reply["grade"])) for reply in row["replies"])  # type: ignore[attr-defined]
    else:
        yield from ((str(row["honest"]), HONEST_GRADE), (str(row["gamed"]), GAMED_GRADE))


def _seen(seen: Seen) -> list[float]:
    """What each weight of `all_weights` is multiplied with, and last the points that none of them brings."""
    found = {f"{_TABLES[seen.expected[step]]}.{step}": seen.evidence[step].worth for step in STEPS}
    found |= {f"COST.{misstep}": seen.evidence[misstep].worth for misstep in SENTENCE_MISSTEPS}
    found |= {f"COST.{f.misstep}": 1.0 for f in seen.missteps if f.misstep in CONVERSATION_MISSTEPS}
    found |= {"CARE": seen.care.best, "CARELESS": 1.0 - seen.care.worst}
    found |= {"GROUND_CALM": 1.0 - seen.heat, "GROUND_UPSET": seen.heat}
    beside = max(0, seen.filler_words - weights.FILLER_FREE_WORDS) * weights.FILLER_COST
    return [weight.sign * found.get(weight.name, 0.0) for weight in all_weights()] + [-min(beside, weights.FILLER_ROOM)]


def main() -> None:
    """Fits, prints cross-validated figures by source, and each weight as it stands and as it is fitted."""
    parser = argparse.ArgumentParser(prog="amends_train.judgement_fit", description=__doc__)
    parser.add_argument("--bundle", type=Path, default=DEFAULT_BUNDLE)
    parser.add_argument(
        "replies", type=Path, nargs="*",
        default=[  # not those of training/data: they taught the embedded bundle care, which would weigh too much
            Path("eval/datasets/ranked-v1/dev.jsonl"), Path("eval/datasets/gaming-v1/dev.jsonl"),
        ],
    )  # fmt: skip
    args = parser.parse_args()
    graded = read_graded(args.replies, LocalScorer(load_bundle(args.bundle)))
    standing = np.array([weight.before for weight in all_weights()])
    print("as they stand", json.dumps(figures(graded, graded.seen @ standing + graded.given)))
    print("cross-validated", json.dumps(figures(graded, cross_validated(graded))))
    fitted = fit(graded, np.unique(graded.conversation))
    for weight, value in zip(all_weights(), fitted, strict=True):
        print(f"{weight.name:32} {weight.before:6.2f} {round(value * 2) / 2:6.1f}")


if __name__ == "__main__":
    main()
