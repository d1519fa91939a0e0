"""The words of advice: why a step is worth doing, and what to say where the customer only wants an answer."""

from collections.abc import Mapping, Sequence

from amends_core.issues import Issue
from amends_core.taxonomy import Step

WHY: Mapping[Step, str] = {
    Step.LISTEN: "Room to tell all of it comes before anything is solved.",
    Step.THANK: "Raising this took effort; thanks make the customer an ally.",
    Step.CLARIFY: "An open question finds out what is not known yet, without testing the customer.",
    Step.REFLECT: "Saying the problem back shows that it was understood.",
    Step.EMPATHIZE: "The feeling is met before the fix; naming it shows that the customer was heard.",
    Step.APOLOGIZE: "Something went wrong; a plain apology, without an if or a but, is due.",
    Step.TAKE_OWNERSHIP: "The customer needs to know who will see this through.",
    Step.STATE_LIMITS: "If something cannot be done, saying so now spares a second disappointment.",
    Step.TAKE_ACTION: "The customer wants to know what happens now, and by when.",
    Step.GO_FURTHER: "Something beyond the fix shows that this customer matters.",
    Step.CHECK_SATISFACTION: "Only the customer can say whether the remedy is right.",
    Step.FOLLOW_UP: "A later contact makes sure that the remedy holds.",
    Step.APPRECIATE: "A warm close values the customer's patience or loyalty.",
}
WHY_BY_RULE: Mapping[str, tuple[Step, str]] = {
    "apology_names_nobody": (
        Step.APOLOGIZE,
        "Something went wrong; a plain apology is due that names no person, product or process.",
    ),
    "reflection_is_confirmed": (
        Step.REFLECT,
        "Saying the problem back, and asking for a yes or no, shows that it was understood.",
    ),
    "satisfaction_by_person": (
        Step.CHECK_SATISFACTION,
        "Only the customer can say whether the remedy is right; ask in person, not by a survey.",
    ),
    "self_disclosure_allowed": (
        Step.EMPATHIZE,
        "The feeling is met before the fix; a short word of your own is welcome, details of your own are not.",
    ),
}
"""By rule: the step it is about, and why that step is worth doing where the rule holds."""
WHY_EXCEPTION = "The customer turned a limit down, and this playbook allows an exception to make it right."
WHY_ANSWER = "The customer only wants an answer: give it first, and plainly."
"""Why TAKE_ACTION is worth doing where the customer only asks."""
ANSWERING: Mapping[Step, tuple[str, ...]] = {
    Step.TAKE_ACTION: (
        "Let me look that up for you right now.",
        "Happy to help with that; here is what you need to know.",
    ),
    Step.CLARIFY: ("Which one do you mean?", "What would you like to know about it?"),
    Step.CHECK_SATISFACTION: ("Does that answer your question?",),
    Step.APPRECIATE: ("I'm glad I could help; enjoy the rest of your day.",),
}
"""Phrasings for a customer who only asks; other steps have none there. The shipped ones speak of refunds and repairs,
and nearness does not tell which fits: "Where is my refund?" has a cosine of .55 with the phrasing about a refund, and
"When is the engineer coming?" one of .61 with the same."""
_ALL_OF: Mapping[Step, str] = {Step.CLARIFY: "Ask about", Step.TAKE_ACTION: "Answer"}
"""What is to be done for each of several issues."""


def all_of(step: Step, issues: Sequence[Issue]) -> str:
    """Reminds of every issue of a message that raises several, by name where all have one; empty for other steps."""
    if step not in _ALL_OF or not issues:
        return ""
    names = [issue.topic.value for issue in issues if issue.topic is not None]
    if len(names) < len(issues):
        return f"The message raises several things; {_ALL_OF[step].lower()} each."
    every = "both" if len(names[1:]) == 1 else "all of these"
    return f"{_ALL_OF[step]} {every}: {', '.join(names[:-1])} and {names[-1]}."
