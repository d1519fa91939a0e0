"""Whether a later contact is due once the conversation is done."""

from amends_core.conversation import State
from amends_core.playbooks import Occasion, Playbook
from amends_core.stages import occasion_holds
from amends_core.taxonomy import Step


def follow_up_reason(playbook: Playbook, state: State) -> str:
    """Why a later contact is due to a customer who is content; empty before they are, and where nothing is owed."""
    if not occasion_holds(Occasion.CLOSING, state):
        return ""
    pending = [promise.turn_index for promise in state.promises if promise.is_pending]
    if pending:
        return f"What was promised in turn {pending[-1]} is still to come; see that it does, and tell the customer."
    mended = state.problem and state.remedied and Step.FOLLOW_UP not in state.done
    if mended and Step.FOLLOW_UP in playbook.steps:
        return "The problem was mended; a later contact makes sure that it stays so."
    return ""
