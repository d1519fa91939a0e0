"""Reads lists of phrases from YAML and tells every problem at once, each by file and line.

The tree is composed and never constructed: no tag of YAML makes an object. Messages name lines, not phrases.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import yaml

from amends_core.documents import Bounds, Unreadable, compose
from amends_core.errors import TeachingError
from amends_core.text import has_words, normalise

BOUNDS = Bounds("own phrases", "a few hundred phrases are enough", max_bytes=1_000_000, max_values=20_000)
MAX_CHARACTERS = 400
"""Of a phrase: longer ones are no single sentence."""
MAX_PHRASES = 200
"""Of one list."""
ALIKE = 0.8
"""Share of common letter triples from which two phrases of one list count as the same: they differ in a word or an
ending, and the encoder puts them in one place, so that the second teaches nothing."""
SCHEMA = 1
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_VERSION = re.compile(r"\d{1,6}\.\d{1,6}\.\d{1,6}")
_MOST_TOLD = 20
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase and where it stands."""

    text: str
    line: int
    """From 1."""

    @property
    def form(self) -> str:
        """Its words alone: what is left where case, punctuation, numbers of orders and spaces do not count."""
        return " ".join(_WORD.findall(normalise(self.text).casefold()))


class PhraseReader:
    """Reads one file and gathers problems instead of stopping at the first."""

    def __init__(self, source: str, text: str) -> None:
        """Composes `text`; `source` is its name in messages.

        Raises:
            TeachingError: the text is too large or too deep, or not YAML of plain lists and mappings.
        """
        self._source = source
        self._problems: list[str] = []
        try:
            self.root = compose(text, BOUNDS)
        except Unreadable as error:
            line = f":{error.problem.line}" if error.problem.line else ""
            raise TeachingError(f"{source}{line}: {error.problem.wrong}") from None

    def problem(self, line: int, what: str) -> None:
        """Notes what is wrong with a line, the limit and the remedy."""
        self._problems.append(f"{self._source}:{line}: {what}")

    def finish(self) -> None:
        """Ends the reading.

        Raises:
            TeachingError: there was a problem; lists the first twenty.
        """
        if self._problems:
            more = len(self._problems) - _MOST_TOLD
            told = [*self._problems[:_MOST_TOLD], *([f"and {more} more"] if more > 0 else [])]
            raise TeachingError("\n".join(told))

    def mapping(self, node: yaml.Node | None, what: str, known: Sequence[str]) -> Mapping[str, yaml.Node]:
        """The entries of a mapping whose keys are among `known`, each once."""
        if not isinstance(node, yaml.MappingNode):
            self.problem(line_of(node), f"{what} must be a mapping with the keys {', '.join(known)}")
            return {}
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.value not in known:
                self.problem(line_of(key), f"{what} has an unknown key; known are {', '.join(known)}")
            elif key.value in found:
                self.problem(line_of(key), f"{key.value} stands twice in {what}; bring both together")
            else:
                found[key.value] = value
        return found

    def heading(self, top: Mapping[str, yaml.Node]) -> tuple[str, str]:
        """Name and version, behind a schema that this release reads."""
        if self._scalar(top.get("schema")) != str(SCHEMA):
            self.problem(line_of(top.get("schema")), f"schema must be {SCHEMA}")
        name, version = self._scalar(top.get("name")), self._scalar(top.get("version"))
        if not _NAME.fullmatch(name):
            self.problem(line_of(top.get("name")), "name must be a lower-case word of letters, digits and _, up to 64")
        if not _VERSION.fullmatch(version):
            self.problem(line_of(top.get("version")), "version must be three numbers, such as 1.0.0")
        return name, version

    def phrases(self, node: yaml.Node | None, what: str) -> tuple[Phrase, ...]:
        """The phrases of a list that may be left out; equal and nearly equal ones are a problem."""
        if node is None:
            return ()
        if not isinstance(node, yaml.SequenceNode):
            self.problem(line_of(node), f"{what} must be a list of phrases")
            return ()
        if len(node.value) > MAX_PHRASES:
            self.problem(line_of(node), f"{what} holds {len(node.value)} phrases, at most {MAX_PHRASES}; keep the best")
            return ()
        found = tuple(phrase for item in node.value for phrase in self._phrase(item, what))
        self._refuse_alike(found, what)
        return found

    def sentence(self, node: yaml.Node | None, what: str) -> str:
        """A sentence about the whole, which must be there."""
        return next((phrase.text for phrase in self._phrase(node, what)), "")

    def refuse_contradictions(self, positive: Sequence[Phrase], negative: Sequence[Phrase], what: str) -> None:
        """Notes phrases that stand on both sides."""
        lines = {phrase.form: phrase.line for phrase in positive}
        for phrase in negative:
            if phrase.form in lines:
                where = lines[phrase.form]
                self.problem(
                    phrase.line, f"negative phrase of {what} is also positive, at line {where}; take one of them out"
                )

    def _phrase(self, node: yaml.Node | None, what: str) -> Iterator[Phrase]:
        text = self._scalar(node).strip()
        if not has_words(text):
            self.problem(line_of(node), f"{what} must be text with letters; quote what YAML reads otherwise")
        elif len(text) > MAX_CHARACTERS:
            limit = f"at most {MAX_CHARACTERS}; give one sentence"
            self.problem(line_of(node), f"a phrase of {what} has {len(text)} characters, {limit}")
        elif any(ord(c) < 32 or 0xD800 <= ord(c) < 0xE000 for c in text):
            self.problem(line_of(node), f"a phrase of {what} holds a control character; take it out")
        else:
            yield Phrase(text, line_of(node))

    def _refuse_alike(self, phrases: Sequence[Phrase], what: str) -> None:
        triples = [_triples(phrase.form) for phrase in phrases]
        for later, phrase in enumerate(phrases):
            for earlier in range(later):
                if _likeness(triples[earlier], triples[later]) >= ALIKE:
                    where = phrases[earlier].line
                    self.problem(
                        phrase.line, f"says nearly the same as line {where} of {what}; keep one, or word it otherwise"
                    )
                    break

    @staticmethod
    def _scalar(node: yaml.Node | None) -> str:
        return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def line_of(node: yaml.Node | None) -> int:
    """The line a node begins on, from 1; 1 for none."""
    return int(node.start_mark.line) + 1 if node is not None else 1


def _triples(form: str) -> frozenset[str]:
    padded = f" {form} "
    return frozenset(padded[i : i + 3] for i in range(len(padded) - 2))


def _likeness(a: frozenset[str], b: frozenset[str]) -> float:
    """Common letter triples over all of both.

    Source: Jaccard (1912), New Phytologist 11(2), over letter triples.
    """
    return len(a & b) / len(a | b)
