"""Shows playbooks: the list, or one with its stages, rules and exemplars."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from amends.v1 import playbook_pb2, taxonomy_pb2
from rich.console import RenderableType
from rich.text import Text

from amends_cli.tables import plain_table, stacked
from amends_cli.words import QUIET, misstep_word, step_word, word

_RULES: Mapping[str, Callable[[Any], str]] = {
    "remedy_after": lambda groups: f"an upset customer gets no remedy before {_group_words(groups)}",
    "max_apologies": lambda most: f"past {most} apologies, another one harms",
    "apology_names_nobody": lambda _: "an apology names no person, product or process",
    "action_needs_time": lambda _: "a next action carries a time",
    "satisfaction_by_person": lambda _: "satisfaction is asked by a person, never by a survey",
    "reflection_is_confirmed": lambda _: "a restatement asks for a yes or no and waits for it",
    "exception_allowed": lambda _: "an exception to policy is allowed",
    "self_disclosure_allowed": lambda _: "a short disclosure of the agent's own is allowed",
}


def show_playbooks(playbooks: Sequence[playbook_pb2.Playbook]) -> RenderableType:
    """Shows a line for each playbook; the first is the default."""
    table = plain_table("playbooks, the default first", "name", "version", "stages", "order", "about")
    for playbook in playbooks:
        about = Text.assemble((playbook.title, "bold"), f" {playbook.summary}")
        order = word(playbook_pb2.Playbook.Order.DESCRIPTOR, playbook.order)
        table.add_row(playbook.ref.name, playbook.ref.version, str(len(playbook.stages)), order, about)
    return table


def show_playbook(playbook: playbook_pb2.Playbook) -> RenderableType:
    """Shows one playbook whole."""
    return stacked(_sections(playbook))


def _sections(playbook: playbook_pb2.Playbook) -> Iterator[RenderableType]:
    order = word(playbook_pb2.Playbook.Order.DESCRIPTOR, playbook.order)
    yield Text.assemble((playbook.title, "bold"), f" ({playbook.ref.name} {playbook.ref.version})")
    yield Text(playbook.summary)
    yield Text(f"the order of the stages is a {order}", style=QUIET)
    yield _stages(playbook.stages)
    yield Text("\nrules", style="bold")
    yield from (Text(f"- {rule}") for rule in _rules(playbook))
    for exemplars in playbook.exemplars:
        yield Text(f"\n{step_word(exemplars.step)}", style="bold")
        yield from (Text(f"  “{phrase}”", style=QUIET) for phrase in exemplars.phrases)


def _stages(stages: Sequence[playbook_pb2.Stage]) -> RenderableType:
    table = plain_table("stages", "", "stage", "when", "steps", "goes on")
    for number, stage in enumerate(stages, start=1):
        when = word(playbook_pb2.Occasion.DESCRIPTOR, stage.occasion)
        table.add_row(str(number), stage.name, when, _stage_steps(stage), _advance(stage))
    return table


def _stage_steps(stage: playbook_pb2.Stage) -> Text:
    optional = f" (welcome: {_step_words(stage.optional_steps)})" if stage.optional_steps else ""
    return Text.assemble(_step_words(stage.steps), (optional, QUIET))


def _advance(stage: playbook_pb2.Stage) -> str:
    acts = [word(taxonomy_pb2.CustomerAct.DESCRIPTOR, act) for act in stage.advance_on]
    marks = (
        f"on {', '.join(acts)}" if acts else "on any act",
        "after a pause" if stage.pause else "",
        "until calm" if stage.until_calm else "",
    )
    return ", ".join(mark for mark in marks if mark)


def _rules(playbook: playbook_pb2.Playbook) -> Iterator[str]:
    for field, value in playbook.rules.ListFields():
        yield _RULES[field.name](value) if field.name in _RULES else field.name.replace("_", " ")
    if playbook.grave_missteps:
        yield f"grave: {', '.join(misstep_word(misstep) for misstep in playbook.grave_missteps)}"


def _group_words(groups: Sequence[playbook_pb2.StepGroup]) -> str:
    return ", and ".join(" or ".join(step_word(step) for step in group.steps) for group in groups)


def _step_words(steps: Iterable[int]) -> str:
    return ", ".join(step_word(step) for step in steps)
