"""What must not matter: names, genders, dialects, formality, typos, casing, emoji, domains, numbers."""

from collections.abc import Mapping, Sequence

from amends_eval.answers import ReplyAnswer, SentenceAnswer
from amends_eval.datasets.rows import InvarianceRow
from amends_eval.suites.measures import share
from amends_eval.suites.suite import Answered, Metric, Outcome, Suite, SuiteResult


def measure(answered: Mapping[str, Sequence[Answered]], seed: int) -> SuiteResult:
    """Share of pairs with any flip, mean shift of probability and of score; whole and by group."""
    items = answered["invariance"]
    groups = sorted({item.row.slices["group"] for item in items})
    metrics = _metrics("invariance", items, seed)
    for group in groups:
        metrics += _metrics(f"invariance.{group}", [item for item in items if item.row.slices["group"] == group], seed)
    outcomes = tuple(_outcome(item) for item in items)
    return SuiteResult(suite="invariance", metrics=tuple(metrics), outcomes=outcomes)


def _metrics(prefix: str, items: Sequence[Answered], seed: int) -> list[Metric]:
    clusters = [item.row.cluster for item in items]
    scored = [(item, moved) for item in items if (moved := _score_shift(item)) is not None]
    by_score = [item.row.cluster for item, _ in scored]
    return [
        share(f"{prefix}.any_flip", [bool(_flips(i)) for i in items], clusters, seed, higher_is_better=False),
        share(f"{prefix}.mean_shift", [_shift(i) for i in items], clusters, seed, higher_is_better=False),
        # Signed: whether the second side, the dialect or the other name, is judged lower.
        share(f"{prefix}.score_bias", [moved for _, moved in scored], by_score, seed),
        share(f"{prefix}.score_moves_2", [abs(m) > 2 for _, m in scored], by_score, seed, higher_is_better=False),
    ]


def _sides(item: Answered) -> tuple[SentenceAnswer, SentenceAnswer] | None:
    a, b = item.answer(SentenceAnswer, "a"), item.answer(SentenceAnswer, "b")
    return (a, b) if a and b else None


def _flips(item: Answered) -> set[str]:
    """The labels claimed on one side only; a refused side counts as one."""
    sides = _sides(item)
    return set(sides[0].claimed) ^ set(sides[1].claimed) if sides else {"refused"}


def _shift(item: Answered) -> float:
    """Largest change of a label's probability."""
    sides = _sides(item)
    if sides is None:
        return 1.0
    return max(abs(value - sides[1].probability[name]) for name, value in sides[0].probability.items())


def _score_shift(item: Answered) -> float | None:
    a, b = item.answer(ReplyAnswer, "a.reply"), item.answer(ReplyAnswer, "b.reply")
    return b.score - a.score if a and b else None


def _outcome(item: Answered) -> Outcome:
    flips = _flips(item)
    sides = _sides(item)
    return Outcome(
        dataset="invariance",
        id=item.row.id,
        ok=not flips,
        confidence=1 - _shift(item),
        expected=", ".join(sorted(item.row_as(InvarianceRow).strength)) or "none",
        found=" / ".join(", ".join(side.claimed) or "none" for side in sides) if sides else "refused",
        slices=item.row.slices,
        cluster=item.row.cluster,
    )


SUITE = Suite("invariance", "Labels and scores that must not change with who speaks", ("invariance",), measure)
