"""From the state of a conversation to the steps worth doing next: what is seen, what it weighs, what is said."""

from amends_core.advice.adviser import PHRASINGS, Advice, Adviser, Avoidance, StepAdvice

__all__ = ["PHRASINGS", "Advice", "Adviser", "Avoidance", "StepAdvice"]
