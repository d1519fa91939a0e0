"""The shipped playbooks say what the taxonomy says; a company's own are checked whole, every problem at once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from amends_core.errors import PlaybookError, UnknownPlaybook
from amends_core.playbooks import (
    DEFAULT_PLAYBOOK,
    Occasion,
    Order,
    PlaybookLibrary,
    load_library,
    misstep_exemplars,
    parse_playbook,
    phrasings,
)
from amends_core.playbooks.parser import BOUNDS, MAX_PHRASE_CHARACTERS, MIN_EXEMPLARS
from amends_core.taxonomy import SENTENCE_MISSTEPS, STEPS, CustomerAct, Misstep, Step

SHIPPED = ["unified", "connect_first", "defuse_and_retain", "empathy_first", "listen_apologize_reflect", "six_steps"]


def own() -> dict[str, Any]:
    """The smallest playbook that passes."""
    return {
        "schema": 1,
        "name": "own",
        "version": "1.0.0",
        "title": "Own",
        "summary": "Say sorry.",
        "stages": [{"name": "sorry", "steps": ["APOLOGIZE"]}],
        "exemplars": {"APOLOGIZE": [f"Sorry, number {i}." for i in range(MIN_EXEMPLARS)]},
    }


def problems_of(change: Callable[[dict[str, Any]], object]) -> str:
    data = own()
    change(data)
    with pytest.raises(PlaybookError) as caught:
        parse_playbook("own.yaml", yaml.safe_dump(data))
    return str(caught.value)


def test_six_playbooks_ship_and_the_default_comes_first(library: PlaybookLibrary) -> None:
    assert [playbook.name for playbook in library] == SHIPPED
    assert library.get("") is library.get(DEFAULT_PLAYBOOK)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_step_of_a_shipped_playbook_has_a_dozen_exemplars(library: PlaybookLibrary, name: str) -> None:
    playbook = library.get(name)
    assert set(playbook.exemplars) >= playbook.steps
    assert all(len(set(playbook.exemplars[step])) >= MIN_EXEMPLARS for step in playbook.steps)


def test_exemplars_are_unique_over_all_that_ships(library: PlaybookLibrary) -> None:
    sources = [*(playbook.exemplars for playbook in library), misstep_exemplars(), phrasings()]
    texts = [text.casefold() for source in sources for phrases in source.values() for text in phrases]
    assert sorted({text for text in texts if texts.count(text) > 1}) == []


def test_default_playbook_names_every_step_so_that_each_has_exemplars_everywhere(library: PlaybookLibrary) -> None:
    assert library.get("").steps == set(STEPS) == set(phrasings())
    assert set(misstep_exemplars()) == set(SENTENCE_MISSTEPS)


ORDERS = {
    "unified": "LISTEN THANK REFLECT EMPATHIZE APOLOGIZE TAKE_OWNERSHIP STATE_LIMITS TAKE_ACTION CHECK_SATISFACTION "
    "GO_FURTHER FOLLOW_UP APPRECIATE",
    "empathy_first": "EMPATHIZE STATE_LIMITS TAKE_ACTION CHECK_SATISFACTION APPRECIATE",
    "six_steps": "THANK CLARIFY EMPATHIZE APOLOGIZE TAKE_ACTION FOLLOW_UP",
    "defuse_and_retain": "LISTEN REFLECT APOLOGIZE TAKE_OWNERSHIP TAKE_ACTION FOLLOW_UP",
    "connect_first": "EMPATHIZE CLARIFY LISTEN TAKE_ACTION GO_FURTHER",
    "listen_apologize_reflect": "LISTEN APOLOGIZE REFLECT TAKE_ACTION",
}


@pytest.mark.parametrize("name", SHIPPED)
def test_stages_come_in_the_order_of_the_taxonomy(library: PlaybookLibrary, name: str) -> None:
    stages = [library.get(name).stage_of(Step[step]) for step in ORDERS[name].split()]
    assert None not in stages
    assert stages == sorted(stages, key=lambda stage: stage or 0)


@pytest.mark.parametrize(
    ("name", "order"), [(n, Order.PREFERENCE if n in ("unified", "six_steps") else Order.RULE) for n in SHIPPED]
)
def test_order_binds_where_the_guide_says_so(library: PlaybookLibrary, name: str, order: Order) -> None:
    assert library.get(name).order is order


PAUSES = {
    "unified": [Step.APOLOGIZE],
    "six_steps": [Step.APOLOGIZE],
    "empathy_first": [Step.EMPATHIZE, Step.STATE_LIMITS],
    "defuse_and_retain": [Step.REFLECT],
    "connect_first": [Step.CLARIFY],
}


@pytest.mark.parametrize("name", PAUSES)
def test_playbook_is_silent_where_its_guide_is(library: PlaybookLibrary, name: str) -> None:
    playbook = library.get(name)
    assert [playbook.stage_of(step) for step in PAUSES[name]] == [
        index for index, stage in enumerate(playbook.stages) if stage.pause
    ]


RULES: list[tuple[str, Callable[[Any], object], object]] = [
    ("empathy_first", lambda p: p.rules.satisfaction_by_person, True),
    ("empathy_first", lambda p: Misstep.MISHEARD in p.grave_missteps, True),
    ("empathy_first", lambda p: p.stages[0].until_calm, True),
    ("six_steps", lambda p: p.rules.self_disclosure_allowed, True),
    ("six_steps", lambda p: p.rules.remedy_after, ()),
    ("defuse_and_retain", lambda p: p.rules.action_needs_time, True),
    ("defuse_and_retain", lambda p: p.rules.reflection_is_confirmed, True),
    ("defuse_and_retain", lambda p: CustomerAct.CONFIRM in p.stages[1].advance_on, True),
    ("defuse_and_retain", lambda p: {Misstep.BLAME_OTHERS, Misstep.PASS_THE_BUCK} <= set(p.grave_missteps), True),
    ("connect_first", lambda p: p.rules.exception_allowed, True),
    ("connect_first", lambda p: p.rules.remedy_after, ((Step.EMPATHIZE,),)),
    ("listen_apologize_reflect", lambda p: (Step.APOLOGIZE,) in p.rules.remedy_after, True),
    ("connect_first", lambda p: Misstep.DEFEND in p.grave_missteps, True),
    ("connect_first", lambda p: p.stages[4].occasion, Occasion.UNSATISFIED),
    ("listen_apologize_reflect", lambda p: p.rules.apology_names_nobody, True),
    ("listen_apologize_reflect", lambda p: set(p.stages[2].steps), {Step.REFLECT, Step.EMPATHIZE, Step.THANK}),
    ("unified", lambda p: p.rules.max_apologies, 2),
    ("unified", lambda p: p.rules.satisfaction_by_person and p.rules.action_needs_time, True),
]


@pytest.mark.parametrize(("name", "rule", "value"), RULES)
def test_rule_of_the_guide_is_in_its_playbook(
    library: PlaybookLibrary, name: str, rule: Callable[[Any], object], value: object
) -> None:
    assert rule(library.get(name)) == value


def test_smallest_playbook_takes_the_stated_defaults() -> None:
    playbook = parse_playbook("own.yaml", yaml.safe_dump(own()))
    stage = playbook.stages[0]
    assert (playbook.order, playbook.grave_missteps, playbook.rules.max_apologies) == (Order.PREFERENCE, (), 2)
    assert (stage.occasion, stage.advance_on, stage.pause, stage.until_calm) == (Occasion.PROBLEM, (), False, False)
    assert stage.required_steps == (Step.APOLOGIZE,)


def stage(**fields: object) -> Callable[[dict[str, Any]], object]:
    return lambda data: data["stages"][0].update(fields)


def top(**fields: object) -> Callable[[dict[str, Any]], object]:
    return lambda data: data.update(fields)


PROBLEMS: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (top(schema=2), "schema: must be 1, is 2"),
    (top(name="Not A Name"), "name: must be a lower-case word"),
    (top(name="n" * 65), "name: must be a lower-case word"),
    (top(version="1.0"), "version: must be three numbers"),
    (top(title="  "), "title: must be text"),
    (top(summary=5), "summary: must be text, is '5'"),
    (top(order="ANY"), "order: must be one of RULE, PREFERENCE, is 'ANY'"),
    (top(stages={}), "stages: must be a list, is dict"),
    (top(stages=[]), "stages: must hold at least one stage"),
    (top(stages=["sorry"]), "stages[0]: must be a mapping, is str"),
    (lambda data: data["stages"].append(dict(data["stages"][0], steps=["APOLOGIZE"])), "stages: names must differ"),
    (top(colour="red"), "the file: 'colour' is not known"),
    (stage(name="1st"), "stages[0].name: must be a lower-case word"),
    (stage(steps=["APOLOGISE"]), "stages[0].steps[0]: must be one of LISTEN"),
    (stage(steps=[]), "stages.sorry.steps: must hold at least one step"),
    (stage(steps="APOLOGIZE"), "stages[0].steps: must be a list, is str"),
    (stage(occasion="NEVER"), "stages[0].occasion: must be one of ALWAYS"),
    (stage(optional_steps=["THANK"]), "stages.sorry.optional_steps: must be among its steps"),
    (stage(advance_on=["SHOUT"]), "stages[0].advance_on[0]: must be one of VENT"),
    (stage(pause="yes"), "stages[0].pause: must be true or false, is 'yes'"),
    (stage(until_calm=1), "stages[0].until_calm: must be true or false, is 1"),
    (stage(colour="red"), "stages[0]: 'colour' is not known"),
    (top(rules=[]), "rules: must be a mapping, is list"),
    (top(rules={"max_apologies": -1}), "rules.max_apologies: must be a whole number from 0 to 20, is -1"),
    (top(rules={"max_apologies": True}), "rules.max_apologies: must be a whole number from 0 to 20, is True"),
    (top(rules={"remedy_after": "THANK"}), "rules.remedy_after: must be a list, is str"),
    (top(rules={"remedy_after": ["THANK"]}), "rules.remedy_after[0]: must be a list, is str"),
    (top(rules={"remedy_after": [["HUG"]]}), "rules.remedy_after[0][0]: must be one of LISTEN"),
    (top(rules={"action_needs_time": "no"}), "rules.action_needs_time: must be true or false"),
    (top(rules={"be_nice": True}), "rules: 'be_nice' is not known"),
    (top(grave_missteps=["RUDE"]), "grave_missteps[0]: must be one of BLAME_CUSTOMER"),
    (top(exemplars=[]), "exemplars: must be a mapping, is list"),
    (lambda data: data["exemplars"]["APOLOGIZE"].pop(), "exemplars.APOLOGIZE: needs at least 12 different phrases"),
    (lambda data: data["exemplars"].update(APOLOGIZE=["Sorry."] * 20), "exemplars.APOLOGIZE: needs at least 12"),
    (lambda data: data["exemplars"].update(HUG=["There."]), "exemplars.HUG: must be one of LISTEN"),
    (lambda data: data["exemplars"].update(THANK="Thanks."), "exemplars.THANK: must be a list, is str"),
    (lambda data: data["exemplars"].update(THANK=[7]), "exemplars.THANK[0]: must be text, is '7'"),
    (
        lambda data: data["exemplars"].update(THANK=["t" * (MAX_PHRASE_CHARACTERS + 1)]),
        "exemplars.THANK: a phrase is longer than 400 characters",
    ),
]


@pytest.mark.parametrize(("change", "problem"), PROBLEMS, ids=[problem[:40] for _, problem in PROBLEMS])
def test_problem_is_told_with_its_path(change: Callable[[dict[str, Any]], object], problem: str) -> None:
    told = problems_of(change)
    assert told.startswith("own.yaml: ")
    assert problem in told


def test_all_problems_are_told_at_once() -> None:
    told = problems_of(
        top(schema=3, version="one", stages=[{"name": "x", "steps": ["HUG"], "pause": 1}], rules={"a": 1})
    )
    for path in ("schema:", "version:", "stages[0].steps[0]:", "stages[0].pause:", "stages.x.steps:", "rules: 'a'"):
        assert path in told


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name: [", "not valid YAML"),
        ("- a list", "the file: must be a mapping, is list"),
        ("", "the file: must be a mapping, is NoneType"),
        ("!!python/object/apply:os.getcwd []", "not valid YAML"),
        ("#" * (BOUNDS.max_bytes + 1), f"larger than {BOUNDS.max_bytes} bytes"),
    ],
    ids=["broken", "list", "empty", "code", "large"],
)
def test_file_that_is_no_playbook_is_refused(text: str, problem: str) -> None:
    with pytest.raises(PlaybookError, match=rf"own\.yaml: .*{problem}"):
        parse_playbook("own.yaml", text)


def test_own_folder_adds_to_what_ships(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(own()))
    (tmp_path / "notes.txt").write_text("not a playbook")
    assert [playbook.name for playbook in load_library(tmp_path)] == sorted(
        [*SHIPPED, "own"], key=lambda n: (n != "unified", n)
    )


def test_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(yaml.safe_dump({**own(), "name": "six_steps"}))
    with pytest.raises(PlaybookError, match="two playbooks are named 'six_steps'; rename one"):
        load_library(tmp_path)


def test_own_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlaybookError, match="nowhere is not a directory"):
        load_library(tmp_path / "nowhere")


def test_own_file_that_is_no_text_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PlaybookError, match=r"cannot read playbook own\.yaml"):
        load_library(tmp_path)


def test_library_needs_the_default() -> None:
    with pytest.raises(PlaybookError, match="no playbook is named 'unified'"):
        PlaybookLibrary([parse_playbook("own.yaml", yaml.safe_dump(own()))])


def test_unknown_playbook_is_a_mistake_of_the_request_that_lists_what_is_loaded(library: PlaybookLibrary) -> None:
    with pytest.raises(UnknownPlaybook, match=r"'seven_steps'.*unified.*six_steps") as caught:
        library.get("seven_steps")
    assert (caught.value.field, caught.value.reason) == ("playbook", "UNKNOWN_PLAYBOOK")
