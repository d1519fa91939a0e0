"""Playbooks as messages."""

from amends.v1 import judgement_pb2, playbook_pb2
from amends_core.playbooks import Playbook, Stage

from amends_server.convert.labels import ACT_VALUES, MISSTEP_VALUES, STEP_VALUES, steps_to


def playbook_ref(playbook: Playbook) -> judgement_pb2.PlaybookRef:
    """Name, version and checksum of a playbook."""
    return judgement_pb2.PlaybookRef(name=playbook.name, version=playbook.version, sha256=playbook.sha256)


def playbook_to(playbook: Playbook, *, with_exemplars: bool) -> playbook_pb2.Playbook:
    """A playbook as a message."""
    rules = playbook.rules
    exemplars = playbook.exemplars.items() if with_exemplars else ()
    return playbook_pb2.Playbook(
        ref=playbook_ref(playbook),
        title=playbook.title,
        summary=playbook.summary,
        order=playbook_pb2.Playbook.Order.Value(f"ORDER_{playbook.order}"),
        stages=[_stage(stage) for stage in playbook.stages],
        rules=playbook_pb2.PlaybookRules(
            remedy_after=[playbook_pb2.StepGroup(steps=steps_to(group)) for group in rules.remedy_after],
            max_apologies=rules.max_apologies,
            apology_names_nobody=rules.apology_names_nobody,
            action_needs_time=rules.action_needs_time,
            satisfaction_by_person=rules.satisfaction_by_person,
            reflection_is_confirmed=rules.reflection_is_confirmed,
            exception_allowed=rules.exception_allowed,
            self_disclosure_allowed=rules.self_disclosure_allowed,
        ),
        grave_missteps=[MISSTEP_VALUES[misstep] for misstep in playbook.grave_missteps],
        exemplars=[playbook_pb2.StepExemplars(step=STEP_VALUES[step], phrases=texts) for step, texts in exemplars],
    )


def _stage(stage: Stage) -> playbook_pb2.Stage:
    return playbook_pb2.Stage(
        name=stage.name,
        steps=steps_to(stage.steps),
        occasion=playbook_pb2.Occasion.Value(f"OCCASION_{stage.occasion}"),
        optional_steps=steps_to(stage.optional_steps),
        advance_on=[ACT_VALUES[act] for act in stage.advance_on],
        pause=stage.pause,
        until_calm=stage.until_calm,
    )
