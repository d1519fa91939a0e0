"""What is expected of a model: the bars, and whether a figure reaches them. Reports show it and gates enforce it."""

import math
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import Field, TypeAdapter, ValidationError, model_validator

from amends_eval.errors import EvalError
from amends_eval.questions import Model
from amends_eval.suites.suite import Metric, SuiteResult

SHIPPED = Path(__file__).with_name("bars.yaml")


class Light(StrEnum):
    """How a figure stands to its bar; the value is the word that people see."""

    AIM_MET = "aim met"
    MET = "met"
    MISSED = "missed"
    NOT_MEASURED = "not measured"


class Bar(Model):
    """What one metric must reach, and what is hoped for."""

    metric: str = Field(pattern=r"^[^:\s]+:\S.*$")
    """`suite:metric`, as records name them."""
    bar: float
    aim: float
    """At least as hard as the bar."""
    direction: Literal["at_least", "at_most"]
    source: str = Field(pattern=r"^[^\n]+$")
    """What is expected, and who says so: one line."""

    @model_validator(mode="after")
    def _aim_is_harder(self) -> Self:
        if not self._reaches(self.aim, self.bar):
            raise ValueError(f"the aim {self.aim:g} is easier than the bar {self.bar:g}: swap them or the direction")
        return self

    @property
    def suite(self) -> str:
        """The suite that measures it."""
        return self.metric.partition(":")[0]

    @property
    def name(self) -> str:
        """The metric's name within its suite."""
        return self.metric.partition(":")[2]

    def judge(self, value: float | None) -> Light:
        """How a value stands; None, and what is no finite number, was not measured."""
        if value is None or not math.isfinite(value):
            return Light.NOT_MEASURED
        if self._reaches(value, self.aim):
            return Light.AIM_MET
        return Light.MET if self._reaches(value, self.bar) else Light.MISSED

    def found_in(self, suites: Mapping[str, SuiteResult]) -> Metric | None:
        """The metric that it speaks of; None where no suite measured it."""
        result = suites.get(self.suite)
        return next((metric for metric in result.metrics if metric.name == self.name), None) if result else None

    def _reaches(self, value: float, goal: float) -> bool:
        return value >= goal if self.direction == "at_least" else value <= goal


_BARS: TypeAdapter[tuple[Bar, ...]] = TypeAdapter(tuple[Bar, ...])


def load_bars(path: Path | None = None) -> tuple[Bar, ...]:
    """Reads bars, in the order of the file.

    Args:
        path: a YAML list of bars; None: those that ship.

    Raises:
        EvalError: the file cannot be read, breaks the schema or names a metric twice.
    """
    path = path or SHIPPED
    try:
        bars = _BARS.validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise EvalError(f"cannot read bars from {path}: {error}") from error
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, problem["loc"])) or "the file"
        raise EvalError(f"{path.name}: {where}: {problem['msg']} (bars are counted from 0)") from None
    if twice := [metric for metric, count in Counter(bar.metric for bar in bars).items() if count > 1]:
        raise EvalError(f"{path.name}: {twice[0]} has two bars: keep one")
    return bars
