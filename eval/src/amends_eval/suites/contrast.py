"""Small edits that flip a label: only who reads what a sentence does gets both sides right."""

from collections.abc import Mapping, Sequence

from amends_eval.answers import SentenceAnswer
from amends_eval.datasets.rows import ContrastRow, Side
from amends_eval.suites.measures import share, share_right
from amends_eval.suites.suite import Answered, Metric, Outcome, Suite, SuiteResult


def measure(answered: Mapping[str, Sequence[Answered]], seed: int) -> SuiteResult:
    """Share of pairs with both sides right, over the labels that the edit flips."""
    items = answered["contrast"]
    outcomes = [_outcome(item) for item in items]
    clusters = [item.row.cluster for item in items]
    themes = sorted({str(outcome.slices["theme"]) for outcome in outcomes})
    metrics: list[Metric] = [
        share_right("contrast.both_right", outcomes, seed),
        share("contrast.sides_right", [_sides_right(item) / 2 for item in items], clusters, seed),
        *(_by_theme(theme, outcomes, seed) for theme in themes),
    ]
    return SuiteResult(suite="contrast", metrics=tuple(metrics), outcomes=tuple(outcomes))


def _by_theme(theme: str, outcomes: Sequence[Outcome], seed: int) -> Metric:
    own = [outcome for outcome in outcomes if outcome.slices["theme"] == theme]
    return share_right(f"contrast.both_right.{theme}", own, seed)


def _claims(item: Answered, part: str) -> set[str]:
    answer = item.answer(SentenceAnswer, part)
    return set(item.row_as(ContrastRow).flips) & set(answer.claimed if answer else ())


def _is(item: Answered, side: Side) -> set[str]:
    return set(item.row_as(ContrastRow).flips) & set(side.strength)


def _sides_right(item: Answered) -> int:
    row = item.row_as(ContrastRow)
    return (_claims(item, "a") == _is(item, row.a)) + (_claims(item, "b") == _is(item, row.b))


def _outcome(item: Answered) -> Outcome:
    row = item.row_as(ContrastRow)
    answers = [answer for part in "ab" if (answer := item.answer(SentenceAnswer, part))]
    return Outcome(
        dataset="contrast",
        id=row.id,
        ok=_sides_right(item) == len("ab"),
        confidence=min((abs(2 * a.probability[name] - 1) for a in answers for name in row.flips), default=None),
        expected=f"{_named(_is(item, row.a))} / {_named(_is(item, row.b))}",
        found=f"{_named(_claims(item, 'a'))} / {_named(_claims(item, 'b'))}",
        slices=row.slices,
        cluster=row.cluster,
    )


def _named(labels: set[str]) -> str:
    return ", ".join(sorted(labels)) or "none"


SUITE = Suite("contrast", "Small edits that flip a label: both sides must come out right", ("contrast",), measure)
