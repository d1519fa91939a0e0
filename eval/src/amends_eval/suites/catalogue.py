"""Finds the suites: every module of this room that has a `SUITE`."""

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from functools import cache

import amends_eval.suites
from amends_eval.errors import EvalError
from amends_eval.suites.suite import Suite

QUICK_LIMIT = 60
"""Rows of each dataset that `quick` takes."""


@cache
def suites() -> Mapping[str, Suite]:
    """Every suite by name, in alphabetical order."""
    modules = (module.name for module in pkgutil.iter_modules(amends_eval.suites.__path__))
    found = (getattr(importlib.import_module(f"amends_eval.suites.{name}"), "SUITE", None) for name in modules)
    return {suite.name: suite for suite in sorted((s for s in found if s), key=lambda suite: suite.name)}


def chosen(names: Sequence[str]) -> list[Suite]:
    """The suites of these names; `all` and `quick` mean every one.

    Raises:
        EvalError: there is no such suite.
    """
    if {"all", "quick"} & set(names):
        return list(suites().values())
    if unknown := [name for name in names if name not in suites()]:
        raise EvalError(f"no suite is named {unknown[0]!r}; there are {', '.join(suites())}, all and quick")
    return [suites()[name] for name in dict.fromkeys(names)]
