"""Shows advice: what to do next, and what not to."""

from collections.abc import Iterator

from amends.v1 import advice_pb2, empathy_service_pb2
from rich.console import RenderableType
from rich.text import Text

from amends_cli.judgement_view import show_source
from amends_cli.tables import plain_table, stacked
from amends_cli.words import BAD, GOOD, QUIET, customer_words, misstep_word, step_word


def show_advice(response: empathy_service_pb2.NextStepResponse) -> RenderableType:
    """Shows the steps to do, best first, with phrasings, and what to avoid."""
    return stacked((*_sections(response.advice), show_source(response.model, response.timings)))


def _sections(advice: advice_pb2.Advice) -> Iterator[RenderableType]:
    yield advice_headline(advice)
    yield Text(
        f"playbook {advice.playbook.name} {advice.playbook.version}, stage {advice.stage} ({advice.stage_index + 1})",
        style=QUIET,
    )
    yield from situation(advice)
    if advice.steps:
        yield _steps(advice)
    if advice.avoid:
        yield Text()
    yield from avoidances(advice)
    yield Text.assemble(("\ncustomer ", "bold"), customer_words(advice.customer))


def advice_headline(advice: advice_pb2.Advice) -> Text:
    """Says in a line what to do: be silent, close, or make the first step."""
    if advice.pause:
        return Text.assemble(("pause", "bold cyan"), f": {advice.pause_reason}")
    if advice.resolved:
        return Text("resolved: nothing is left to do but to close", style=f"bold {GOOD}")
    if advice.steps:
        return Text.assemble(("next: ", "bold"), (step_word(advice.steps[0].step), f"bold {GOOD}"))
    return Text("no step is called for", style="bold")


def situation(advice: advice_pb2.Advice) -> Iterator[Text]:
    """Says what to mend, and what kind of conversation this is, a line each."""
    for repair in advice.repairs:
        example = (f" “{repair.example}”" if repair.example else "", f"italic {QUIET}")
        yield Text.assemble(("repair ", f"bold {BAD}"), misstep_word(repair.misstep), f": {repair.text}", example)
    if advice.only_asks:
        yield Text("the customer only wants an answer", style="bold")
    if advice.issues:
        names = [issue.about or "another question" for issue in advice.issues]
        yield Text.assemble(("the customer raises several things", "bold"), f": {', '.join(names)}")
    if advice.follow_up_due:
        yield Text.assemble(("follow-up due", "bold"), f": {advice.follow_up_reason}")


def avoidances(advice: advice_pb2.Advice) -> Iterator[Text]:
    """Says what not to do, a line each."""
    for avoidance in advice.avoid:
        yield Text.assemble(("avoid ", f"bold {BAD}"), _subject(avoidance), f": {avoidance.reason}")


def _steps(advice: advice_pb2.Advice) -> RenderableType:
    table = plain_table("what to do", "step", "probability", "why, and how to say it")
    for step in advice.steps:
        phrasings = "".join(f"\n“{phrasing}”" for phrasing in step.phrasings)
        why = Text.assemble(step.reason, (phrasings, f"italic {QUIET}"))
        table.add_row(step_word(step.step), f"{step.probability:.2f}", why)
    return table


def _subject(avoidance: advice_pb2.Avoidance) -> str:
    if avoidance.WhichOneof("subject") == "misstep":
        return misstep_word(avoidance.misstep)
    return step_word(avoidance.step)
