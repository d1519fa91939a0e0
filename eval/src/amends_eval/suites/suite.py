"""What a suite is: datasets, and a pure function from their answered rows to metrics and outcomes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import Field

from amends_eval.answers import Answer
from amends_eval.datasets.rows import Row
from amends_eval.questions import Model

_A = TypeVar("_A")
_R = TypeVar("_R", bound=Row)


class Metric(Model):
    """One figure, with how sure it is."""

    name: str
    """Such as `real.micro_f1`: the dataset, then what is measured."""
    value: float | None
    """None where it cannot be computed: never 0 in its stead."""
    low: float | None = None
    """Lower end of the 95 % interval."""
    high: float | None = None
    n: int
    """Items that it rests on."""
    clusters: int = 0
    """Conversations among them: what is resampled."""
    detectable: float | None = None
    """The smallest true difference between two runs on these items that is found 4 times out of 5 at the 5 % level."""
    higher_is_better: bool = True


class Outcome(Model):
    """How one item came out."""

    dataset: str
    id: str
    part: str = ""
    ok: bool | None
    """Whether it came out right; None where nothing can be said."""
    confidence: float | None = None
    """How sure the target was, 0 to 1."""
    expected: str
    """In short, for people."""
    found: str
    slices: Mapping[str, str]
    cluster: str


class SuiteResult(Model):
    """What a suite found."""

    suite: str
    metrics: tuple[Metric, ...]
    outcomes: tuple[Outcome, ...]
    figures: Mapping[str, Any] = Field(default_factory=dict)
    """Series and tables for reports, by name: plain JSON values."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A row and what the target said of it."""

    row: Row
    answers: Mapping[str, Answer]
    seconds: Mapping[str, float]

    def row_as(self, kind: type[_R]) -> _R:
        """The row, which must be of that kind."""
        assert isinstance(self.row, kind)
        return self.row

    def answer(self, kind: type[_A], part: str = "") -> _A | None:
        """The answer of a part; None where the target refused the question."""
        found = self.answers[part]
        return found if isinstance(found, kind) else None


@dataclass(frozen=True, slots=True)
class Suite:
    """A named measurement."""

    name: str
    summary: str
    datasets: tuple[str, ...]
    """Those it wants; one that is not there is left out, and said to be."""
    measure: Callable[[Mapping[str, Sequence[Answered]], int], SuiteResult]
    """From answered rows by dataset, and a seed, to the result. Pure."""
    follow_up: Callable[[Mapping[str, Sequence[Answered]], int], Sequence[Row]] | None = None
    """From the same: what to ask in a second round, such as about what was answered. Pure. `measure` gets these rows
    answered, too, under the suite's own name."""
