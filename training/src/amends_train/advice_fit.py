"""Fits the weights of advice on labelled conversations: `python -m amends_train.advice_fit`. Needs no PyTorch.

Source: McFadden (1974), Conditional logit analysis of qualitative choice behavior; here a row names a set of
acceptable steps, whose probabilities are summed, and a set of plainly wrong ones, whose sum is kept low.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import yaml
from amends_core.advice.features import STATE_FEATURES, STEP_FEATURES, Floats, state_features, step_features
from amends_core.advice.weights import PATH, Weights, dump, log_odds
from amends_core.bundle import DEFAULT_BUNDLE, load_bundle
from amends_core.conversation import State, Turn
from amends_core.local import LocalScorer
from amends_core.scorer import Plan
from amends_core.stages import expectations, locate
from amends_core.taxonomy import STEPS, Role
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax
from sklearn.model_selection import LeaveOneGroupOut

from amends_train.calibrate import platt
from amends_train.measure import calibration_error
from amends_train.script import Script

HEADER = "# Fitted by `make advice`; see amends_core/advice/features.py for what each feature means.\n"
RIDGE_STEP = 0.3
"""Prior precision of what a step's place in the playbook weighs."""
RIDGE_STATE = 2.0
"""Prior precision of what the conversation's state weighs on each step: many weights, few rows."""
WRONG_WEIGHT = 1.5
"""How much a plainly wrong step counts against a missed acceptable one."""
GUIDE_WEIGHT = 12.0
"""How much a row of a guide counts against a conversation: a rule is not outvoted by how often it seems otherwise."""
_STATE_SIZE = len(STATE_FEATURES) * len(STEPS)


@dataclass(frozen=True, slots=True, eq=False)
class Cases:
    """Conversations as arrays, in the same order."""

    seen: Floats
    """Shape (cases, 13, features): of the step, then of the state crossed with the step."""
    acceptable: Floats
    """1 where a step is acceptable, shape (cases, 13)."""
    wrong: Floats
    source: np.ndarray  # type: ignore[type-arg]
    """Who wrote each."""

    def only(self, kept: np.ndarray) -> "Cases":  # type: ignore[type-arg]
        """Some of the cases."""
        return Cases(self.seen[kept], self.acceptable[kept], self.wrong[kept], self.source[kept])


