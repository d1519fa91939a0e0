"""A live conversation in the small world, with a count of what was encoded."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from amends_core.coaching import Answer, Coach, Move, Session
from amends_core.conversation import Turn
from amends_core.taxonomy import Role
from core_builders import World


@dataclass(frozen=True, slots=True)
class Event:
    """A turn, whole or still being written."""

    turn: Turn
    partial: bool = False


def says(text: str) -> Event:
    return Event(Turn(Role.CUSTOMER, text))


def replies(text: str, speaker_id: str = "") -> Event:
    return Event(Turn(Role.AGENT, text, speaker_id=speaker_id))


def writing(event: Event) -> Event:
    return Event(event.turn, partial=True)


class Live:
    """One conversation, event by event."""

    def __init__(self, world: World, coach: Coach | None = None, playbook: str = "") -> None:
        self.world = world
        self.coach = coach or Coach(world.scorer, "model-a")
        self.encoded: list[str] = []
        self.playbook = playbook
        self.session: Session

    def open(self, *turns: Turn, token: bytes = b"") -> Answer:
        return self._play(self.coach.opened(turns, self.playbook, token=token))

    def play(self, event: Event) -> Answer:
        take: Callable[[Session, Turn], Move] = self.coach.written if event.partial else self.coach.said
        return self._play(take(self.session, event.turn))

    def play_all(self, events: Sequence[Event]) -> list[Answer]:
        return [self.play(event) for event in events]

    @property
    def token(self) -> bytes:
        return self.coach.token(self.session)

    def _play(self, move: Move) -> Answer:
        self.encoded += move.texts
        self.session, answer = self.coach.answer(move, {text: self.world.encoder.encode(text) for text in move.texts})
        return answer
