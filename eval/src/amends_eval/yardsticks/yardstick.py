"""What a yardstick is: a corpus by others, its tasks, and how our labels are mapped to theirs.

A yardstick knows its files and its mapping; it knows nothing of targets, statistics or tables. Texts of a corpus
stay in memory: no result names one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from amends_eval.answers import Answer
from amends_eval.questions import Model, Question


@dataclass(frozen=True, slots=True)
class Item:
    """One text of a corpus, or one point in a dialogue."""

    id: str
    cluster: str
    """Items of one conversation, author or post share it: it is never split, neither in folds nor in resamples."""
    question: Question
    words: str
    """What the word baselines get to see."""
    truth: Mapping[str, str]
    """The class by task; a task that says nothing of the item is absent."""


@dataclass(frozen=True, slots=True)
class Guess:
    """What one way of deciding says of one item."""

    claim: str
    """A class of the task."""
    chance: float | None = None
    """How likely one of the task's positive classes is, on any scale that ranks; None where the way cannot say."""


class Published(Model):
    """A figure by others on the same corpus."""

    model: str
    accuracy: float | None = None
    macro_f1: float | None = None
    source: str
    """Who reports it, and in what it differs from what is measured here."""


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to decide of every item."""

    name: str
    classes: tuple[str, ...]
    zero_shot: Callable[[Answer], Guess]
    """Our decision by thresholds as shipped; nothing in it is fitted to the corpus."""
    features: Callable[[Answer], Sequence[float]]
    """What a probe may learn from: our readings alone, as many for every answer."""
    keywords: Callable[[str], Guess]
    """A baseline that counts words."""
    positive: frozenset[str] = frozenset()
    """The classes that AUC ranks above the others; empty: no AUC."""
    published: tuple[Published, ...] = ()


@dataclass(frozen=True, slots=True)
class Yardstick:
    """A corpus, where to get it, and what is decided on it."""

    name: str
    """Also the folder of its files under the data folder."""
    summary: str
    origin: str
    """Where the user gets it."""
    licence: str
    files: tuple[str, ...]
    read: Callable[[Path], Sequence[Item]]
    """From the folder of its files to its items; raises DatasetError where they are not as expected."""
    tasks: tuple[Task, ...]
