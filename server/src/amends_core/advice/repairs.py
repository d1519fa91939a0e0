"""How to mend the missteps of the agent's last turn."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from amends_core.conversation import State
from amends_core.judgement import Place
from amends_core.playbooks import Playbook
from amends_core.taxonomy import MISSTEPS, Misstep, Step


@dataclass(frozen=True, slots=True)
class Repair:
    """A misstep that was just made, and how to mend it."""

    misstep: Misstep
    places: tuple[Place, ...]
    """The sentences that made it; turns of the conversation."""
    text: str
    """What it did and what to do about it, in one sentence."""
    example: str
    """What to say."""
    steps: frozenset[Step]
    """The steps that mend it."""


@dataclass(frozen=True, slots=True)
class _Mending:
    """What a misstep did, and what takes it back."""

    did: str
    """What the agent's last turn did, after "Your last turn"."""
    how: str
    example: str
    steps: frozenset[Step]


_MENDING: Mapping[Misstep, _Mending] = {
    Misstep.BLAME_CUSTOMER: _Mending(
        "blamed the customer",
        "take it back before anything else",
        "I should not have put that on you, and I'm sorry.",
        frozenset({Step.APOLOGIZE, Step.TAKE_OWNERSHIP}),
    ),
    Misstep.DISMISS_FEELING: _Mending(
        "played the feeling down",
        "take it back, and let the customer feel it",
        "I should not have brushed that aside. Of course this upsets you.",
        frozenset({Step.APOLOGIZE, Step.EMPATHIZE, Step.LISTEN}),
    ),
    Misstep.BLAME_OTHERS: _Mending(
        "put the fault on others",
        "take it on for the company, without naming who",
        "However it happened, it's ours to put right, and I'll see to it.",
        frozenset({Step.APOLOGIZE, Step.TAKE_OWNERSHIP}),
    ),
    Misstep.PASS_THE_BUCK: _Mending(
        "sent the customer elsewhere",
        "take the matter back and keep it",
        "Forgive me, you should not have to chase this; I'll do it for you.",
        frozenset({Step.APOLOGIZE, Step.TAKE_OWNERSHIP, Step.TAKE_ACTION}),
    ),
    Misstep.NON_APOLOGY: _Mending(
        "apologised with an if or a but",
        "apologise again, for what happened and without either",
        "Let me say that properly: I'm sorry for what happened.",
        frozenset({Step.APOLOGIZE}),
    ),
    Misstep.DEFEND: _Mending(
        "argued or hid behind policy",
        "stop explaining, and turn to what this means for the customer",
        "I went straight to the rules, and that was no help; I can see how hard this has been on you.",
        frozenset({Step.APOLOGIZE, Step.EMPATHIZE, Step.LISTEN, Step.REFLECT}),
    ),
    Misstep.SELF_FOCUS: _Mending(
        "spoke of your own troubles",
        "turn back to the customer's",
        "That was about me, and this is about you; please tell me what it has meant for you.",
        frozenset({Step.EMPATHIZE, Step.LISTEN, Step.REFLECT}),
    ),
    Misstep.SCRIPTED: _Mending(
        "could have been sent to anyone",
        "say what happened to this customer in your own words",
        "Let me put it in my own words, so that you can tell me whether I have understood.",
        frozenset({Step.REFLECT, Step.EMPATHIZE, Step.CLARIFY}),
    ),
    Misstep.AUTOMATED_SURVEY: _Mending(
        "left the question of satisfaction to a survey",
        "ask it yourself",
        "Let me ask you myself: are you happy with how this was solved?",
        frozenset({Step.CHECK_SATISFACTION}),
    ),
    Misstep.HOSTILITY: _Mending(
        "was rude, sarcastic or impatient",
        "apologise for it before anything else",
        "That was no way to speak to you, and I apologise.",
        frozenset({Step.APOLOGIZE}),
    ),
}
"""Of every misstep that a sentence can make."""


def repairs_of(playbook: Playbook, state: State) -> tuple[Repair, ...]:
    """What of the agent's last turn is to be mended: what the playbook holds grave first, then as in the taxonomy.

    Nothing where the customer has answered it and is content.
    """
    if state.is_content and state.moments[-1].turn_index > state.last_agent_turn:
        return ()
    made = sorted(state.missteps, key=lambda m: (m not in playbook.grave_missteps, MISSTEPS.index(m)))
    return tuple(_repair(misstep, state) for misstep in made)


def mended_by(step: Step, repairs: Iterable[Repair]) -> str:
    """What a step mends of the agent's last turn, as a sentence; empty where it mends nothing of it."""
    first = next((repair.misstep for repair in repairs if step in repair.steps), None)
    return f"Your last turn {_MENDING[first].did}, and this mends it." if first else ""


def _repair(misstep: Misstep, state: State) -> Repair:
    made = (
        Place(sentence.turn_index, sentence.span)
        for sentence in state.sentences
        if sentence.turn_index == state.last_agent_turn and misstep in sentence.reading.claimed
    )
    mending = _MENDING[misstep]
    text = f"Your last turn {mending.did}: {mending.how}."
    return Repair(misstep, tuple(made), text, mending.example, mending.steps)
