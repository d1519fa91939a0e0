"""The vocabulary: steps, missteps, acts, strengths. The single source; a test holds the contract to it."""

from enum import IntEnum, StrEnum


class Step(StrEnum):
    """A recovery step: what a sentence of the agent does to win the customer back."""

    LISTEN = "LISTEN"
    THANK = "THANK"
    CLARIFY = "CLARIFY"
    REFLECT = "REFLECT"
    EMPATHIZE = "EMPATHIZE"
    APOLOGIZE = "APOLOGIZE"
    TAKE_OWNERSHIP = "TAKE_OWNERSHIP"
    STATE_LIMITS = "STATE_LIMITS"
    TAKE_ACTION = "TAKE_ACTION"
    GO_FURTHER = "GO_FURTHER"
    CHECK_SATISFACTION = "CHECK_SATISFACTION"
    FOLLOW_UP = "FOLLOW_UP"
    APPRECIATE = "APPRECIATE"


class Misstep(StrEnum):
    """What harms. The first ten belong to a sentence, the rest to a reply in its conversation."""

    BLAME_CUSTOMER = "BLAME_CUSTOMER"
    DISMISS_FEELING = "DISMISS_FEELING"
    BLAME_OTHERS = "BLAME_OTHERS"
    PASS_THE_BUCK = "PASS_THE_BUCK"
    NON_APOLOGY = "NON_APOLOGY"
    DEFEND = "DEFEND"
    SELF_FOCUS = "SELF_FOCUS"
    SCRIPTED = "SCRIPTED"
    AUTOMATED_SURVEY = "AUTOMATED_SURVEY"
    HOSTILITY = "HOSTILITY"
    SOLVE_TOO_LATE = "SOLVE_TOO_LATE"
    OVER_APOLOGIZED = "OVER_APOLOGIZED"
    SOLVE_TOO_SOON = "SOLVE_TOO_SOON"
    MISHEARD = "MISHEARD"
    NO_PAUSE = "NO_PAUSE"
    REPEATED = "REPEATED"


class CustomerAct(StrEnum):
    """What the customer does in a message."""

    VENT = "VENT"
    EXPLAIN = "EXPLAIN"
    ASK = "ASK"
    CONFIRM = "CONFIRM"
    CORRECT = "CORRECT"
    ACCEPT = "ACCEPT"
    REJECT = "REJECT"
    SATISFIED = "SATISFIED"


class Expectation(StrEnum):
    """Whether a step is called for at this point of the conversation."""

    EXPECTED = "EXPECTED"
    WELCOME = "WELCOME"
    NOT_NOW = "NOT_NOW"


class Role(StrEnum):
    """Who wrote a turn."""

    CUSTOMER = "CUSTOMER"
    AGENT = "AGENT"


class Strength(IntEnum):
    """How well a step is made: absent, generic or hedged, specific and complete."""

    ABSENT = 0
    WEAK = 1
    STRONG = 2


class Severity(IntEnum):
    """How much a misstep harms."""

    MINOR = 1
    MAJOR = 2
    GRAVE = 3


STEPS: tuple[Step, ...] = tuple(Step)
MISSTEPS: tuple[Misstep, ...] = tuple(Misstep)
SENTENCE_MISSTEPS: tuple[Misstep, ...] = MISSTEPS[:10]
CONVERSATION_MISSTEPS: tuple[Misstep, ...] = MISSTEPS[10:]
CUSTOMER_ACTS: tuple[CustomerAct, ...] = tuple(CustomerAct)

Label = Step | Misstep

SENTENCE_LABELS: tuple[Label, ...] = (*STEPS, *SENTENCE_MISSTEPS)
"""What one sentence of an agent can carry."""
