"""Asks a target about the items of a yardstick, and sets every way of deciding side by side."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from amends_eval.answers import Answer, Refused
from amends_eval.errors import DatasetError
from amends_eval.metrics.labels import Decisions, macro_f1
from amends_eval.questions import Model
from amends_eval.record import Header
from amends_eval.statistics.bootstrap import Floats
from amends_eval.suites.measures import from_sums, from_weights, share
from amends_eval.suites.suite import Metric
from amends_eval.targets import Target
from amends_eval.yardsticks.files import checksum
from amends_eval.yardsticks.probe import probed, words_probed
from amends_eval.yardsticks.yardstick import Guess, Item, Published, Task, Yardstick

Progress = Callable[[int, int], None]
_LEAST_CLUSTERS = 2


class WayResult(Model):
    """One way of deciding, measured."""

    way: str
    """Ours: `zero-shot` (as shipped), `probed` (fitted to the corpus). Baselines: `majority class`, `keywords` and
    `words, probed`."""
    claims: Mapping[str, int]
    """How many items it takes for each class."""
    metrics: tuple[Metric, ...]
    """`accuracy`, `macro_f1` and, where the task has positive classes and the way ranks, `auc`."""


class TaskResult(Model):
    """One task of a yardstick."""

    task: str
    classes: Mapping[str, int]
    """How many items are of each."""
    ways: tuple[WayResult, ...]
    published: tuple[Published, ...]


class YardstickResult(Model):
    """One corpus. Holds figures and no text."""

    yardstick: str
    files: Mapping[str, str]
    """SHA-256 of each file read, by name."""
    items: int
    of: int
    """Items of the whole corpus that can be asked about."""
    refused: int
    """Questions that the target would not answer; they count as claiming nothing."""
    tasks: tuple[TaskResult, ...]


class Report(Model):
    """One run over public corpora."""

    header: Header
    results: tuple[YardstickResult, ...]


def run(
    yardstick: Yardstick,
    target: Target,
    data: Path,
    *,
    limit: int | None,
    workers: int,
    seed: int,
    progress: Progress = lambda _done, _whole: None,
) -> YardstickResult:
    """Measures one yardstick.

    Args:
        yardstick: what to measure.
        target: who is asked.
        data: the folder that holds a folder of its name.
        limit: most items, taken evenly; None: all.
        workers: threads that ask.
        seed: of folds and resampling.
        progress: told after every answer.

    Raises:
        DatasetError: a file is missing or not as expected, or too little is left to measure.
        TargetError: the target cannot be asked.
    """
    folder = data / yardstick.name
    files = {name: checksum(folder / name) for name in yardstick.files}
    every = yardstick.read(folder)
    items = _limited(every, limit)
    if len({item.cluster for item in items}) < _LEAST_CLUSTERS:
        raise DatasetError(
            f"{yardstick.name}: fewer than {_LEAST_CLUSTERS} conversations: raise --limit, or bring more"
        )
    answers = list(_asked(target, items, workers, progress))
    return YardstickResult(
        yardstick=yardstick.name,
        files=files,
        items=len(items),
        of=len(every),
        refused=sum(isinstance(answer, Refused) for answer in answers),
        tasks=tuple(measure(task, items, answers, seed) for task in yardstick.tasks),
    )


def measure(task: Task, items: Sequence[Item], answers: Sequence[Answer], seed: int) -> TaskResult:
    """Every way of deciding one task, over the items that have a truth for it. Pure."""
    kept = [(item, answer) for item, answer in zip(items, answers, strict=True) if task.name in item.truth]
    truth = [item.truth[task.name] for item, _ in kept]
    clusters = [item.cluster for item, _ in kept]
    return TaskResult(
        task=task.name,
        classes={name: truth.count(name) for name in task.classes},
        ways=tuple(
            WayResult(
                way=way,
                claims={name: sum(guess.claim == name for guess in guesses) for name in task.classes},
                metrics=tuple(_metrics(task, guesses, truth, clusters, seed)),
            )
            for way, guesses in _ways(task, kept, truth, clusters, seed).items()
        ),
        published=task.published,
    )


def _ways(
    task: Task, kept: Sequence[tuple[Item, Answer]], truth: Sequence[str], clusters: Sequence[str], seed: int
) -> Mapping[str, Sequence[Guess]]:
    texts = [item.words for item, _ in kept]
    features = [task.features(answer) for _, answer in kept]
    commonest = Counter(truth).most_common(1)[0][0]
    return {
        "zero-shot": [task.zero_shot(answer) for _, answer in kept],
        "probed": probed(features, truth, clusters, task.positive, seed),
        "majority class": [Guess(commonest)] * len(kept),
        "keywords": [task.keywords(text) for text in texts],
        "words, probed": words_probed(texts, truth, clusters, task.positive, seed),
    }


def _metrics(
    task: Task, guesses: Sequence[Guess], truth: Sequence[str], clusters: Sequence[str], seed: int
) -> Iterator[Metric]:
    hits = [float(guess.claim == so) for guess, so in zip(guesses, truth, strict=True)]
    yield share("accuracy", hits, clusters, seed)
    yield from_sums("macro_f1", _decisions(task, guesses, truth).counts(), clusters, macro_f1, seed)
    chances = [guess.chance for guess in guesses if guess.chance is not None]
    if task.positive and len(chances) == len(guesses):
        yield _auc(np.array([so in task.positive for so in truth]), np.array(chances), clusters, seed)


def _decisions(task: Task, guesses: Sequence[Guess], truth: Sequence[str]) -> Decisions:
    so = np.array([[each == name for name in task.classes] for each in truth])
    claimed = np.array([[guess.claim == name for name in task.classes] for guess in guesses])
    return Decisions(truth=so, claimed=claimed, known=np.ones_like(so), names=task.classes)


def _auc(positive: NDArray[np.bool_], chances: Floats, clusters: Sequence[str], seed: int) -> Metric:
    """Chance that an item of a positive class is ranked above another.

    Source: Hanley and McNeil (1982), Radiology 143(1).
    """
    ranks = np.unique(chances, return_inverse=True)[1]

    def weighted(weights: Floats) -> float:
        # Hundreds of resamples of one ranking: sorting it once is what makes this quick.
        above = np.bincount(ranks, weights * positive)
        below = np.bincount(ranks, weights * ~positive)
        pairs = above.sum() * below.sum()
        return float(above @ (below.cumsum() - below / 2) / pairs) if pairs else float("nan")

    return from_weights("auc", clusters, weighted, seed)


def _asked(target: Target, items: Sequence[Item], workers: int, progress: Progress) -> Iterator[Answer]:
    with ThreadPoolExecutor(workers) as threads:
        try:
            for count, answer in enumerate(threads.map(lambda item: target.ask(item.question), items), 1):
                yield answer
                progress(count, len(items))
        except BaseException:
            threads.shutdown(wait=True, cancel_futures=True)
            raise


def _limited(items: Sequence[Item], limit: int | None) -> Sequence[Item]:
    if limit is None or len(items) <= limit:
        return items
    return [items[index * len(items) // limit] for index in range(limit)]
