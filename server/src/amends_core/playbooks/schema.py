"""A playbook: one practitioner's way of winning a customer back, as data."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from amends_core.taxonomy import CustomerAct, Misstep, Step


class Occasion(StrEnum):
    """When a stage is called for."""

    ALWAYS = "ALWAYS"
    UPSET = "UPSET"
    PROBLEM = "PROBLEM"
    UNSATISFIED = "UNSATISFIED"
    REMEDIED = "REMEDIED"
    CLOSING = "CLOSING"


class Order(StrEnum):
    """How the order of the stages binds."""

    RULE = "RULE"
    PREFERENCE = "PREFERENCE"


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage: its steps, when it is called for, and what lets the conversation leave it."""

    name: str
    steps: tuple[Step, ...]
    occasion: Occasion = Occasion.PROBLEM
    optional_steps: tuple[Step, ...] = ()
    """Steps of it that are welcome and never missed."""
    advance_on: tuple[CustomerAct, ...] = ()
    """The customer acts after which it may be left; empty: any."""
    pause: bool = False
    """Whether the agent is silent after it."""
    until_calm: bool = False
    """Whether it is gone back to while the customer is upset."""
    required_steps: tuple[Step, ...] = field(init=False, repr=False, compare=False)
    """Its steps without the optional ones."""

    def __post_init__(self) -> None:
        required = tuple(step for step in self.steps if step not in self.optional_steps)
        object.__setattr__(self, "required_steps", required)


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a playbook; one that is false, zero or empty does not apply."""

    remedy_after: tuple[tuple[Step, ...], ...] = ()
    """An upset customer gets no remedy before one step of each of these groups was made."""
    max_apologies: int = 2
    """An apology past so many adds nothing; 0 sets no bound."""
    apology_names_nobody: bool = False
    """An apology that names a person, product or process is worth less."""
    action_needs_time: bool = False
    """A remedy without a time is worth less than elsewhere."""
    satisfaction_by_person: bool = False
    """A survey is a major misstep."""
    reflection_is_confirmed: bool = False
    """A restatement asks for a yes, and no remedy comes in its turn."""
    exception_allowed: bool = False
    """Something beyond the rules is due once the customer turned a limit down."""
    self_disclosure_allowed: bool = False
    """One short disclosure of the same feeling is no misstep."""

    def allow_remedy(self, done: Container[Step]) -> bool:
        """Whether the steps made so far let an upset customer be given a remedy."""
        return all(any(step in done for step in group) for group in self.remedy_after)


@dataclass(frozen=True, slots=True)
class Playbook:
    """A playbook, checked."""

    name: str
    version: str
    title: str
    summary: str
    order: Order
    stages: tuple[Stage, ...]
    rules: Rules
    grave_missteps: tuple[Misstep, ...]
    exemplars: Mapping[Step, tuple[str, ...]]
    sha256: str = ""
    """Of its file's text, in hexadecimal; empty where it was made without a file."""
    _stages_of: Mapping[Step, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        last_first = [(step, index) for index, stage in enumerate(self.stages) for step in stage.steps][::-1]
        object.__setattr__(self, "_stages_of", dict(last_first))

    @property
    def steps(self) -> frozenset[Step]:
        """Every step that one of its stages names."""
        return frozenset(self._stages_of)

    def stage_of(self, step: Step) -> int | None:
        """Index of the first stage that names the step; None where none does."""
        return self._stages_of.get(step)
