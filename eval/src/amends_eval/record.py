"""The record of a run: one file that describes itself, written line by line so that a crash leaves what was done.

The first line says what was asked of whom with what; then one line an answer; then one line a suite with its
metrics and the outcome of every item; the last line says that the run ended. Lines are only ever added.
"""

import importlib.metadata
import platform
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, TypeAdapter, ValidationError

from amends_eval.answers import Answer
from amends_eval.errors import RecordError
from amends_eval.questions import Model
from amends_eval.suites.suite import SuiteResult
from amends_eval.targets import Identity

FORMAT = 1
_PACKAGES = ("amends", "numpy", "onnxruntime", "scikit-learn", "scipy", "statsmodels", "tokenizers")


class DatasetUsed(Model):
    """One dataset of a run."""

    version: int
    half: Literal["dev", "test"]
    sha256: str
    rows: int


class Header(Model):
    """What a run is."""

    line: Literal["header"] = "header"
    format: int = FORMAT
    started: datetime
    target: Identity
    suites: tuple[str, ...]
    datasets: Mapping[str, DatasetUsed]
    limit: int | None
    """Most rows taken of each dataset; None: all."""
    seed: int
    """Of every resampling."""
    commit: str
    """Of the repository; empty outside one."""
    dirty: bool
    """Whether the repository held changes that no commit has."""
    packages: Mapping[str, str]
    python: str
    machine: str

    @property
    def key(self) -> tuple[object, ...]:
        """What a run that is resumed must share with the one that it resumes."""
        return (self.format, self.target, self.suites, self.datasets, self.limit, self.seed)


class AnswerLine(Model):
    """One answer."""

    line: Literal["answer"] = "answer"
    dataset: str
    id: str
    part: str
    seconds: float
    answer: Answer


class SuiteLine(Model):
    """One suite's result."""

    line: Literal["suite"] = "suite"
    result: SuiteResult


class EndLine(Model):
    """The run is whole."""

    line: Literal["end"] = "end"
    seconds: float


Line = Annotated[Header | AnswerLine | SuiteLine | EndLine, Field(discriminator="line")]
_LINE: TypeAdapter[Line] = TypeAdapter(Line)


class Record(Model):
    """A record that was read."""

    header: Header
    answers: tuple[AnswerLine, ...]
    suites: Mapping[str, SuiteResult]
    seconds: float | None
    """How long the run took; None where it did not end."""


def header(
    target: Identity, suites: Iterable[str], datasets: Mapping[str, DatasetUsed], limit: int | None, seed: int
) -> Header:
    """The header of a run that starts now."""
    commit, dirty = _commit()
    return Header(
        started=datetime.now(UTC),
        target=target,
        suites=tuple(suites),
        datasets=datasets,
        limit=limit,
        seed=seed,
        commit=commit,
        dirty=dirty,
        packages={name: importlib.metadata.version(name) for name in _PACKAGES},
        python=platform.python_version(),
        machine=f"{platform.machine()} {platform.system()}, {_cpu()}",
    )


class Writer:
    """Adds lines to a record. Each is whole or absent: it is flushed before the next is begun."""

    def __init__(self, path: Path, *, append: bool = False) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a" if append else "x", encoding="utf-8")
        except FileExistsError as error:
            raise RecordError(f"{path} is there already: name another file, or go on with it by --resume") from error
        except OSError as error:
            raise RecordError(f"cannot write {path}: {error.strerror}") from error

    def __enter__(self) -> Self:
        """Gives the writer itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes the file."""
        self._file.close()

    def add(self, line: Line) -> None:
        """Adds one line."""
        self._file.write(line.model_dump_json() + "\n")
        self._file.flush()


def read(path: Path) -> Record:
    """Reads a record; a last line that a crash cut short is left out.

    Raises:
        RecordError: the file cannot be read, or is no record of this format.
    """
    lines = list(_lines(path))
    if not lines or not isinstance(lines[0], Header):
        raise RecordError(f"{path.name} does not begin with a header: it is no record of an evaluation")
    return Record(
        header=lines[0],
        answers=tuple(line for line in lines if isinstance(line, AnswerLine)),
        suites={line.result.suite: line.result for line in lines if isinstance(line, SuiteLine)},
        seconds=next((line.seconds for line in lines if isinstance(line, EndLine)), None),
    )


def mend(path: Path) -> None:
    """Cuts off a last line that a crash left half written, so that lines can be added.

    Raises:
        RecordError: the file cannot be read or written.
    """
    try:
        content = path.read_bytes()
        path.write_bytes(content[: content.rfind(b"\n") + 1])
    except OSError as error:
        raise RecordError(f"cannot mend {path}: {error.strerror}") from error


def _lines(path: Path) -> Iterator[Line]:
    try:
        raw = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise RecordError(f"cannot read {path}: {error}") from error
    for number, text in enumerate(raw[:-1], 1):
        try:
            yield _LINE.validate_json(text)
        except ValidationError as error:
            problem = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(map(str, problem["loc"]))
            raise RecordError(f"{path.name}:{number}: {where}: {problem['msg']}; is it of format {FORMAT}?") from None


def _commit() -> tuple[str, bool]:
    try:
        return _git("rev-parse", "HEAD"), bool(_git("status", "--porcelain"))
    except (OSError, subprocess.CalledProcessError):
        return "", False


def _git(*arguments: str) -> str:
    # Where this code lies, not where the caller stands: the commit says which evaluation this was.
    command = ["git", "-C", str(Path(__file__).parent), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603


def _cpu() -> str:
    try:
        info = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor()
    named = (line.partition(":")[2].strip() for line in info.splitlines() if line.startswith("model name"))
    return next(named, platform.processor())
