"""The weights of the judgement: few, named, each with its reason."""

from collections.abc import Mapping

from amends_core.taxonomy import Misstep, Severity, Step

GRID = 0.25
"""Points come in multiples of this, a power of two, so that sums of doubles are exact."""

WORTH: Mapping[Step, float] = {
    Step.TAKE_OWNERSHIP: 18.0,  # the customer wants to know who will see it through
    Step.CLARIFY: 16.0,  # admits what is not known yet instead of guessing
    Step.TAKE_ACTION: 15.0,  # without a remedy, kind words are only words
    Step.LISTEN: 15.0,  # anger is vented before anything is solved
    Step.REFLECT: 15.0,  # shows that this customer was heard, and not just any
    Step.APOLOGIZE: 11.5,  # four of the five guides ask for it
    Step.APPRECIATE: 8.5,  # closes warmly what was mended before
    Step.GO_FURTHER: 8.0,  # what turns a mended customer into a loyal one
    Step.THANK: 6.5,  # a courtesy: right, and not decisive
    Step.FOLLOW_UP: 5.0,  # comes after the fix, and can come later still
    Step.CHECK_SATISFACTION: 3.5,  # only the customer can say that it is right now
    Step.STATE_LIMITS: 3.5,  # an honest no spares a second disappointment
    Step.EMPATHIZE: 3.0,  # first in every guide; poor replies are full of its cheap form
}
"""Points of a step that is expected and made fully. Fitted by `make judgement` for bundle 0.6.0, as all points and
costs here but those of words beside the point are, to the development halves of `ranked` and `gaming`: the network has
learnt care from every other graded reply. A pairwise logistic loss, drawn to what stood before; each weight has its
sign, and a floor of what the guides say. Feeling weighs little by its label, because CARE says whether it is meant.
Source: Bradley and Terry (1952), Rank analysis of incomplete block designs."""
FULL = 85.0
"""What a reply earns at least that makes every expected step fully and with all care, however few they are."""
WELCOME: Mapping[Step, float] = {
    Step.CLARIFY: 23.0,
    Step.TAKE_ACTION: 16.5,
    Step.LISTEN: 16.0,
    Step.STATE_LIMITS: 12.0,
    Step.TAKE_OWNERSHIP: 10.0,
    Step.REFLECT: 9.0,
    Step.THANK: 1.0,
    Step.CHECK_SATISFACTION: 1.0,
    Step.GO_FURTHER: 1.0,
    Step.FOLLOW_UP: 1.0,
    Step.APOLOGIZE: 1.0,
    Step.EMPATHIZE: 1.0,
    Step.APPRECIATE: 1.0,
}
"""Points of a step that is welcome and not expected."""
WASTED: Mapping[Step, float] = {
    Step.REFLECT: 9.5,
    Step.EMPATHIZE: 8.5,
    Step.LISTEN: 4.0,
    Step.APOLOGIZE: 2.0,
    Step.THANK: 0.0,
    Step.TAKE_ACTION: 0.0,
    Step.CLARIFY: 0.0,
    Step.TAKE_OWNERSHIP: 0.0,
    Step.GO_FURTHER: 0.0,
    Step.CHECK_SATISFACTION: 0.0,
    Step.FOLLOW_UP: 0.0,
    Step.STATE_LIMITS: 0.0,
    Step.APPRECIATE: 0.0,
}
"""Points that a step costs where it is not called for: sympathy for a customer who only asks the way."""
NOTHING_BELOW = 0.1
"""Below this probability a label counts as plainly not there."""
ANSWER_SHARE = 0.6
"""Share of TAKE_ACTION that a plain statement brings a calm customer who asked: the answer itself, in words that
carry no label of ours."""
ANSWER_WORDS = 3
"""Shorter statements answer nothing by themselves."""
GROUND_CALM = 37.5
"""Where a reply to a calm customer starts: a plain answer is fair."""
GROUND_UPSET = 29.0
"""Where a reply to a customer at the height of upset starts: nearly everything is still to be earned."""
PASTED_WORDS_SHARED = 0.6
"""From this share of words in common with an exemplar on a sentence counts as pasted in. Its meaning does not tell: of
authors' own sentences one in twenty lies within .97 of an exemplar by cosine, and shares at most .47 of its words."""
PASTED_WORDS = 8
"""A pasted sentence of so many words or more was written about another customer, and is worth nothing here."""
PASTED_SHARE = 0.3
"""What a shorter one is worth: it may be what everybody says."""
DETAIL_SHARE = 0.8
"""How strong a step counts at most for the details in it: they show care, and alone they do not prove it."""
DETAILS_ENOUGH = 2
"""Details of this customer's case, in one sentence, that bring the whole of DETAIL_SHARE."""
ECHO_WORDS = 5
"""From so many telling words on, all of them the customer's, a sentence says back and adds nothing."""
COPIED_WORDS = 3
"""From so many words on, word for word in one message of the customer's, a sentence is copied from it."""
CARE = 50.0
"""Points of a reply whose best sentence stands among those of excellent ones: what readers see and no label names. The
most that the fit may give."""
CARELESS = 34.0
"""Points that it costs where the worst sentence stands among those of harmful replies."""
CARE_WORDS = 3
"""Shorter sentences, a name or a greeting, tell little of it."""
CARE_LEAD = 0.3
"""How far the best sentence's care may stand above the worst one's: a fine sentence does not undo a poor one."""
FILLER_FREE_WORDS = 20
"""Words beside the point that cost nothing: a greeting, a name, a line of context."""
FILLER_COST = 0.08
"""Points a word beside the point costs after those; long polite replies were the worst in half of the ranked ones."""
FILLER_ROOM = 12.0
"""Most points that words beside the point cost."""
TIMELESS = 0.8
"""What a remedy without a time is worth."""
TIMELESS_BY_RULE = 0.65
"""The same where the playbook asks for a time."""
NAMING = 0.5
"""What an apology that names somebody is worth where the playbook wants nobody named: as much as a weak one."""
UNCONFIRMED = 0.7
"""What a restatement that asks for no yes is worth where the playbook wants one: right or wrong stays open."""
DISCLOSURE_WORDS = 12
"""Most words of a disclosure that counts as short: "That happened to me last year, and I was furious too." has nine."""

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
COST: Mapping[Misstep, float] = {
    Misstep.BLAME_OTHERS: 25.0,
    Misstep.HOSTILITY: 20.0,
    Misstep.DEFEND: 15.0,
    Misstep.MISHEARD: 10.5,
    Misstep.PASS_THE_BUCK: 9.0,
    Misstep.AUTOMATED_SURVEY: 7.5,
    Misstep.SOLVE_TOO_LATE: 7.5,
    Misstep.BLAME_CUSTOMER: 7.0,
    Misstep.NO_PAUSE: 5.5,
    Misstep.NON_APOLOGY: 5.0,
    Misstep.SELF_FOCUS: 5.0,
    Misstep.DISMISS_FEELING: 5.0,
    Misstep.SOLVE_TOO_SOON: 5.0,
    Misstep.REPEATED: 5.0,
    Misstep.SCRIPTED: 4.0,
    Misstep.OVER_APOLOGIZED: 4.0,
}
"""Points that a certain misstep costs; one that the probability leaves open costs its share."""
GRAVE_FROM = 0.9
"""Probability from which a reply with a grave misstep falls short, whatever its score: it may be fine in all else."""
GRAVER = 1.5
"""How much more a misstep costs under a playbook that calls it graver."""

UNSURE_BELOW = 0.35
"""Below this confidence the verdict is UNSURE."""
MOST_UNKNOWN = 0.3
"""Share of tokens the model does not know from which the text counts as unreadable to it."""
REPEATED_COSINE = 0.97
"""From this cosine on, with REPEATED_WORDS_SHARED, two sentences count as nearly word for word the same: what makes the
same step may lie as near in meaning."""
REPEATED_WORDS_SHARED = 0.5
"""Share of their words that two such sentences have in common."""
REPEATED_WORDS = 5
"""Shorter sentences may be said again."""
