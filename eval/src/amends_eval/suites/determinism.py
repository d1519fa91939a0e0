"""Whether a sentence is read alike alone, among others, and among them in another order.

A text whose numbers depend on its neighbours breaks caches and comparisons, and lets one tenant's text move another's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from amends_core.text import split

from amends_eval.answers import SentenceAnswer
from amends_eval.datasets.rows import Row, SentenceRow
from amends_eval.questions import Question, ReadSentence
from amends_eval.suites.measures import share
from amends_eval.suites.suite import Answered, Metric, Outcome, Suite, SuiteResult

COMPANY = 8
"""Sentences of a long reply."""
COMPANIES = 15
TOLERANCE = 1e-3
"""Of a probability; what arithmetic in another order costs is 1e-6."""


class CompanyRow(Row):
    """Sentences that are asked again: each alone, and all as one reply."""

    members: tuple[str, ...]
    """The ids of their rows."""
    texts: tuple[str, ...]

    @property
    def questions(self) -> Mapping[str, Question]:
        """See `Row.questions`."""
        # Spaces that no encoder reads: a cache would answer in its stead, since it knows these texts.
        alone = {f"alone {i}": ReadSentence(text=_spaced(text, 2)) for i, text in enumerate(self.texts)}
        together = [_spaced(text, 3) for text in self.texts]
        turned = [_spaced(text, 4) for text in reversed(self.texts)]
        return {
            **alone,
            "together": ReadSentence(text="\n".join(together)),
            "turned": ReadSentence(text="\n".join(turned)),
        }


@dataclass(frozen=True, slots=True)
class _Change:
    """One reading against what was read before."""

    company: CompanyRow
    part: str
    flips: frozenset[str]
    largest: float


def follow_up(answered: Mapping[str, Sequence[Answered]], _seed: int) -> Sequence[CompanyRow]:
    """Companies of sentences from all over the dataset, each one sentence by the rules of splitting."""
    rows = [item.row_as(SentenceRow) for item in answered["sentences"] if item.answer(SentenceAnswer)]
    single = [row for row in rows if len(split(row.text)) == 1 and " " in row.text]
    count = min(COMPANIES, len(single) // COMPANY)
    # Every count-th: neighbours in a dataset answer the same customer.
    return [_company([single[i + count * j] for j in range(COMPANY)]) for i in range(count)]


def measure(answered: Mapping[str, Sequence[Answered]], seed: int) -> SuiteResult:
    """Labels that flip, the largest change of a probability, and the share of readings that changed.

    Of a reply the most of any of its sentences is read, and must be the most of what they had alone.
    """
    first = {item.row.id: item.answer(SentenceAnswer) for item in answered["sentences"]}
    changes = [change for item in answered["determinism"] for change in _changes(item, first)]
    outcomes = tuple(_outcome(change) for change in changes)
    changed, clusters = [not outcome.ok for outcome in outcomes], [outcome.cluster for outcome in outcomes]
    return SuiteResult(
        suite="determinism",
        metrics=(
            _figure("determinism.flips", float(sum(len(c.flips) for c in changes)) if changes else None, changes),
            _figure("determinism.largest_change", max((c.largest for c in changes), default=None), changes),
            share("determinism.changed", changed, clusters, seed, higher_is_better=False),
        ),
        outcomes=outcomes,
    )


def _spaced(text: str, spaces: int) -> str:
    return text.replace(" ", " " * spaces, 1)


def _company(rows: Sequence[Row]) -> CompanyRow:
    members = tuple(row.id for row in rows)
    texts = tuple(question.text for row in rows if isinstance(question := row.questions[""], ReadSentence))
    return CompanyRow(id=f"with {members[0]}", author="", members=members, texts=texts)


def _changes(item: Answered, first: Mapping[str, SentenceAnswer | None]) -> list[_Change]:
    row = item.row
    assert isinstance(row, CompanyRow)
    before = [found for member in row.members if (found := first[member])]
    singles = {f"alone {i}": [answer] for i, answer in enumerate(before)}
    whole = {"together": before, "turned": before}
    return [_change(item, row, part, answers) for part, answers in {**singles, **whole}.items()]


def _change(item: Answered, row: CompanyRow, part: str, before: Sequence[SentenceAnswer]) -> _Change:
    now = item.answer(SentenceAnswer, part)
    if now is None:
        return _Change(row, part, frozenset({"refused"}), 1.0)
    apart = (abs(now.probability[name] - max(b.probability[name] for b in before)) for name in now.probability)
    claimed = {name for answer in before for name in answer.claimed}
    strong = {f"strong {name}" for answer in before for name in answer.strong}
    found = {*now.claimed, *(f"strong {name}" for name in now.strong)}
    return _Change(row, part, frozenset((claimed | strong) ^ found), max(apart))


def _figure(name: str, value: float | None, changes: Sequence[_Change]) -> Metric:
    clusters = len({change.company.id for change in changes})
    return Metric(name=name, value=value, n=len(changes), clusters=clusters, higher_is_better=False)


def _outcome(change: _Change) -> Outcome:
    return Outcome(
        dataset="determinism",
        id=change.company.id,
        part=change.part,
        ok=not change.flips and change.largest <= TOLERANCE,
        expected="as before",
        found=f"changed by {change.largest:.1g}, flipped: {', '.join(sorted(change.flips)) or 'none'}",
        slices={"asked": change.part.partition(" ")[0]},
        cluster=change.company.id,
    )


SUITE = Suite(
    "determinism",
    "A sentence is read alike alone, among others and in another order",
    ("sentences",),
    measure,
    follow_up,
)
