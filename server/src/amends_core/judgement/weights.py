"""The weights of the judgement: few, named, each with its reason. Nothing else in the house is tuned by hand."""

from collections.abc import Mapping

from amends_core.taxonomy import Misstep, Severity, Step

GRID = 0.25
"""Points come in multiples of this, a power of two, so that sums of doubles are exact."""

IMPORTANCE: Mapping[Step, float] = {
    Step.TAKE_ACTION: 3.0,  # without a remedy, kind words are only words
    Step.EMPATHIZE: 2.5,  # every one of the five guides puts the feeling before the fix
    Step.APOLOGIZE: 2.0,  # four of the five guides ask for it
    Step.TAKE_OWNERSHIP: 2.0,  # the customer wants to know who will see it through
    Step.REFLECT: 2.0,  # shows that this customer was heard, and not just any
    Step.LISTEN: 2.0,  # anger is vented before anything is solved
    Step.CHECK_SATISFACTION: 1.5,  # only the customer can say that it is right now
    Step.CLARIFY: 1.5,  # admits what is not known yet instead of guessing
    Step.GO_FURTHER: 1.5,  # what turns a mended customer into a loyal one
    Step.STATE_LIMITS: 1.5,  # an honest no spares a second disappointment
    Step.FOLLOW_UP: 1.0,  # comes after the fix, and can come later still
    Step.THANK: 1.0,  # a courtesy: right, and not decisive
    Step.APPRECIATE: 1.0,  # closes warmly what was mended before
}
"""What an expected step weighs against the other expected ones."""

GROUND_CALM = 60.0
"""Where a reply to a calm customer starts: a plain answer is fair, and its words carry no label of ours."""
GROUND_UPSET = 20.0
"""Where a reply to a customer at the height of upset starts: nearly everything is still to be earned."""
WELCOME_ROOM = 12.0
"""Most points that welcome steps bring together: they help, they never stand in for what was expected."""
WELCOME_SHARE = 4.0
"""Points of one strong welcome step of importance 1."""

COST: Mapping[Severity, float] = {Severity.MINOR: 6.0, Severity.MAJOR: 16.0, Severity.GRAVE: 32.0}
"""Points that a certain misstep costs: one grave one outweighs the best single step."""

SEVERITY: Mapping[Misstep, Severity] = {
    Misstep.HOSTILITY: Severity.GRAVE,  # loses the customer at once
    Misstep.DISMISS_FEELING: Severity.MAJOR,
    Misstep.BLAME_CUSTOMER: Severity.MAJOR,
    Misstep.BLAME_OTHERS: Severity.MAJOR,
    Misstep.PASS_THE_BUCK: Severity.MAJOR,
    Misstep.NON_APOLOGY: Severity.MAJOR,
    Misstep.DEFEND: Severity.MAJOR,
    Misstep.SOLVE_TOO_SOON: Severity.MAJOR,
    Misstep.MISHEARD: Severity.MAJOR,
    Misstep.SELF_FOCUS: Severity.MINOR,  # irritates, and is soon forgotten
    Misstep.SCRIPTED: Severity.MINOR,
    Misstep.AUTOMATED_SURVEY: Severity.MINOR,
    Misstep.SOLVE_TOO_LATE: Severity.MINOR,
    Misstep.OVER_APOLOGIZED: Severity.MINOR,
    Misstep.NO_PAUSE: Severity.MINOR,
    Misstep.REPEATED: Severity.MINOR,
}
"""How much each misstep harms; a playbook may call one grave."""

PRESENCE_AT_THRESHOLD = 0.6
"""Share of its worth that a label has where its probability just passes the threshold; it grows to 1 half-way up
from there, so that a small change of wording moves the score a little and not a lot."""

UNSURE_BELOW = 0.35
"""Below this confidence the verdict is UNSURE."""
MOST_UNKNOWN = 0.3
"""Share of tokens the model does not know from which the text counts as unreadable to it."""
REPEATED_COSINE = 0.97
"""From this cosine on two sentences count as nearly word for word the same."""
REPEATED_WORDS = 5
"""Shorter sentences may be said again."""
