"""Shows a judgement: the score and why it is what it is."""

from collections.abc import Iterator, Sequence

from amends.v1 import empathy_service_pb2, judgement_pb2, server_info_pb2, taxonomy_pb2
from rich.console import RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from amends_cli.evidence import find_marks, show_turn
from amends_cli.tables import plain_table, stacked
from amends_cli.words import BAD, GOOD, QUIET, customer_words, misstep_word, step_word, verdict_word, word


def show_response(response: empathy_service_pb2.ScoreReplyResponse, reply: Sequence[str]) -> RenderableType:
    """Shows the headline, the reply, contributions, what is missing, suggestions, the customer, the model."""
    return stacked((*_sections(response.judgement, reply), show_source(response.model, response.timings)))


def show_source(model: server_info_pb2.ModelInfo, timings: server_info_pb2.Timings) -> RenderableType:
    """Shows what model answered, and how long it took."""
    edition = f"model {model.name} {model.version} ({model.sha256[:12]}){_taught(model)}"
    return Text(f"{edition}, {timings.total_seconds * 1000:.1f} ms", style=QUIET)


def _taught(model: server_info_pb2.ModelInfo) -> str:
    own = model.exemplars
    return f" with exemplars {own.name} {own.version}" if model.HasField("exemplars") else ""


def headline(judgement: judgement_pb2.Judgement) -> Text:
    """Says the score and the verdict in a line; an unsure score only behind the verdict."""
    verdict, colour = verdict_word(judgement.verdict)
    if judgement.verdict == taxonomy_pb2.VERDICT_UNSURE:
        return Text.assemble((verdict, f"bold {colour}"), (f" (score {judgement.score:g}, not to be relied on)", QUIET))
    return Text.assemble((f"{judgement.score:g}", f"bold {colour}"), " of 100, ", (verdict, f"bold {colour}"))


def brief(judgement: judgement_pb2.Judgement) -> Iterator[Text]:
    """Says in a few lines the score, how the customer was, what harms, and what would be better."""
    yield headline(judgement)
    yield Text(f"customer before it: {customer_words(judgement.customer)}", style=QUIET)
    for finding in judgement.missteps:
        yield Text.assemble((misstep_word(finding.misstep), BAD), f": {finding.reason}")
    yield from (Text(f"better: {suggestion.text}") for suggestion in judgement.suggestions[:1])


def short_score(judgement: judgement_pb2.Judgement) -> Text:
    """Says the score in a word of a table, with the colour of the verdict; an unsure one in brackets."""
    score = f"{judgement.score:g}"
    unsure = judgement.verdict == taxonomy_pb2.VERDICT_UNSURE
    return Text(f"({score})" if unsure else score, style=verdict_word(judgement.verdict)[1])


def _sections(judgement: judgement_pb2.Judgement, reply: Sequence[str]) -> Iterator[RenderableType]:
    yield headline(judgement)
    yield _ground(judgement)
    yield from (Text(f"unsure: {reason}", style="magenta") for reason in judgement.unsure_reasons)
    yield _reply(judgement, reply)
    yield _contributions(judgement)
    missing = [step for step in judgement.steps if step.missing or _is_absent(step)]
    if missing:
        yield _missing(missing)
    if judgement.suggestions:
        yield _suggestions(judgement.suggestions)
    if judgement.custom_steps:
        yield _custom_steps(judgement.custom_steps)
    yield Text.assemble(("\ncustomer ", "bold"), customer_words(judgement.customer))


def _ground(judgement: judgement_pb2.Judgement) -> Text:
    playbook = f"{judgement.playbook.name} {judgement.playbook.version}".strip()
    return Text(f"confidence {judgement.confidence:.2f}, playbook {playbook}, stage {judgement.stage}", style=QUIET)


def _reply(judgement: judgement_pb2.Judgement, reply: Sequence[str]) -> Panel:
    marks = find_marks(judgement)
    turns = [show_turn(text, [mark for mark in marks if mark.turn_index == index]) for index, text in enumerate(reply)]
    return Panel(Text("\n\n").join(turns), title=Text("reply"), title_align="left", border_style=QUIET)


def _contributions(judgement: judgement_pb2.Judgement) -> Table:
    table = plain_table("what counts", show_footer=True)
    table.add_column("", footer="score")
    table.add_column("points", justify="right", footer=f"{sum(c.points for c in judgement.contributions):.2f}")
    table.add_column("of", justify="right", style=QUIET)
    table.add_column("why")
    for contribution in judgement.contributions:
        possible = f"{contribution.possible_points:g}" if contribution.possible_points else ""
        table.add_row(source_word(contribution), _points(contribution.points), possible, contribution.reason)
    return table


def source_word(contribution: judgement_pb2.Contribution) -> str:
    """Gives what earned or cost points in small letters."""
    if contribution.WhichOneof("source") == "step":
        return step_word(contribution.step)
    if contribution.WhichOneof("source") == "misstep":
        return misstep_word(contribution.misstep)
    return "ground" if contribution.points >= 0 else "beside the point"


def _points(points: float) -> Text:
    return Text(f"{points:+.2f}", style=GOOD if points > 0 else BAD if points < 0 else QUIET)


def _is_absent(step: judgement_pb2.StepAssessment) -> bool:
    return step.expectation == taxonomy_pb2.EXPECTATION_EXPECTED and step.strength == taxonomy_pb2.STRENGTH_ABSENT


def _missing(steps: Sequence[judgement_pb2.StepAssessment]) -> Table:
    table = plain_table("what is missing", "step", "called for", "made", "missing")
    for step in steps:
        expectation = word(taxonomy_pb2.Expectation.DESCRIPTOR, step.expectation)
        strength = word(taxonomy_pb2.Strength.DESCRIPTOR, step.strength)
        table.add_row(step_word(step.step), expectation, strength, step.missing)
    return table


def _custom_steps(steps: Sequence[judgement_pb2.CustomStepReading]) -> Table:
    table = plain_table("steps of your own, beside the score", "step", "made", "probability", "nearest example")
    for step in steps:
        made = Text("yes", style=GOOD) if step.claimed else Text("no", style=QUIET)
        nearest = Text(f"“{step.nearest_exemplar.text}” {step.nearest_exemplar.similarity:.2f}", style=QUIET)
        table.add_row(step.name, made, f"{step.probability:.2f}", nearest)
    return table


def _suggestions(suggestions: Sequence[judgement_pb2.Suggestion]) -> Table:
    table = plain_table("what would raise the score")
    table.add_column("about", justify="right")
    table.add_column("suggestion")
    for suggestion in suggestions:
        example = Text(f"\n“{suggestion.example}”", style=f"italic {QUIET}") if suggestion.example else Text()
        table.add_row(_points(suggestion.expected_gain), Text(suggestion.text) + example)
    return table
