"""The weights of the judgement: few, named, each with its reason. Nothing else in the house is tuned by hand."""

from collections.abc import Mapping

from amends_core.taxonomy import Misstep, Severity, Step

GRID = 0.25
"""Points come in multiples of this, a power of two, so that sums of doubles are exact."""

WORTH: Mapping[Step, float] = {
    Step.TAKE_ACTION: 34.0,  # without a remedy, kind words are only words
    Step.EMPATHIZE: 20.0,  # every one of the five guides puts the feeling before the fix
    Step.STATE_LIMITS: 14.0,  # an honest no spares a second disappointment
    Step.APOLOGIZE: 12.0,  # four of the five guides ask for it
    Step.TAKE_OWNERSHIP: 12.0,  # the customer wants to know who will see it through
    Step.REFLECT: 12.0,  # shows that this customer was heard, and not just any
    Step.LISTEN: 12.0,  # anger is vented before anything is solved
    Step.CLARIFY: 12.0,  # admits what is not known yet instead of guessing
    Step.GO_FURTHER: 12.0,  # what turns a mended customer into a loyal one
    Step.CHECK_SATISFACTION: 10.0,  # only the customer can say that it is right now
    Step.APPRECIATE: 10.0,  # closes warmly what was mended before
    Step.FOLLOW_UP: 8.0,  # comes after the fix, and can come later still
    Step.THANK: 6.0,  # a courtesy: right, and not decisive
}
"""Points of a step that is expected and made fully. Together they exceed 100: no reply needs all of them."""
FULL = 85.0
"""What a reply earns at least that makes every expected step fully, however few they are."""
WELCOME_SHARE = 0.5
"""Share of its worth that a step brings where it is welcome and not expected."""
ANSWER_SHARE = 0.6
"""Share of TAKE_ACTION that a plain statement brings a calm customer who asked: the answer itself, in words that
carry no label of ours."""
ANSWER_WORDS = 3
"""Shorter statements answer nothing by themselves."""
WASTED_SHARE = -0.2
"""Share of its worth that a step costs where it is not called for: sympathy for a customer who only asks the way."""

GROUND_CALM = 50.0
"""Where a reply to a calm customer starts: a plain answer is fair."""
GROUND_UPSET = 18.0
"""Where a reply to a customer at the height of upset starts: nearly everything is still to be earned."""
PASTED_COSINE = 0.97
"""From this cosine to an exemplar on a sentence counts as pasted in."""
PASTED_SHARE = 0.3
"""What a pasted sentence is worth: it was written about another customer."""
DETAIL_SHARE = 0.8
"""How strong a step counts at most for the details in it: they show care, and alone they do not prove it."""
DETAILS_ENOUGH = 2
"""Details of this customer's case, in one sentence, that bring the whole of DETAIL_SHARE."""
FILLER_FREE_WORDS = 20
"""Words beside the point that cost nothing: a greeting, a name, a line of context."""
FILLER_COST = 0.2
"""Points a word beside the point costs after those; long polite replies were the worst in half of the ranked ones."""
FILLER_ROOM = 12.0
"""Most points that words beside the point cost."""
TIMELESS = 0.8
"""What a remedy without a time is worth where the playbook asks for one."""

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
