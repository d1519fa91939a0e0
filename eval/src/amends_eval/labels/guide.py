"""What each label means, as a labeller reads it at the terminal. The words are the taxonomy's."""

from collections.abc import Mapping

from amends_core.taxonomy import Label, Misstep, Step

MEANING: Mapping[Label, tuple[str, str]] = {
    Step.LISTEN: ("invites the customer to tell all, or signals attention without steering", "asking for a number"),
    Step.THANK: ("thanks for raising the problem or for the chance to put it right", "thanks for waiting or calling"),
    Step.CLARIFY: ("admits what is not yet known, or asks an open question about it", "closed checks"),
    Step.REFLECT: ("restates this customer's problem, or asks whether it was understood", "what they did not say"),
    Step.EMPATHIZE: ("names, validates or shares the feeling about this situation", "understanding a technical fact"),
    Step.APOLOGIZE: ("apologises for what happened, or asks to be forgiven", "conditional apologies"),
    Step.TAKE_OWNERSHIP: ("accepts responsibility, or commits to see the case through", "someone else will look"),
    Step.STATE_LIMITS: ("says plainly and with regret what cannot be done or is not known", "policy as a shield"),
    Step.TAKE_ACTION: ("states a remedy or next action of the company", "vague reassurance; what the customer must do"),
    Step.GO_FURTHER: ("offers something beyond the fix", "the fix itself"),
    Step.CHECK_SATISFACTION: ("asks whether the offer works or the issue is resolved", "survey links"),
    Step.FOLLOW_UP: ("promises or makes a later contact to see that it is still right", "call us again"),
    Step.APPRECIATE: ("closes warmly: values patience, help or loyalty", "thanks for the complaint"),
    Misstep.BLAME_CUSTOMER: ("says or implies that the customer caused it, is wrong, or should have known", ""),
    Misstep.DISMISS_FEELING: ("minimises, corrects or forbids the feeling", "a harmless “don't worry”"),
    Misstep.BLAME_OTHERS: ("puts the fault on someone else in order to step away from it", ""),
    Misstep.PASS_THE_BUCK: ("sends elsewhere, has them repeat, call back, or wait without an owner", ""),
    Misstep.NON_APOLOGY: ("an apology's form without its substance: if, that you feel, taken back with but", ""),
    Misstep.DEFEND: ("argues, justifies or hides behind policy", "a limit with regret"),
    Misstep.SELF_FOCUS: ("turns to the agent's own troubles or workload", ""),
    Misstep.SCRIPTED: ("boilerplate that could be sent to anyone about anything", ""),
    Misstep.AUTOMATED_SURVEY: ("hands the satisfaction check to a survey or a robot", ""),
    Misstep.HOSTILITY: ("is rude, sarcastic, impatient or threatening", ""),
}
"""What a sentence with the label does, and what does not count; the latter is empty where nothing is near."""
