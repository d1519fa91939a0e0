"""The words that agents read. One sentence each, in plain English, about the reply and never about the person."""

from collections.abc import Mapping
from functools import cache

from amends_core.taxonomy import Misstep, Step

ABSENT: Mapping[Step, str] = {
    Step.LISTEN: "Invite the customer to tell the whole story before anything is solved.",
    Step.THANK: "Thank the customer for raising it.",
    Step.CLARIFY: "Ask an open question, or say what is not known yet and is being looked into.",
    Step.REFLECT: "Say the problem back in your own words, so that the customer can tell it was understood.",
    Step.EMPATHIZE: "Name what this must be like for the customer.",
    Step.APOLOGIZE: "Apologise for what happened, without an if or a but.",
    Step.TAKE_OWNERSHIP: "Say that it is yours to see through.",
    Step.STATE_LIMITS: "Say plainly, and with regret, what cannot be done.",
    Step.TAKE_ACTION: "Say what will be done, by whom and by when.",
    Step.GO_FURTHER: "Offer something beyond the fix.",
    Step.CHECK_SATISFACTION: "Ask whether this settles it for the customer.",
    Step.FOLLOW_UP: "Promise to come back later and see that it is still right.",
    Step.APPRECIATE: "Close warmly: value the customer's patience or loyalty.",
}
"""What to do where an expected step is absent."""

WEAK: Mapping[Step, str] = {
    Step.LISTEN: "The invitation is brief; give the customer room to tell all of it.",
    Step.THANK: "The thanks are general; say what the customer's effort was good for.",
    Step.CLARIFY: "The question is general; ask about what happened to this customer.",
    Step.REFLECT: "The restatement is general; name this customer's own facts.",
    Step.EMPATHIZE: "The empathy is general; say what in this situation is hard.",
    Step.APOLOGIZE: "The apology is a formula; say what it is for.",
    Step.TAKE_OWNERSHIP: "The ownership is vague; say who sees it through.",
    Step.STATE_LIMITS: "The limit lacks regret or reason; say both.",
    Step.TAKE_ACTION: "The action is vague; say what, who and by when.",
    Step.GO_FURTHER: "The offer is general; name what it is.",
    Step.CHECK_SATISFACTION: "The question is a closing formula; ask about this solution.",
    Step.FOLLOW_UP: "The follow-up lacks a day or a way; name them.",
    Step.APPRECIATE: "The closing is a formula; value what this customer did.",
}
"""What would make a weak step strong."""

WITHOUT_TIME = "The action carries no time; say by when."
NAMING = "The apology names a person, product or process; apologise without naming who or what."
UNCONFIRMED = "The restatement does not ask for a yes or no; ask whether it is right, and wait for the answer."
EXCEPTION = "A limit stands in the way; this playbook allows an exception, so offer one."
"""What the rules of a playbook ask for."""

HARM: Mapping[Misstep, str] = {
    Misstep.BLAME_CUSTOMER: "It puts the fault on the customer.",
    Misstep.DISMISS_FEELING: "It plays the feeling down.",
    Misstep.BLAME_OTHERS: "It puts the fault on others to step away from it.",
    Misstep.PASS_THE_BUCK: "It sends the customer elsewhere without an owner.",
    Misstep.NON_APOLOGY: "It has the form of an apology without its substance.",
    Misstep.DEFEND: "It argues or hides behind policy.",
    Misstep.SELF_FOCUS: "It turns to the agent's own troubles.",
    Misstep.SCRIPTED: "It could be sent to anyone about anything.",
    Misstep.AUTOMATED_SURVEY: "It leaves the question of satisfaction to a survey.",
    Misstep.HOSTILITY: "It is rude, sarcastic or impatient.",
    Misstep.SOLVE_TOO_LATE: "The customer was heard and asks for the remedy, and the reply goes on with sympathy.",
    Misstep.OVER_APOLOGIZED: "Another apology adds nothing after those already made.",
    Misstep.SOLVE_TOO_SOON: "It goes to the remedy while the customer is upset and has not been heard.",
    Misstep.MISHEARD: "It asks again for what the customer gave, or says it back wrong.",
    Misstep.NO_PAUSE: "It rushes on where the customer should have been left time to answer.",
    Misstep.REPEATED: "It says nearly word for word what was said before.",
}
"""Why each misstep counts."""

SURVEY_BY_RULE = "It leaves the question of satisfaction to a survey; here a person asks it."
RUSHED_PAST_GATE = "It rushes on to the remedy before the customer has answered."
"""Why two missteps count where a rule of the playbook makes them weigh."""


@cache
def hint(misstep: Misstep) -> str:
    """What is said of a misstep that is not found and yet not ruled out."""
    return f"Something in it reads a little like {name(misstep)}."


GROUND = "Where a reply to this customer starts."
DONE_STRONG = "Done, and specific to this customer."
DONE_WEAK = "Done, but in general terms."
CARE = "How much the best sentence reads like one from a reply that makes amends."
CARELESS = "The weakest sentence reads like one from a reply that does not."
FILLER = "Many words that neither help this customer nor answer them."
WELCOME = "Welcome here, though not called for."
NOT_CALLED_FOR = "Not called for here."
"""Why a step earned or missed its points."""


@cache
def name(label: Step | Misstep) -> str:
    """A label as people read it: `TAKE_ACTION` is `take action`."""
    return label.value.lower().replace("_", " ")
