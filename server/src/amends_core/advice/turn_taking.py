"""Who has the word: whether a turn has ended, and whether the agent had better be silent now, and why."""

import re

from amends_core.conversation import State
from amends_core.playbooks import Playbook
from amends_core.stages import Position
from amends_core.taxonomy import Step

_PLEA = re.compile(r"\bforgiv(?:e|en|eness)\b|\bpardon\b|\b(?:i|we) (?:really |so |do )?wish\b", re.I)
"""An apology that asks to be forgiven, or an expressed wish: the guides are silent after either."""
_HOLD = re.compile(
    r"""\b(?:one|half\ a|just\ a|give\ me\ \w+)\ (?:\w+\ )?(?:moment|second|sec|minute|min|tick|mo)s?\b
    | \ba\ (?:moment|second|sec|minute|min|tick|mo)\ (?:please|while)\b
    | \b(?:hang|hold)\ on\b | \bbear\ with\b | \bchecking\b
    | \blet\ me\ (?:just\ |quickly\ )?(?:see|check|look|pull|find|get|bring|ask|open|read)\b
    | \bi(?:'m|\ am|m)\ (?:just\ |now\ |already\ )?
      (?:looking|pulling|opening|going\ over|getting|reading|fetching|ringing|finding)\b
    """,
    re.I | re.X,
)
"""What announces that the agent comes back at once."""
_CUT_SHORT = re.compile(
    r"""(?:[,:;\u2013\u2014-]
    | \b(?:and|but|so|now|or|because|that|to|the|an?|is|was|has|have|what|how|if|me|i|we|you|my|your|for|of|with))$""",
    re.I | re.X,
)
"""The end of a sentence that was not ended."""
_MORE_TO_TELL = re.compile(
    r"""(?:\.\.\.|\u2026)$ | \b(?:then|when|she|he|they|said|like)$
    | \bthere'?s\ more\b | \bnot\ (?:even\ )?(?:the\ )?(?:all|worst|finished|done)\b | \bwait\b | \band\ then\b
    | \blet\ me\ (?:type|tell|finish)\b | \blisten\ to\ this\b | \banother\ (?:bit|thing)\b | \byou\ know\ what\b""",
    re.I | re.X,
)
"""What says, or shows, that a customer is in the middle of telling."""


def pause_reason(playbook: Playbook, state: State, position: Position) -> str:
    """Why to be silent now that the agent has spoken; empty where the agent had better go on."""
    if goes_on(state):
        return ""
    if position.waiting:
        return "The last step leaves the turn to the customer; wait for the answer."
    for stage in playbook.stages:
        if stage.pause and any(map(state.just_made, stage.steps)):
            return f"After {stage.name.replace('_', ' ')} this playbook is silent, so that the customer can answer."
    return _left_to_customer(state)


def goes_on(state: State) -> bool:
    """Whether the agent's last words announce more at once ("One moment, I'm opening it"), or were cut short."""
    text = state.sentences[-1].text.rstrip() if state.sentences else ""
    return bool(_CUT_SHORT.search(text)) or (not text.endswith("?") and bool(_HOLD.search(text)))


def is_unfinished(message: str) -> bool:
    """Whether a customer seems to be in the middle of telling."""
    text = message.rstrip()
    return bool(_CUT_SHORT.search(text) or _MORE_TO_TELL.search(text))


def _left_to_customer(state: State) -> str:
    """Why the agent's own last words leave the turn to the customer, whatever the playbook; empty where they do not."""
    last = state.sentences[-1] if state.sentences else None
    if last is None or not state.missteps.isdisjoint(last.reading.claimed):
        return ""  # what did harm is mended at once, even where it ended in a question
    if last.text.rstrip().endswith("?"):
        return "A question was put to the customer; wait for the answer."
    if state.missteps:
        return ""
    if state.just_made(Step.LISTEN):
        return "The customer was invited to speak; leave room for it."
    if any(_PLEA.search(sentence.text) for sentence in state.sentences if sentence.turn_index == last.turn_index):
        return "After a wish or a plea to be forgiven, silence lets the customer take it in."
    return ""
