"""The contract's words as people read them, and the colours they carry."""

from collections.abc import Mapping

from amends.v1 import judgement_pb2, taxonomy_pb2
from google.protobuf.descriptor import EnumDescriptor

GOOD = "green"
BAD = "red"
QUIET = "bright_black"

_VERDICTS: Mapping[int, tuple[str, str]] = {
    taxonomy_pb2.VERDICT_UNSURE: ("unsure", "magenta"),
    taxonomy_pb2.VERDICT_HARMS: ("harms", "red"),
    taxonomy_pb2.VERDICT_FALLS_SHORT: ("falls short", "yellow"),
    taxonomy_pb2.VERDICT_PARTLY: ("makes amends in part", "cyan"),
    taxonomy_pb2.VERDICT_MAKES_AMENDS: ("makes amends", "green"),
}


def word(kind: EnumDescriptor, number: int) -> str:
    """Gives a value of an enum in small letters: `STEP_TAKE_ACTION` is "take action"."""
    value = kind.values_by_number.get(number)
    if value is None:
        return f"unknown ({number})"
    prefix = kind.values[0].name.removesuffix("UNSPECIFIED")
    return str(value.name).removeprefix(prefix).replace("_", " ").lower()


def step_word(step: int) -> str:
    """Gives a step in small letters."""
    return word(taxonomy_pb2.Step.DESCRIPTOR, step)


def misstep_word(misstep: int) -> str:
    """Gives a misstep in small letters."""
    return word(taxonomy_pb2.Misstep.DESCRIPTOR, misstep)


def verdict_word(verdict: int) -> tuple[str, str]:
    """Gives a verdict in words, and its colour."""
    return _VERDICTS.get(verdict, (word(taxonomy_pb2.Verdict.DESCRIPTOR, verdict), QUIET))


def customer_words(signals: judgement_pb2.CustomerSignals) -> str:
    """Says how the customer is."""
    return f"upset {signals.upset:.2f}, {act_words(signals)}"


def act_words(signals: judgement_pb2.CustomerSignals) -> str:
    """Says what the customer does, with the probability of it."""
    return f"{word(taxonomy_pb2.CustomerAct.DESCRIPTOR, signals.act)} {signals.act_probability:.2f}"
