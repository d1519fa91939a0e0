"""What is wrong with a playbook by its stages and rules alone: no model is asked."""

from collections.abc import Iterator

from amends_core.checks.finding import Finding, error, warning
from amends_core.checks.reach import reachable_stages
from amends_core.playbooks import Occasion, Order, Playbook, Stage
from amends_core.taxonomy import CustomerAct, Step

_CONTENT = frozenset({CustomerAct.SATISFIED, CustomerAct.ACCEPT})
_REMEDIES = frozenset({Step.TAKE_ACTION, Step.GO_FURTHER})
_NEEDS: dict[Occasion, frozenset[Step]] = {
    Occasion.REMEDIED: _REMEDIES,
    Occasion.UNSATISFIED: frozenset({Step.TAKE_ACTION}),
}
"""By occasion: the steps of which one must be made before it holds."""
_RULE_STEPS = {
    "apology_names_nobody": Step.APOLOGIZE,
    "action_needs_time": Step.TAKE_ACTION,
    "satisfaction_by_person": Step.CHECK_SATISFACTION,
    "exception_allowed": Step.GO_FURTHER,
}
"""The step that each rule is about, where the rule does nothing without it."""


def check_structure(playbook: Playbook) -> tuple[Finding, ...]:
    """Every contradiction in stages and rules, in the order of the file."""
    return (
        *_unreachable(playbook),
        *(finding for index, stage in enumerate(playbook.stages) for finding in _stage(playbook, index, stage)),
        *_remedy_after(playbook),
        *_apologies(playbook),
        *_reflection(playbook),
        *_idle_rules(playbook),
        *_idle_exemplars(playbook),
    )


def _unreachable(playbook: Playbook) -> Iterator[Finding]:
    reached = reachable_stages(playbook)
    for index, stage in enumerate(playbook.stages):
        if reached is not None and index not in reached and stage.required_steps:
            why, remedy = _why_unreachable(playbook, index)
            yield error(f"stages[{index}]", f"no conversation comes to stage {stage.name!r}: {why}", remedy)


def _why_unreachable(playbook: Playbook, index: int) -> tuple[str, str]:
    stage, before = playbook.stages[index], playbook.stages[:index]
    needed = _NEEDS.get(stage.occasion)
    if needed and not needed & {step for other in before for step in other.steps}:
        names = " or ".join(sorted(needed))
        return f"{stage.occasion} holds after {names}, which no stage before it makes", "add such a stage before it"
    made = {step for other in before for step in other.required_steps}
    if set(stage.required_steps) <= made:
        return "earlier stages have made all of its steps", "give it a step of its own, or take it out"
    return f"{stage.occasion} never holds once the stages before it are made", "change its occasion or its place"


def _stage(playbook: Playbook, index: int, stage: Stage) -> Iterator[Finding]:
    path, gate = f"stages[{index}]", frozenset(stage.advance_on)
    if stage.occasion is Occasion.CLOSING and gate and not gate & _CONTENT:
        yield error(
            f"{path}.advance_on",
            "CLOSING holds only after SATISFIED or ACCEPT, and neither is here",
            "add one, or leave advance_on out",
        )
    if stage.occasion in (Occasion.UPSET, Occasion.UNSATISFIED) and gate and gate <= _CONTENT:
        yield error(
            f"{path}.advance_on",
            f"{stage.occasion} is over once the customer is content, and only a content customer lets it be left",
            "add an act of an upset customer, or change the occasion",
        )
    if stage.until_calm and stage.occasion is Occasion.CLOSING:
        yield error(f"{path}.until_calm", "a closing customer is calm already", "take until_calm out")
    if stage.pause and index == len(playbook.stages) - 1:
        yield warning(f"{path}.pause", "nothing comes after the last stage", "take pause out")
    if len(set(stage.steps)) < len(stage.steps):
        yield warning(f"{path}.steps", "names a step twice", "name each once")
    yield from _seen_before(playbook, index, stage)


def _seen_before(playbook: Playbook, index: int, stage: Stage) -> Iterator[Finding]:
    for step in stage.steps:
        first = playbook.stage_of(step)
        if first is not None and first < index:
            name = playbook.stages[first].name
            wrong = f"{step} belongs to stage {name!r} already, and once made there it counts as made here"
            yield warning(f"stages[{index}].steps", wrong, "name each step in one stage")


def _remedy_after(playbook: Playbook) -> Iterator[Finding]:
    remedy = playbook.stage_of(Step.TAKE_ACTION)
    for number, group in enumerate(playbook.rules.remedy_after):
        path, offered = f"rules.remedy_after[{number}]", [step for step in group if step in playbook.steps]
        if not offered:
            wrong = "no stage offers a step of it, so an upset customer would never get a remedy"
            yield error(path, wrong, "name a step that a stage has")
        elif set(group) <= _REMEDIES:
            yield error(path, "a remedy would have to come before the remedy", "name steps that show care")
        elif playbook.order is Order.RULE and remedy is not None and _all_after(playbook, offered, remedy):
            wrong = "order is a RULE, and every step of it comes after the remedy's stage"
            yield error(path, wrong, "move its stage before the remedy's, or make order a PREFERENCE")
        elif len(offered) < len(group):
            missing = ", ".join(step for step in group if step not in playbook.steps)
            yield warning(path, f"no stage offers {missing}", "add a stage for it, or take it out")


def _all_after(playbook: Playbook, steps: list[Step], remedy: int) -> bool:
    return all((playbook.stage_of(step) or 0) > remedy for step in steps)


def _apologies(playbook: Playbook) -> Iterator[Finding]:
    most = playbook.rules.max_apologies
    asked = [stage for stage in playbook.stages if Step.APOLOGIZE in stage.required_steps]
    if 0 < most < len(asked):
        wrong = f"{len(asked)} stages ask for an apology, and more than {most} are a misstep"
        yield error("rules.max_apologies", wrong, "raise it, or take an apology out")


def _reflection(playbook: Playbook) -> Iterator[Finding]:
    if not playbook.rules.reflection_is_confirmed:
        return
    index = playbook.stage_of(Step.REFLECT)
    path = "rules.reflection_is_confirmed"
    if index is None:
        yield error(path, "no stage has REFLECT", "add such a stage, or take the rule out")
    elif CustomerAct.CONFIRM not in playbook.stages[index].advance_on:
        wrong = f"stage {playbook.stages[index].name!r} is left without CONFIRM"
        yield error(path, wrong, f"add CONFIRM to stages[{index}].advance_on, or take the rule out")


def _idle_rules(playbook: Playbook) -> Iterator[Finding]:
    for rule, step in _RULE_STEPS.items():
        if getattr(playbook.rules, rule) and step not in playbook.steps:
            yield warning(f"rules.{rule}", f"no stage has {step}", "add such a stage, or take the rule out")


def _idle_exemplars(playbook: Playbook) -> Iterator[Finding]:
    for step in playbook.exemplars:
        if step not in playbook.steps:
            yield warning(f"exemplars.{step}", "no stage has this step", "add it to a stage, or take the phrases out")