def read_cases(paths: Sequence[Path], bundle: Path = DEFAULT_BUNDLE) -> Cases:
    """Reads JSON lines of `playbook`, `turns`, `acceptable`, `wrong`, and sees each conversation as advice does."""
    local = LocalScorer(load_bundle(bundle))
    read = [(str(path), json.loads(line)) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    rows = [row for _, row in read]
    return Cases(
        seen=np.stack([_read(row, local) for row in rows]),
        acceptable=np.array([[step in row["acceptable"] for step in STEPS] for row in rows], dtype=np.float64),
        wrong=np.array([[step in row["wrong"] for step in STEPS] for row in rows], dtype=np.float64),
        source=np.array([source for source, _ in read]),
    )


def fit(cases: Cases, guides: Cases | None = None) -> Weights:
    """The weights with the highest posterior under a normal prior around 0, held to what the guides call for."""
    features = cases.seen.shape[2]
    ridge = np.full(features, RIDGE_STATE)
    ridge[: len(STEP_FEATURES)] = RIDGE_STEP

    def loss(weights: Floats) -> tuple[float, Floats]:
        value, slope = _loss(weights, cases, ridge)
        if guides is None:
            return value, slope
        held, pull = _loss(weights, guides, np.zeros(features))
        return value + GUIDE_WEIGHT * held, slope + GUIDE_WEIGHT * pull

    found = minimize(loss, np.zeros(features), jac=True, method="L-BFGS-B").x
    return Weights(found[: len(STEP_FEATURES)], found[len(STEP_FEATURES) :].reshape(len(STATE_FEATURES), len(STEPS)))


def figures(cases: Cases, odds: Floats) -> Mapping[str, float]:
    """How often the first step is acceptable, plainly wrong, and one of the first three acceptable."""
    order = np.argsort(-odds, axis=1)
    rows = np.arange(len(odds))
    return {
        "first_acceptable": float(cases.acceptable[rows, order[:, 0]].mean()),
        "first_wrong": float(cases.wrong[rows, order[:, 0]].mean()),
        "among_first_three": float(np.take_along_axis(cases.acceptable, order[:, :3], axis=1).max(axis=1).mean()),
    }


def cross_validated(cases: Cases, guides: Cases | None = None) -> Floats:
    """Log odds of each case by weights that never saw a case of its author, shape (cases, 13)."""
    odds = np.zeros(cases.acceptable.shape)
    for rest, held in LeaveOneGroupOut().split(cases.seen, groups=cases.source):
        odds[held] = cases.seen[held] @ _flat(fit(cases.only(rest), guides))
    return odds


def calibrated(weights: Weights, cases: Cases, odds: Floats) -> Weights:
    """The weights with the scale that makes `odds`, of weights that never saw the cases, honest probabilities."""
    return replace(weights, scale=platt(log_odds(softmax(odds, axis=1)).ravel(), cases.acceptable.ravel() > 0))


def first_step_error(weights: Weights, cases: Cases, odds: Floats) -> float:
    """Expected calibration error of the first step's probability, in ten bins."""
    chance = softmax(odds, axis=1)
    first, rows = chance.argmax(axis=1), np.arange(len(chance))
    return calibration_error(weights.acceptance(chance[rows, first]), cases.acceptable[rows, first] > 0, bins=10)


def read_guides(path: Path, bundle: Path = DEFAULT_BUNDLE) -> Cases:
    """Reads what the guides call for: `playbook`, `said` and the steps of which one comes `first`."""
    script = Script(load_bundle(bundle).manifest)
    scorer = script.scorer()
    rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    seen = []
    for row in rows:
        plan = scorer.plan_advice(script.turns(row["said"]), row["playbook"])
        seen.append(_seen(plan, scorer.state_of(plan, script.encodings(plan))))
    first = np.array([[step in row["first"] for step in STEPS] for row in rows], dtype=np.float64)
    return Cases(np.stack(seen), first, np.zeros_like(first), np.full(len(rows), str(path)))


def _read(row: Mapping[str, object], local: LocalScorer) -> Floats:
    turns = [Turn(Role(turn["role"].upper()), turn["text"]) for turn in row["turns"]]  # type: ignore[attr-defined]
    plan = local.scorer.plan_advice(turns, str(row["playbook"]))
    return _seen(plan, local.scorer.state_of(plan, local.encodings(plan)))


def _seen(plan: Plan, state: State) -> Floats:
    """What advice sees of a conversation: shape (13, features)."""
    playbook = plan.playbook
    position, expected = locate(playbook, state), expectations(playbook, state)
    of_step = step_features(playbook, state, position, expected)
    of_state = state_features(playbook, state, position, plan.turns[-1].role)
    crossed = np.einsum("s,tu->tsu", of_state, np.eye(len(STEPS))).reshape(len(STEPS), _STATE_SIZE)
    return np.concatenate([of_step, crossed], axis=1)


def _loss(weights: Floats, cases: Cases, ridge: Floats) -> tuple[float, Floats]:
    """Negative log posterior and its gradient."""
    odds = cases.seen @ weights
    chance = np.exp(odds - logsumexp(odds, axis=1, keepdims=True))
    right, wrong = (chance * cases.acceptable).sum(axis=1), (chance * cases.wrong).sum(axis=1)
    loss = -np.log(right + 1e-12).sum() - WRONG_WEIGHT * np.log1p(-wrong + 1e-9).sum()
    pull = chance * cases.acceptable / (right + 1e-12)[:, None] - chance
    push = WRONG_WEIGHT * (chance * cases.wrong - chance * wrong[:, None]) / (1 - wrong + 1e-9)[:, None]
    slope = np.einsum("ij,ijk->k", push - pull, cases.seen) + ridge * weights
    return float(loss + 0.5 * (ridge * weights**2).sum()), slope


def _flat(weights: Weights) -> Floats:
    return np.concatenate([weights.of_step, weights.of_state.ravel()])


def main() -> None:
    """Fits, prints the cross-validated figures and writes the weights."""
    parser = argparse.ArgumentParser(prog="amends_train.advice_fit", description=__doc__)
    parser.add_argument("--bundle", type=Path, default=DEFAULT_BUNDLE)
    parser.add_argument("--out", type=Path, default=PATH)
    parser.add_argument(
        "cases", type=Path, nargs="*",
        default=[
            *sorted(Path("training/data/next_steps").glob("*.jsonl")),
            Path("eval/datasets/next-step-v1/dev.jsonl"),
        ],
    )  # fmt: skip
    parser.add_argument("--guides", type=Path, default=Path("training/data/guides.yaml"))
    args = parser.parse_args()
    cases, guides = read_cases(args.cases, args.bundle), read_guides(args.guides, args.bundle)
    odds = cross_validated(cases, guides)
    weights = calibrated(fit(cases, guides), cases, odds)
    found = {**figures(cases, odds), "calibration_error": first_step_error(weights, cases, odds)}
    print(json.dumps({name: round(value, 3) for name, value in found.items()}))
    text = yaml.safe_dump(dump(weights), sort_keys=False)
    args.out.write_text(HEADER + text, encoding="utf-8")


if __name__ == "__main__":
    main()
