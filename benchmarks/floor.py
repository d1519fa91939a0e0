"""The floor as one finds it: which chats are under way when a run begins, told to the service beforehand.

A service that runs has read the chats of its floor turn by turn as they were written. So what was said in them is sent
before anything is measured; otherwise every chat of the first minutes would come with a history that no cache holds,
which happens to a replica only where chats are moved to it from another.
"""

import asyncio
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from amends.v1 import empathy_service_pb2 as pb

from benchmarks.caller import Caller, call_of
from benchmarks.centre import Centre
from benchmarks.texts import Conversation, Script

_TELLERS = 8
_TOLD_WITHIN_S = 30.0
_SEED = 17


@dataclass(frozen=True, slots=True)
class Place:
    """One place for a chat on an agent's screen: empty, or somewhere in a conversation."""

    chat: Conversation | None = None
    turn: int = 0
    """How many turns of it are over."""


def places(centre: Centre) -> Iterator[Place]:
    """The places of a floor, without end, the same each time."""
    script, lots = Script(_SEED), random.Random(_SEED)
    while True:
        if lots.random() >= centre.busy_slots / centre.slots:
            yield Place()
            continue
        chat = script.conversation()
        yield Place(chat, lots.randrange(len(chat.turns)))


async def tell(target: str, floor: Iterable[Place]) -> None:
    """Has the service read what was said so far in every chat.

    Raises:
        RuntimeError: it would not read one.
    """
    calls = iter(
        call_of(pb.NextStepRequest(turns=place.chat.messages(place.turn)), priority="bulk")
        for place in floor
        if place.chat is not None and place.turn
    )

    async def teller(caller: Caller) -> None:
        for call in calls:
            outcome = await caller.send(call, timeout_s=_TOLD_WITHIN_S)
            if outcome.reason:
                raise RuntimeError(f"a chat could not be told: {outcome.reason}")

    async with Caller(target) as caller:
        await asyncio.gather(*(teller(caller) for _ in range(_TELLERS)))
