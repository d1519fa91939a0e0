"""The contact centre as data: `profiles.yaml`, read and checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from benchmarks.outcomes import Phase


@dataclass(frozen=True, slots=True)
class Stretch:
    """A phase as parts of the run."""

    name: str
    start: float
    end: float
    has_objective: bool = False

    def at(self, started: float, seconds: float) -> Phase:
        """The phase of a run that began at `started` (monotonic) and lasts so long."""
        return Phase(self.name, started + self.start * seconds, started + self.end * seconds)


@dataclass(frozen=True, slots=True)
class Centre:
    """How a contact centre works. Each field is explained, with its source, in `profiles.yaml`."""

    slots: int
    busy_slots: float
    chat_seconds: float
    turns: float
    gap_sigma: float
    connections: int
    timeout_s: float
    objective_p99_ms: float
    objective_error_share: float

    @property
    def gap_s(self) -> float:
        """Mean seconds between two turns of a chat."""
        return self.chat_seconds / self.turns

    @property
    def idle_s(self) -> float:
        """Mean seconds that a slot stays empty between two chats."""
        return self.chat_seconds * (self.slots / self.busy_slots - 1)


@dataclass(frozen=True, slots=True)
class Profile:
    """A day of the centre."""

    name: str
    about: str
    seconds: float
    """How long it runs where it is not told otherwise."""
    agents: int
    shape: Sequence[tuple[float, float]]
    """Points of (part of the run, multiple of `agents`)."""
    stretches: Sequence[Stretch]
    timeout_s: float
    wait_for_ready: bool = False
    killed: float | None = None
    """Part of the run after which the service dies; None: it does not."""
    back: float | None = None
    bulk: Stretch | None = None
    bulk_items: int = 0

    def agents_at(self, part: float) -> int:
        """Agents at work at a part of the run, 0 to 1."""
        for (left, low), (right, high) in zip(self.shape, self.shape[1:], strict=False):
            if part <= right:
                return round(self.agents * (low + (high - low) * (part - left) / (right - left)))
        return round(self.agents * self.shape[-1][1])

    @property
    def most_agents(self) -> int:
        """Agents at the height of the day."""
        return round(self.agents * max(factor for _, factor in self.shape))


@cache
def load_centre() -> tuple[Centre, Mapping[str, Profile]]:
    """The centre and its profiles by name."""
    data = yaml.safe_load((Path(__file__).parent / "profiles.yaml").read_text(encoding="utf-8"))
    centre = Centre(**data["centre"])
    return centre, {name: _profile(name, centre, found) for name, found in data["profiles"].items()}


def _profile(name: str, centre: Centre, data: Mapping[str, Any]) -> Profile:
    bulk = data.get("bulk")
    return Profile(
        name=name,
        about=data["about"],
        seconds=data["seconds"],
        agents=data["agents"],
        shape=[(part, factor) for part, factor in data["shape"]],
        stretches=[
            Stretch(phase, each["from"], each["to"], each.get("objective", False))
            for phase, each in data["phases"].items()
        ],
        timeout_s=data.get("timeout_s", centre.timeout_s),
        wait_for_ready=data.get("wait_for_ready", False),
        killed=data.get("killed"),
        back=data.get("back"),
        bulk=Stretch("bulk", bulk["from"], bulk["to"]) if bulk else None,
        bulk_items=bulk["items"] if bulk else 0,
    )
