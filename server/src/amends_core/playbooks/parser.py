"""Reads a playbook from YAML and tells every problem at once, each with its place."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, TypeVar

from amends_core.documents import Bounds, Document, Problem, Unreadable, read_document, shown
from amends_core.errors import PlaybookError
from amends_core.playbooks.schema import Occasion, Order, Playbook, Rules, Stage
from amends_core.taxonomy import CustomerAct, Misstep, Step

SCHEMA = 1
BOUNDS = Bounds("a playbook", "a playbook is a page or two", max_bytes=1_000_000, max_values=20_000)
"""A thousand phrases a step would fit."""
MAX_PHRASE_CHARACTERS = 400
MIN_EXEMPLARS = 12
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_SHOWN = 40
"""Characters of the file that a message shows."""
_NOTHING = object()
_VERSION = re.compile(r"\d+\.\d+\.\d+")

Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Parsed:
    """What came of a file: a playbook, or every problem that keeps it from being one."""

    playbook: Playbook | None
    document: Document
    problems: tuple[Problem, ...] = ()


def read_playbook(text: str) -> Parsed:
    """Reads a playbook, with the lines of its fields; never raises."""
    try:
        document = read_document(text, BOUNDS)
    except Unreadable as error:
        return Parsed(None, Document(None, {}), (error.problem,))
    reader = _Reader(document)
    playbook = reader.playbook(hashlib.sha256(text.encode()).hexdigest())
    problems = sorted(reader.problems, key=lambda problem: (problem.line == 0, problem.line))
    return Parsed(None if problems else playbook, document, tuple(problems))


def parse_playbook(source: str, text: str) -> Playbook:
    """Gives the playbook that `text` describes; `source` is its name in messages.

    Raises:
        PlaybookError: listing every problem, each with its line and its path in the file.
    """
    parsed = read_playbook(text)
    if parsed.playbook is None:
        raise refusal(source, parsed.problems)
    return parsed.playbook


def refusal(source: str, problems: Sequence[Problem]) -> PlaybookError:
    """The error that tells why a file cannot be used."""
    told = "; ".join(str(problem) for problem in problems)
    places = tuple(f"{source}: {replace(problem, found='')}" for problem in problems)
    return PlaybookError(f"{source}: {told}", places)


class _Reader:
    """Reads the tree and gathers problems instead of stopping at the first."""

    def __init__(self, document: Document) -> None:
        self.problems: list[Problem] = []
        self._document = document
        self._data = self._mapping("the file", document.data)

    def playbook(self, sha256: str) -> Playbook:
        data = self._data
        known = {
            "schema",
            "order",
            "stages",
            "rules",
            "exemplars",
            "grave_missteps",
            "name",
            "version",
            "title",
            "summary",
        }
        self._refuse_unknown("the file", data, known)
        if data.get("schema") != SCHEMA:
            self._refuse("schema", f"must be {SCHEMA}", data.get("schema"))
        stages = tuple(self._stage(i, stage) for i, stage in enumerate(self._sequence("stages", data.get("stages"))))
        playbook = Playbook(
            name=self._text("name", data.get("name"), _NAME, "a lower-case word of letters, digits and _"),
            version=self._text("version", data.get("version"), _VERSION, "three numbers, such as 1.0.0"),
            title=self._text("title", data.get("title")),
            summary=self._text("summary", data.get("summary")),
            order=self._word("order", data.get("order", "PREFERENCE"), Order) or Order.PREFERENCE,
            stages=stages,
            rules=self._rules(data.get("rules", {})),
            grave_missteps=self._words("grave_missteps", data.get("grave_missteps", []), Misstep),
            exemplars=self._exemplars(data.get("exemplars")),
            sha256=sha256,
        )
        self._check_whole(playbook)
        return playbook

    def _stage(self, index: int, data: object) -> Stage:
        path = f"stages[{index}]"
        stage = self._mapping(path, data)
        self._refuse_unknown(path, stage, {field.name for field in fields(Stage)})
        return Stage(
            name=self._text(f"{path}.name", stage.get("name"), _NAME, "a lower-case word"),
            steps=self._words(f"{path}.steps", stage.get("steps", []), Step),
            occasion=self._word(f"{path}.occasion", stage.get("occasion", "PROBLEM"), Occasion) or Occasion.PROBLEM,
            optional_steps=self._words(f"{path}.optional_steps", stage.get("optional_steps", []), Step),
            advance_on=self._words(f"{path}.advance_on", stage.get("advance_on", []), CustomerAct),
            pause=self._flag(f"{path}.pause", stage.get("pause", False)),
            until_calm=self._flag(f"{path}.until_calm", stage.get("until_calm", False)),
        )

    def _rules(self, data: object) -> Rules:
        rules = self._mapping("rules", data)
        self._refuse_unknown("rules", rules, {field.name for field in fields(Rules)})
        flags = {
            field.name: self._flag(f"rules.{field.name}", rules.get(field.name, False))
            for field in fields(Rules)
            if isinstance(field.default, bool)
        }
        most = rules.get("max_apologies", 2)
        if not isinstance(most, int) or isinstance(most, bool) or not 0 <= most <= 20:
            self._refuse("rules.max_apologies", "must be a whole number from 0 to 20", most)
            most = 2
        groups = self._sequence("rules.remedy_after", rules.get("remedy_after", []))
        remedy_after = tuple(self._words(f"rules.remedy_after[{i}]", group, Step) for i, group in enumerate(groups))
        return Rules(remedy_after=remedy_after, max_apologies=most, **flags)

    def _exemplars(self, data: object) -> dict[Step, tuple[str, ...]]:
        exemplars: dict[Step, tuple[str, ...]] = {}
        for name, phrases in self._mapping("exemplars", data).items():
            path = f"exemplars.{name}"
            step = self._word(path, name, Step)
            texts = tuple(self._text(f"{path}[{i}]", p) for i, p in enumerate(self._sequence(path, phrases)))
            if step is not None:
                exemplars[step] = texts
            if any(len(text) > MAX_PHRASE_CHARACTERS for text in texts):
                self._refuse(path, f"a phrase is longer than {MAX_PHRASE_CHARACTERS} characters")
        return exemplars

    def _check_whole(self, playbook: Playbook) -> None:
        names = [stage.name for stage in playbook.stages]
        if not names:
            self._refuse("stages", "must hold at least one stage")
        if len(set(names)) != len(names):
            self._refuse("stages", "names must differ")
        for index, stage in enumerate(playbook.stages):
            if not stage.steps:
                self._refuse(f"stages.{stage.name}.steps", "must hold at least one step", at=f"stages[{index}].steps")
            if not set(stage.optional_steps) <= set(stage.steps):
                at = f"stages[{index}].optional_steps"
                self._refuse(f"stages.{stage.name}.optional_steps", "must be among its steps", at=at)
        for step in sorted(playbook.steps):
            if len(set(playbook.exemplars.get(step, ()))) < MIN_EXEMPLARS:
                self._refuse(f"exemplars.{step}", f"needs at least {MIN_EXEMPLARS} different phrases")

    def _refuse(self, field: str, wrong: str, found: object = _NOTHING, *, at: str = "") -> None:
        stands = "" if found is _NOTHING else repr(found)[:_SHOWN]
        self.problems.append(Problem(shown(field), wrong, stands, self._document.line_of(at or field)))

    def _mapping(self, path: str, data: object) -> Mapping[str, Any]:
        if isinstance(data, dict) and all(isinstance(key, str) for key in data):
            return data
        self._refuse(path, f"must be a mapping, is {type(data).__name__}")
        return {}

    def _sequence(self, path: str, data: object) -> Sequence[object]:
        if isinstance(data, list):
            return data
        self._refuse(path, f"must be a list, is {type(data).__name__}")
        return ()

    def _text(self, path: str, data: object, pattern: re.Pattern[str] | None = None, form: str = "text") -> str:
        if isinstance(data, str) and data.strip() and (pattern is None or pattern.fullmatch(data)):
            return data.strip()
        self._refuse(path, f"must be {form}", str(data)[:_SHOWN])
        return ""

    def _flag(self, path: str, data: object) -> bool:
        if isinstance(data, bool):
            return data
        self._refuse(path, "must be true or false", data)
        return False

    def _word(self, path: str, data: object, words: type[Word]) -> Word | None:
        if isinstance(data, str) and data in words.__members__:
            return words[data]
        self._refuse(path, f"must be one of {', '.join(words)}", str(data)[:_SHOWN])
        return None

    def _words(self, path: str, data: object, words: type[Word]) -> tuple[Word, ...]:
        found = (self._word(f"{path}[{i}]", item, words) for i, item in enumerate(self._sequence(path, data)))
        return tuple(word for word in found if word is not None)

    def _refuse_unknown(self, path: str, data: Mapping[str, Any], known: set[str]) -> None:
        for key in sorted(set(data) - known):
            at = key if path == "the file" else f"{path}.{key}"
            self._refuse(path, f"{key[:_SHOWN]!r} is not known; known are {', '.join(sorted(known))}", at=at)
