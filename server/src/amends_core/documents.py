"""From YAML text that anybody may have written to plain data, with the line of every field.

Aliases, tags, several documents and keys given twice are refused: no file of ours needs any of them, and aliases nested
in aliases can stand for more data than fits a machine. Depth is bounded before anything is composed: the C library
composes by recursion, and where that ends the process ends with it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml

MAX_DEPTH = 8
"""A playbook nests five deep: file, exemplars, step, phrase, and brackets within remedy_after."""
MAX_NUMBER = 100
"""Characters of a number: to read a longer one may take minutes (1:59:59… counts in sixties), or overflow."""
MOST_SHOWN = 120
"""Characters of a field's path that a message shows."""
_NUMBER = re.compile(r"[-+]?\.?[0-9][-+.:_0-9a-fA-FxX]*")
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


class Unreadable(ValueError):
    """A text that is no YAML that a file of its kind may hold."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a file of one kind may hold at most."""

    kind: str
    """Such as `a playbook`."""
    advice: str
    """What to do about one that is too large."""
    max_bytes: int
    max_values: int
    """Values and keys."""

    @property
    def too_large(self) -> Problem:
        """What is wrong with a file of more bytes."""
        return Problem("", f"larger than {self.max_bytes} bytes; {self.advice}")


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


def read_document(text: str, bounds: Bounds) -> Document:
    """Reads one YAML document of lists, mappings and plain values.

    Raises:
        Unreadable: it is too large or too deep, no YAML, or uses what is refused; the first such place.
    """
    node = compose(text, bounds)
    if node is None:
        return Document(None, {})
    lines = dict(_lines(node, ""))
    try:
        return Document(_Values("").construct_document(node), lines)
    except yaml.MarkedYAMLError as error:
        raise _unreadable(error, bounds) from None


def compose(text: str, bounds: Bounds) -> yaml.Node | None:
    """The tree of one YAML document, whose values are still text; None where there is nothing.

    Raises:
        Unreadable: as `read_document`, but for values that mean nothing and keys given twice.
    """
    if len(text.encode("utf-8", "surrogatepass")) > bounds.max_bytes:
        raise Unreadable(bounds.too_large)
    try:
        _refuse_hostile(text, bounds)
        node: yaml.Node | None = yaml.compose(text, Loader=yaml.CSafeLoader)
        return node
    except yaml.MarkedYAMLError as error:
        raise _unreadable(error, bounds) from None
    except (yaml.YAMLError, UnicodeEncodeError):
        raise _invalid(bounds, "it holds a character that YAML does not allow; take it out", 0) from None


def shown(field: str) -> str:
    """A field's path as a terminal may show it: keys come from the file, and may be long or hold control codes."""
    return field if len(field) <= MOST_SHOWN and field.isprintable() else repr(field[:MOST_SHOWN])


class _Values(yaml.CSafeLoader):
    """Makes values of nodes; one that cannot be made is told with its line."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> object:
        try:
            return super().construct_object(node, deep)
        except ValueError:  # a day that no calendar has, a number without digits
            wrong = "it holds a number or a date that cannot be read without quotes around it"
            raise yaml.MarkedYAMLError(problem=wrong, problem_mark=node.start_mark) from None


def _unreadable(error: yaml.MarkedYAMLError, bounds: Bounds) -> Unreadable:
    line = error.problem_mark.line + 1 if error.problem_mark else 0
    return _invalid(bounds, f"{error.problem}; mend it there", line)


def _invalid(bounds: Bounds, reason: str, line: int) -> Unreadable:
    return Unreadable(Problem("", f"not valid YAML for {bounds.kind}: {reason}", line=line))


def _refuse_hostile(text: str, bounds: Bounds) -> None:
    depth = values = documents = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        depth += isinstance(event, _OPENING) - isinstance(event, _CLOSING)
        values += isinstance(event, yaml.NodeEvent)
        documents += isinstance(event, yaml.DocumentStartEvent)
        wrong = _hostile(event) or _excess(bounds, depth, values, documents)
        if wrong:
            raise _invalid(bounds, wrong, event.start_mark.line + 1 if event.start_mark else 0)


def _hostile(event: yaml.Event) -> str:
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        return "anchors (&) and aliases (*) are not allowed; write it out, or put it in quotes"
    if getattr(event, "tag", None):
        return "tags (!) are not allowed; take it out, or put it in quotes"
    if isinstance(event, yaml.ScalarEvent) and _is_long_number(event):
        return f"holds a number of more than {MAX_NUMBER} characters; shorten it, or put it in quotes"
    return ""


def _is_long_number(event: yaml.ScalarEvent) -> bool:
    is_quoted = not event.implicit[0]
    return not is_quoted and len(event.value) > MAX_NUMBER and _NUMBER.fullmatch(event.value) is not None


def _excess(bounds: Bounds, depth: int, values: int, documents: int) -> str:
    if documents > 1:
        return "holds a second document (---); give each a file of its own"
    if depth > MAX_DEPTH:
        return f"nested deeper than {MAX_DEPTH}, which {bounds.kind} never needs; close what is open before it"
    return f"holds more than {bounds.max_values} values; {bounds.advice}" if values > bounds.max_values else ""


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
