"""Finds the yardsticks: every module of this room that has a `YARDSTICK`."""

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import amends_eval.yardsticks
from amends_eval.errors import DatasetError, EvalError
from amends_eval.yardsticks.yardstick import Yardstick


@cache
def yardsticks() -> Mapping[str, Yardstick]:
    """Every yardstick by name, in alphabetical order."""
    modules = sorted(module.name for module in pkgutil.iter_modules(amends_eval.yardsticks.__path__))
    found = (getattr(importlib.import_module(f"amends_eval.yardsticks.{name}"), "YARDSTICK", None) for name in modules)
    return {each.name: each for each in found if each}


def chosen(names: Sequence[str], data: Path) -> list[Yardstick]:
    """The yardsticks of these names; without names, those whose folder is there.

    Raises:
        EvalError: there is no such yardstick.
        DatasetError: the data folder holds none of them.
    """
    if unknown := [name for name in names if name not in yardsticks()]:
        raise EvalError(f"no yardstick is named {unknown[0]!r}; there are {', '.join(yardsticks())}")
    if names:
        return [yardsticks()[name] for name in dict.fromkeys(names)]
    if found := [each for each in yardsticks().values() if (data / each.name).is_dir()]:
        return found
    raise DatasetError(f"{data} holds none of the folders {', '.join(yardsticks())}: see the recipes of the yardsticks")
