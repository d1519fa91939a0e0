"""A playbook that contradicts itself is found out before it serves; what ships does not."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from amends_core.bundle import load_bundle
from amends_core.checks import Examiner, Finding, Level, Sample, check_exemplars, check_structure, rehearse, samples
from amends_core.checks.reach import reachable_stages
from amends_core.detection import Detector
from amends_core.playbooks import Playbook, PlaybookLibrary, parse_playbook
from amends_core.playbooks.library import DATA_DIR
from amends_core.taxonomy import CustomerAct, Expectation, Misstep, Role, Step
from core_builders import ACT, REFLECT, VENTS, FakeEncoder, Says, World, agent, manifest, said

SHIPPED = sorted((DATA_DIR / "playbooks").glob("*.yaml"))


def phrases(step: str) -> list[str]:
    return [f"{step} phrase {n}" for n in range(12)]


def own(stages: list[dict[str, Any]], **fields: Any) -> Playbook:
    """A playbook of these stages, with phrases for all of their steps."""
    steps = {step for stage in stages for step in stage["steps"]}
    data = {
        "schema": 1,
        "name": "own",
        "version": "1.0.0",
        "title": "Own",
        "summary": "Own.",
        "order": "RULE",
        "stages": [{"name": f"s{n}", **stage} for n, stage in enumerate(stages)],
        "exemplars": {step: phrases(step) for step in sorted(steps)},
    }
    return parse_playbook("own.yaml", yaml.safe_dump({**data, **fields}))


def found(playbook: Playbook) -> list[str]:
    return [f"{finding.level} {finding}" for finding in check_structure(playbook)]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_playbook_has_no_contradiction_and_every_stage_is_come_to(path: Path) -> None:
    playbook = parse_playbook(path.name, path.read_text())
    assert found(playbook) == []
    reached = reachable_stages(playbook)
    assert reached is not None
    assert {i for i, stage in enumerate(playbook.stages) if stage.required_steps} <= reached


APOLOGY = {"steps": ["APOLOGIZE"]}
ACTION = {"steps": ["TAKE_ACTION"], "occasion": "ALWAYS"}
BROKEN: list[tuple[list[dict[str, Any]], dict[str, Any], str]] = [
    # stages, other fields, the one finding
    (
        [APOLOGY, {"steps": ["FOLLOW_UP"], "occasion": "REMEDIED"}],
        {},
        "error stages[1]: .* REMEDIED holds after GO_FURTHER or TAKE_ACTION, which no stage before it makes",
    ),
    (
        [APOLOGY, {"steps": ["LISTEN"], "occasion": "UNSATISFIED"}],
        {},
        "error stages[1]: .* UNSATISFIED holds after TAKE_ACTION",
    ),
    (
        [APOLOGY, ACTION, {"steps": ["APPRECIATE"], "occasion": "CLOSING", "advance_on": ["REJECT"]}],
        {},
        "error stages[2].advance_on: CLOSING holds only after SATISFIED or ACCEPT",
    ),
    (
        [{"steps": ["LISTEN"], "occasion": "UPSET", "advance_on": ["SATISFIED"]}, ACTION],
        {},
        "error stages[0].advance_on: UPSET is over once the customer is content",
    ),
    (
        [APOLOGY, ACTION, {"steps": ["APPRECIATE"], "occasion": "CLOSING", "until_calm": True}],
        {},
        "error stages[2].until_calm: a closing customer is calm",
    ),
    ([APOLOGY, {**ACTION, "pause": True}], {}, "warning stages[1].pause: nothing comes after the last stage"),
    ([{"steps": ["APOLOGIZE", "APOLOGIZE"]}, ACTION], {}, "warning stages[0].steps: names a step twice"),
    (
        [APOLOGY, ACTION],
        {"rules": {"remedy_after": [["LISTEN"]]}},
        "error rules.remedy_after[0]: no stage offers a step of it",
    ),
    ([APOLOGY, ACTION], {"rules": {"remedy_after": [[]]}}, "error rules.remedy_after[0]: no stage offers a step of it"),
    (
        [APOLOGY, ACTION],
        {"rules": {"remedy_after": [["TAKE_ACTION"]]}},
        "error rules.remedy_after[0]: a remedy would have to come before the remedy",
    ),
    ([ACTION, APOLOGY], {"rules": {"remedy_after": [["APOLOGIZE"]]}}, "error rules.remedy_after[0]: order is a RULE"),
    (
        [APOLOGY, ACTION],
        {"rules": {"remedy_after": [["APOLOGIZE", "LISTEN"]]}},
        "warning rules.remedy_after[0]: no stage offers LISTEN",
    ),
    (
        [APOLOGY, ACTION],
        {"rules": {"reflection_is_confirmed": True}},
        "error rules.reflection_is_confirmed: no stage has REFLECT",
    ),
    (
        [{"steps": ["REFLECT"]}, ACTION],
        {"rules": {"reflection_is_confirmed": True}},
        "error rules.reflection_is_confirmed: stage 's0' is left without CONFIRM; add CONFIRM to stages.0..advance_on",
    ),
    (
        [{"steps": ["LISTEN"]}, ACTION],
        {"rules": {"apology_names_nobody": True}},
        "warning rules.apology_names_nobody: no stage has APOLOGIZE",
    ),
    ([APOLOGY], {"rules": {"action_needs_time": True}}, "warning rules.action_needs_time: no stage has TAKE_ACTION"),
    (
        [APOLOGY, ACTION],
        {"rules": {"satisfaction_by_person": True}},
        "warning rules.satisfaction_by_person: no stage has CHECK_SATISFACTION",
    ),
    (
        [APOLOGY, ACTION],
        {"rules": {"exception_allowed": True}},
        "warning rules.exception_allowed: no stage has GO_FURTHER",
    ),
    (
        [APOLOGY, ACTION],
        {"exemplars": {s: phrases(s) for s in ("APOLOGIZE", "TAKE_ACTION", "THANK")}},
        "warning exemplars.THANK: no stage has this step",
    ),
]


@pytest.mark.parametrize(("stages", "fields", "wrong"), BROKEN, ids=[row[2][:60] for row in BROKEN])
def test_contradiction_is_found_and_nothing_else(
    stages: list[dict[str, Any]], fields: dict[str, Any], wrong: str
) -> None:
    (only,) = found(own(stages, **fields))
    level, _, rest = wrong.partition(" ")
    field, _, words = rest.partition(": ")
    assert only.startswith(f"{level} {field}: ")
    assert re.search(words, only)
    assert "; " in only


def test_step_of_an_earlier_stage_makes_the_later_one_unreachable() -> None:
    told = found(own([APOLOGY, ACTION, {"steps": ["APOLOGIZE"]}]))
    assert any(t.startswith("error stages[2]: ") and "earlier stages have made all of its steps" in t for t in told)
    assert any(t.startswith("warning stages[2].steps: APOLOGIZE belongs to stage 's0' already") for t in told)


def test_stage_for_the_unsatisfied_is_passed_before_any_remedy_where_order_is_a_preference() -> None:
    stages = [{"steps": ["GO_FURTHER"], "occasion": "UNSATISFIED"}, ACTION]
    (only,) = found(own(stages, order="PREFERENCE"))
    assert only.startswith("error stages[0]: no conversation comes to stage 's0': UNSATISFIED holds after TAKE_ACTION")
    assert found(own(stages, order="RULE")) == []


def test_more_apologies_asked_for_than_allowed_contradict_each_other() -> None:
    stages = [{"steps": ["APOLOGIZE", "LISTEN"]}, {"steps": ["APOLOGIZE", "THANK"]}, ACTION]
    told = found(own(stages, rules={"max_apologies": 1}))
    assert any(t.startswith("error rules.max_apologies: 2 stages ask for an apology, and more than 1") for t in told)
    assert not any("max_apologies" in t for t in found(own(stages, rules={"max_apologies": 0})))


def test_walk_gives_up_where_there_are_too_many_states(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("amends_core.checks.reach.MOST_STATES", 3)
    playbook = own([APOLOGY, {"steps": ["FOLLOW_UP"], "occasion": "REMEDIED"}])
    assert reachable_stages(playbook) is None
    assert found(playbook) == []


def told_of(playbook: Playbook, says: dict[str, Says]) -> list[Finding]:
    texts = [text for each in playbook.exemplars.values() for text in each]
    every = {text: agent(step) for step, each in playbook.exemplars.items() for text in each} | says
    encoder = FakeEncoder(every)
    return list(check_exemplars(playbook, {text: encoder.encode(text) for text in texts}, Detector(manifest())))


EXEMPLARS: list[tuple[dict[str, Says], str, Level, str]] = [
    (
        {"APOLOGIZE phrase 3": agent(Step.APOLOGIZE, Misstep.DEFEND)},
        "exemplars.APOLOGIZE[3]",
        Level.WARNING,
        "reads DEFEND in it (1.00)",
    ),
    (
        {"APOLOGIZE phrase 4": agent(Step.THANK)},
        "exemplars.APOLOGIZE[4]",
        Level.WARNING,
        "reads THANK (1.00) and not APOLOGIZE (0.00)",
    ),
    (
        {"APOLOGIZE phrase 5": agent(Step.APOLOGIZE, near="APOLOGIZE phrase 2")},
        "exemplars.APOLOGIZE[5]",
        Level.WARNING,
        "nearly the same as exemplars.APOLOGIZE[2]",
    ),
    (
        {f"APOLOGIZE phrase {n}": agent() for n in range(7)},
        "exemplars.APOLOGIZE",
        Level.WARNING,
        "reads APOLOGIZE in 5 of its 12 phrases",
    ),
]


@pytest.mark.parametrize(("says", "field", "level", "wrong"), EXEMPLARS, ids=[row[3] for row in EXEMPLARS])
def test_exemplar_that_the_model_takes_for_something_else_is_told(
    says: dict[str, Says], field: str, level: Level, wrong: str
) -> None:
    (finding,) = told_of(own([APOLOGY, ACTION]), says)
    assert (finding.field, finding.level) == (field, level)
    assert wrong in finding.wrong


def test_exemplars_that_the_model_reads_as_meant_are_fine() -> None:
    assert told_of(own([APOLOGY, ACTION]), {"APOLOGIZE phrase 0": agent(Step.APOLOGIZE, Step.THANK)}) == []


def test_phrases_near_in_meaning_and_in_other_words_are_no_duplicates() -> None:
    texts = [*phrases("APOLOGIZE")[:11], "We were wrong here."]
    playbook = own([APOLOGY, ACTION], exemplars={"APOLOGIZE": texts, "TAKE_ACTION": phrases("TAKE_ACTION")})
    assert told_of(playbook, {"We were wrong here.": agent(Step.APOLOGIZE, near="APOLOGIZE phrase 2")}) == []


def test_phrase_under_two_steps_contradicts_itself() -> None:
    twice = {"APOLOGIZE": phrases("X"), "TAKE_ACTION": [*phrases("Y")[:11], "X phrase 7"]}
    playbook = own([APOLOGY, ACTION], exemplars=twice)
    errors = [f for f in told_of(playbook, {}) if f.level is Level.ERROR]
    assert [(f.field, f.wrong) for f in errors] == [
        ("exemplars.TAKE_ACTION[11]", "stands under APOLOGIZE as well (exemplars.APOLOGIZE[7])")
    ]


def test_apology_exemplar_that_names_somebody_breaks_the_rule_of_its_playbook() -> None:
    texts = [*phrases("APOLOGIZE")[:11], "I am sorry for what our courier did."]
    exemplars = {"APOLOGIZE": texts, "TAKE_ACTION": phrases("TAKE_ACTION")}
    ruled = own([APOLOGY, ACTION], exemplars=exemplars, rules={"apology_names_nobody": True})
    assert ["rules.apology_names_nobody" in finding.wrong for finding in told_of(ruled, {})] == [True]
    assert told_of(own([APOLOGY, ACTION], exemplars=exemplars), {}) == []


def test_samples_are_whole_conversations_of_many_kinds() -> None:
    assert len(samples()) >= 6
    assert len({sample.name for sample in samples()}) == len(samples())
    for sample in samples():
        assert sample.turns[0].role is Role.CUSTOMER
        assert {turn.role for turn in sample.turns} == {Role.CUSTOMER, Role.AGENT}
        assert sample.about


def test_rehearsal_tells_each_turn(library: PlaybookLibrary, world: World) -> None:
    sample = Sample("tried", "", tuple(said(VENTS, REFLECT, VENTS, ACT)))
    rehearsal = rehearse(world.scorer, world.encoder.encode, "defuse_and_retain", sample)
    first, second, *_ = rehearsal.turns
    assert (first.judgement, first.expected) == (None, (Step.LISTEN,))
    assert first.expectations[Step.TAKE_ACTION] is Expectation.NOT_NOW
    assert Step.TAKE_ACTION in first.not_now
    assert second.judgement is not None
    assert second.advice.position.waiting or second.advice.pause_reason
    assert rehearsal.stages[0] == "vent"
    assert rehearsal.turns[2].advice.customer.reading.act is CustomerAct.VENT


@pytest.fixture(scope="module")
def examiner() -> Examiner:
    return Examiner(load_bundle())


@pytest.fixture
def mine(tmp_path: Path) -> Callable[..., Path]:
    """Writes a shipped playbook under another name, with one change to its text."""

    def write(old: str = "", new: str = "", name: str = "mine") -> Path:
        text = (DATA_DIR / "playbooks/connect_first.yaml").read_text().replace("name: connect_first", f"name: {name}")
        path = tmp_path / f"{name}.yaml"
        path.write_text(text.replace(old, new, 1) if old else text)
        return path

    return write


def test_playbook_without_errors_is_rehearsed_over_every_sample(examiner: Examiner, mine: Callable[..., Path]) -> None:
    (found,) = examiner.examine([mine()])
    assert found.errors == 0
    assert [rehearsal.sample for rehearsal in found.rehearsals] == list(samples())
    assert all(len(rehearsal.turns) == len(rehearsal.sample.turns) for rehearsal in found.rehearsals)


def test_finding_has_the_line_of_its_field(examiner: Examiner, mine: Callable[..., Path]) -> None:
    path = mine("remedy_after: [[EMPATHIZE]]", "remedy_after: [[THANK]]")
    (found,) = examiner.examine([path])
    (error,) = [finding for finding in found.findings if finding.level is Level.ERROR]
    assert path.read_text().splitlines()[error.line - 1].strip().startswith("remedy_after:")
    assert found.rehearsals == ()


def test_broken_file_does_not_keep_the_others_from_being_examined(
    examiner: Examiner, mine: Callable[..., Path], tmp_path: Path
) -> None:
    broken = mine("schema: 1", "schema: 9", name="broken")
    found = examiner.examine([broken, tmp_path / "missing.yaml", mine()])
    assert [(each.playbook is None, each.errors) for each in found] == [(True, 1), (True, 1), (False, 0)]
    assert (found[0].findings[0].field, found[0].findings[0].line) == ("schema", 1)
    assert "missing.yaml" in str(found[1].findings[0])


@pytest.mark.parametrize("name", ["unified", "mine"])
def test_name_that_is_taken_is_an_error(examiner: Examiner, mine: Callable[..., Path], name: str) -> None:
    first = mine()
    again = mine("version: 1.0.0", "version: 2.0.0", name=name)
    paths = [again] if name == "unified" else [first, again]
    if name == "mine":
        first = first.rename(first.with_name("other.yaml"))
        again.write_text(first.read_text())
        paths = [first, again]
    errors = [f for each in examiner.examine(paths) for f in each.findings if f.level is Level.ERROR]
    assert [(f.field, f.wrong) for f in errors] == [("name", f"another playbook is named {name!r}")]


def test_example_of_the_documentation_is_fit_to_serve(examiner: Examiner) -> None:
    (found,) = examiner.examine([Path(__file__).parents[3] / "docs/example-playbook.yaml"])
    assert found.errors == 0
    stages = {stage.name for stage in found.playbook.stages} if found.playbook else set()
    assert stages == {stage for rehearsal in found.rehearsals for stage in rehearsal.stages}


def test_shipped_file_is_examined_as_itself(examiner: Examiner) -> None:
    assert examiner.examine([DATA_DIR / "playbooks/six_steps.yaml"])[0].errors == 0


def test_twins_with_the_same_name_are_told_apart_by_their_text() -> None:
    playbook = own([APOLOGY, ACTION])
    assert replace(playbook).sha256 == playbook.sha256 != own([APOLOGY, ACTION], title="Other").sha256
