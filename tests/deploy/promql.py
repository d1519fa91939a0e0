"""Expressions of rules and dashboards, taken apart."""

import re
from collections.abc import Iterator
from typing import Any

import promql_parser

_COMPARISONS = {"==", "!=", ">", "<", ">=", "<="}
_BRACES = re.compile(r"(\{[^}]*\})")


def filled(expression: str, interval: str = "1m") -> str:
    """An expression with what Grafana fills in."""
    return expression.replace("$__rate_interval", interval).replace("$namespace", ".*").replace("$job", ".*")


def nodes(tree: Any) -> Iterator[Any]:
    """Every part of a parsed expression, itself included."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for name in ("expr", "lhs", "rhs", "vector_selector", "param"):
            child = getattr(node, name, None)
            if child is not None and not isinstance(child, str):
                waiting.append(child)
        waiting += list(getattr(node, "args", None) or ())


def selectors(expression: str) -> Iterator[Any]:
    """The vector selectors in an expression, wherever they stand."""
    for node in nodes(promql_parser.parse(filled(expression))):
        if isinstance(node, promql_parser.VectorSelector):
            yield node


def compared(expression: str) -> Iterator[str]:
    """Both sides of each comparison in an expression, but for those that are numbers."""
    for node in nodes(promql_parser.parse(expression)):
        if str(getattr(node, "op", "")) in _COMPARISONS:
            for side in (str(node.lhs), str(node.rhs)):
                if any(selectors(side)):
                    yield side


def without_thresholds(expression: str) -> str:
    """The same expression, holding at any value: what is left has to be there, and its labels have to match."""
    text = re.sub(r"#.*", "", expression)
    parts = _BRACES.split(text)
    parts[::2] = [re.sub(r"==|!=|>=|<=|>|<", r"\g<0> bool", part).replace("unless", "and") for part in parts[::2]]
    return "".join(parts)
