"""Runs suites against a target: asks what is not yet answered, measures, and records all of it."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from amends_eval import record
from amends_eval.answers import Answer
from amends_eval.datasets import FOLDER, Dataset, Half, load
from amends_eval.datasets.rows import Row
from amends_eval.errors import DatasetError, RecordError
from amends_eval.questions import Question
from amends_eval.record import AnswerLine, DatasetUsed, EndLine, Header, SuiteLine, Writer
from amends_eval.suites.suite import Answered, Suite, SuiteResult
from amends_eval.targets import Target

SEED = 20261122
Key = tuple[str, str, str]
"""Dataset, row and part: what was asked."""
Asked = Sequence[tuple[Key, Question]]
Progress = Callable[[int, int], None]
"""Told how many questions of how many are answered; what follows from answers is counted by itself."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to run."""

    half: Half = "test"
    folder: Path = FOLDER
    real_texts: Path | None = None
    """The sentences of `real`; None leaves that dataset out."""
    limit: int | None = None
    """Most rows of each dataset, taken evenly; None: all."""
    workers: int = 2
    """Threads that ask."""
    seed: int = SEED


def datasets_for(suites: Sequence[Suite], options: Options) -> Mapping[str, Dataset]:
    """Loads every dataset that the suites want; `real` only where its sentences were given.

    Raises:
        DatasetError: one cannot be read.
    """
    wanted = dict.fromkeys(name for suite in suites for name in suite.datasets)
    if options.real_texts is None:
        wanted.pop("real", None)
    if not wanted and suites:
        raise DatasetError("nothing is left to measure: the suites want `real`, whose sentences --real-texts names")
    return {name: _limited(load(name, options.half, options.folder, options.real_texts), options) for name in wanted}


def run(
    suites: Sequence[Suite],
    target: Target,
    path: Path,
    options: Options,
    *,
    resume: bool = False,
    progress: Progress = lambda _done, _whole: None,
) -> Mapping[str, SuiteResult]:
    """Runs the suites and writes the record at `path`.

    Args:
        suites: what to measure.
        target: who is asked.
        path: the record; it must not be there, unless it is resumed.
        options: how to run.
        resume: go on with the record at `path` where it stopped.
        progress: told after every answer.

    Raises:
        DatasetError: a dataset cannot be read.
        RecordError: the record cannot be written, or is of another run.
        TargetError: the target cannot be asked; what was answered is recorded.
    """
    started = time.monotonic()
    datasets = datasets_for(suites, options)
    header = _header(suites, target, datasets, options)
    lines = _resumed(path, header) if resume else {}
    with Writer(path, append=resume) as writer:
        if not resume:
            writer.add(header)
        rows = {name: dataset.rows for name, dataset in datasets.items()}
        for asked in _rounds(suites, rows, lines, options.seed):
            for line in _answers(asked, target, lines, options.workers, progress):
                writer.add(line)
                lines[_key(line)] = line
        results = measure(suites, rows, lines, options.seed)
        for result in results.values():
            writer.add(SuiteLine(result=result))
        writer.add(EndLine(seconds=time.monotonic() - started))
    return results


def measure(
    suites: Sequence[Suite], rows: Mapping[str, Sequence[Row]], lines: Mapping[Key, AnswerLine], seed: int
) -> Mapping[str, SuiteResult]:
    """The results of the suites over what was answered. Pure; a suite without any of its datasets is left out."""
    return {
        suite.name: suite.measure({**answered, **_answered(_follow_up(suite, answered, seed), lines)}, seed)
        for suite, answered in _with_answers(suites, rows, lines)
    }


def _with_answers(
    suites: Sequence[Suite], rows: Mapping[str, Sequence[Row]], lines: Mapping[Key, AnswerLine]
) -> Iterator[tuple[Suite, Mapping[str, Sequence[Answered]]]]:
    """The suites that have any of their datasets, each with its answered rows."""
    answered = _answered(rows, lines)
    for suite in suites:
        if own := {name: answered[name] for name in suite.datasets if name in answered}:
            yield suite, own


def _follow_up(suite: Suite, answered: Mapping[str, Sequence[Answered]], seed: int) -> Mapping[str, Sequence[Row]]:
    return {suite.name: suite.follow_up(answered, seed)} if suite.follow_up else {}


def _answered(rows: Mapping[str, Sequence[Row]], lines: Mapping[Key, AnswerLine]) -> Mapping[str, Sequence[Answered]]:
    return {name: [_answered_row(name, row, lines) for row in each] for name, each in rows.items()}


def _answered_row(dataset: str, row: Row, lines: Mapping[Key, AnswerLine]) -> Answered:
    found = {part: lines[dataset, row.id, part] for part in row.questions}
    return Answered(
        row,
        {part: line.answer for part, line in found.items()},
        {part: line.seconds for part, line in found.items()},
    )


def _rounds(
    suites: Sequence[Suite], rows: Mapping[str, Sequence[Row]], lines: Mapping[Key, AnswerLine], seed: int
) -> Iterator[Asked]:
    """What to ask: of the datasets, then, once that is answered, what follows from it."""
    yield _questions(rows)
    asking = [suite for suite in suites if suite.follow_up]
    for suite, answered in list(_with_answers(asking, rows, lines)):
        yield _questions(_follow_up(suite, answered, seed))


def _questions(rows: Mapping[str, Sequence[Row]]) -> Asked:
    return [
        ((dataset, row.id, part), question)
        for dataset, each in rows.items()
        for row in each
        for part, question in row.questions.items()
    ]


def _answers(
    questions: Asked, target: Target, lines: Mapping[Key, AnswerLine], workers: int, progress: Progress
) -> Iterator[AnswerLine]:
    left = [(key, question) for key, question in questions if key not in lines]
    with ThreadPoolExecutor(workers) as threads:
        try:
            for count, line in enumerate(threads.map(lambda each: _line(target, *each), left), 1):
                yield line
                progress(len(questions) - len(left) + count, len(questions))
        except BaseException:
            threads.shutdown(wait=True, cancel_futures=True)
            raise


def _line(target: Target, key: Key, question: Question) -> AnswerLine:
    started = time.perf_counter()
    answer: Answer = target.ask(question)
    seconds = time.perf_counter() - started
    return AnswerLine(dataset=key[0], id=key[1], part=key[2], seconds=seconds, answer=answer)


def _header(suites: Sequence[Suite], target: Target, datasets: Mapping[str, Dataset], options: Options) -> Header:
    used = {
        name: DatasetUsed(version=each.version, half=each.half, sha256=each.sha256, rows=len(each.rows))
        for name, each in datasets.items()
    }
    return record.header(target.identity, [suite.name for suite in suites], used, options.limit, options.seed)


def _resumed(path: Path, header: Header) -> dict[Key, AnswerLine]:
    record.mend(path)
    before = record.read(path)
    if before.seconds is not None:
        raise RecordError(f"{path.name} is whole: there is nothing to resume")
    if before.header.key != header.key:
        raise RecordError(f"{path.name} is of another run (target, suites, datasets, limit or seed): begin a new one")
    return {_key(line): line for line in before.answers}


def _key(line: AnswerLine) -> Key:
    return line.dataset, line.id, line.part


def _limited(dataset: Dataset, options: Options) -> Dataset:
    rows, limit = dataset.rows, options.limit
    if limit is None or len(rows) <= limit:
        return dataset
    kept = [rows[index * len(rows) // limit] for index in range(limit)]
    return Dataset(dataset.name, dataset.version, dataset.half, dataset.sha256, kept)
