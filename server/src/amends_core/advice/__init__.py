"""From the state of a conversation to the steps worth doing next: what is seen, what it weighs, what is said."""

from amends_core.advice.adviser import PHRASINGS, Advice, Adviser, StepAdvice
from amends_core.advice.avoidances import Avoidance
from amends_core.advice.repairs import Repair

__all__ = ["PHRASINGS", "Advice", "Adviser", "Avoidance", "Repair", "StepAdvice"]
