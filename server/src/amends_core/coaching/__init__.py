"""Follows a live conversation: what each event wants encoded, and the judgement, advice and fate that come of it.

Pure as the scorer is: events come in with their time, nothing is awaited, and no clock is read.
"""

from amends_core.coaching.coach import Answer, Coach, Move, Session
from amends_core.coaching.standing import Fate, Standing
from amends_core.coaching.token import StaleToken
from amends_core.coaching.turnstile import PARTIAL_INTERVAL_S, Arrival, patience_s

__all__ = [
    "PARTIAL_INTERVAL_S",
    "Answer",
    "Arrival",
    "Coach",
    "Fate",
    "Move",
    "Session",
    "StaleToken",
    "Standing",
    "patience_s",
]
