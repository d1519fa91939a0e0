"""From YAML text that anybody may have written to plain data, with the line of every field.

Aliases, tags, several documents and keys given twice are refused: a playbook needs none of them, and aliases nested
in aliases can stand for more data than fits a machine.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml

MAX_BYTES = 1_000_000
MAX_DEPTH = 8
"""A playbook nests five deep: file, exemplars, step, phrase, and brackets within remedy_after."""
MAX_VALUES = 20_000
"""Values and keys of a file: a thousand phrases a step would fit."""
MOST_SHOWN = 120
"""Characters of a field's path that a message shows."""
_OPENING = (yaml.SequenceStartEvent, yaml.MappingStartEvent)
_CLOSING = (yaml.SequenceEndEvent, yaml.MappingEndEvent)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a field of a file."""

    field: str
    """Its path, such as `stages[0].pause`; empty where the whole file is meant."""
    wrong: str
    """The limit, and what to do; never a value of the file."""
    found: str = ""
    """What stands there instead, cut; empty where it says nothing."""
    line: int = 0
    """From 1; 0 where the file has no line for it."""

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line else ""
        field = f"{self.field}: " if self.field else ""
        return f"{place}{field}{self.wrong}{f', is {self.found}' if self.found else ''}"


TOO_LARGE = Problem("", f"larger than {MAX_BYTES} bytes; a playbook is a page or two")


class Unreadable(ValueError):
    """A text that is no YAML that a playbook may hold."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Document:
    """What a file holds."""

    data: object
    lines: Mapping[str, int]
    """Line of each field from 1, by its path."""

    def line_of(self, field: str) -> int:
        """The line of a field or, where it is not there, of what it would stand in; 0 where that is the file."""
        while field and field not in self.lines:
            field = field[: max(field.rfind("."), field.rfind("["), 0)]
        return self.lines.get(field, 0)


def read_document(text: str) -> Document:
    """Reads one YAML document of lists, mappings and plain values.

    Raises:
        Unreadable: it is too large or too deep, no YAML, or uses what is refused; the first such place.
    """
    if len(text.encode()) > MAX_BYTES:
        raise Unreadable(TOO_LARGE)
    try:
        _refuse_hostile(text)
        loader = yaml.CSafeLoader(text)
        node = loader.get_single_node()
        lines = dict(_lines(node, "")) if node is not None else {}
        return Document(loader.construct_document(node) if node is not None else None, lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise Unreadable(_invalid(str(error.problem), mark.line + 1 if mark else 0)) from None
    except yaml.YAMLError:
        raise Unreadable(_invalid("it holds a character that YAML does not allow", 0)) from None
    except ValueError as error:  # a number of too many digits, a day that no calendar has
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(_invalid("it holds a number or a date that cannot be read; put it in quotes", 0)) from None


def shown(field: str) -> str:
    """A field's path as a terminal may show it: keys come from the file, and may be long or hold control codes."""
    return field if len(field) <= MOST_SHOWN and field.isprintable() else repr(field[:MOST_SHOWN])


def _invalid(reason: str, line: int) -> Problem:
    return Problem("", f"not valid YAML for a playbook: {reason}", line=line)


def _refuse_hostile(text: str) -> None:
    depth = values = documents = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        depth += isinstance(event, _OPENING) - isinstance(event, _CLOSING)
        values += isinstance(event, yaml.NodeEvent)
        documents += isinstance(event, yaml.DocumentStartEvent)
        wrong = _hostile(event, depth, values, documents)
        if wrong:
            raise Unreadable(_invalid(wrong, event.start_mark.line + 1 if event.start_mark else 0))


def _hostile(event: yaml.Event, depth: int, values: int, documents: int) -> str:
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        return "anchors (&) and aliases (*) are not allowed; write it out, or put it in quotes"
    if getattr(event, "tag", None):
        return "tags (!) are not allowed; take it out, or put it in quotes"
    if documents > 1:
        return "holds a second document (---); give each playbook a file of its own"
    if depth > MAX_DEPTH:
        return f"nested deeper than {MAX_DEPTH}; a playbook needs five"
    return f"holds more than {MAX_VALUES} values; a playbook is a page or two" if values > MAX_VALUES else ""


def _lines(node: yaml.Node, path: str) -> Iterator[tuple[str, int]]:
    """The line of the node and of all below it. Raises Unreadable where a key is given twice."""
    if path:
        yield path, node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        for index, child in enumerate(node.value):
            yield from _lines(child, f"{path}[{index}]")
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, child in node.value:
            if str(key.value) in seen:
                wrong = "is given twice; a mapping keeps one of each key"
                raise Unreadable(Problem(shown(f"{path}.{key.value}".lstrip(".")), wrong, line=key.start_mark.line + 1))
            seen.add(str(key.value))
            yield from _lines(child, f"{path}.{key.value}".lstrip("."))
