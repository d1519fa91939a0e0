"""Each rule of a playbook makes a difference: a shipped playbook beside its twin that lacks the one rule."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from amends_core.advice import Advice
from amends_core.bundle import output_name
from amends_core.conversation import Turn
from amends_core.judgement import Judgement, wording
from amends_core.judgement.rules import names_somebody
from amends_core.playbooks import Playbook, PlaybookLibrary
from amends_core.taxonomy import SENTENCE_MISSTEPS, Expectation, Misstep, Role, Severity, Step
from core_builders import (
    ACCEPTS,
    ACT,
    ASKS,
    CLARIFY,
    CONFIRMS,
    EMPATHIZE,
    EXPLAINS,
    LIMITS,
    LISTEN,
    MORE,
    OWN,
    REFLECT,
    REJECTS,
    SORRY,
    VENTS,
    Says,
    World,
    agent,
    said,
)
from hypothesis import given
from hypothesis import strategies as st

FLAGS = {
    "apology_names_nobody": ["listen_apologize_reflect"],
    "action_needs_time": ["defuse_and_retain", "unified"],
    "satisfaction_by_person": ["empathy_first", "unified"],
    "reflection_is_confirmed": ["defuse_and_retain"],
    "exception_allowed": ["connect_first", "unified"],
    "self_disclosure_allowed": ["connect_first", "six_steps"],
}
HEARD = (VENTS, LISTEN, EXPLAINS)


def twin(playbook: Playbook, rule: str) -> Playbook:
    """The same playbook without the rule."""
    flags: dict[str, Any] = {rule: False}
    return replace(playbook, name=f"{playbook.name}_without", rules=replace(playbook.rules, **flags))


@pytest.fixture(scope="module")
def worlds(library: PlaybookLibrary) -> Mapping[str, World]:
    """By rule: a world that also holds, for each playbook with the rule, its twin without it."""
    return {
        rule: World(PlaybookLibrary([*library, *(twin(library.get(name), rule) for name in names)]))
        for rule, names in FLAGS.items()
    }


def both(
    worlds: Mapping[str, World], rule: str, name: str, turns: list[Turn], *reply: str, says: Mapping[str, Says] = {}
) -> tuple[Judgement, Judgement]:
    """The reply judged with the rule and without it."""
    world = worlds[rule]
    return tuple(world.judge(turns, *reply, playbook=p, says=says) for p in (name, f"{name}_without"))  # type: ignore[return-value]


def advised(worlds: Mapping[str, World], rule: str, name: str, turns: list[Turn]) -> tuple[Advice, Advice]:
    return tuple(worlds[rule].advise(turns, p, most=13) for p in (name, f"{name}_without"))  # type: ignore[return-value]


def reason_of(judgement: Judgement, source: Step | Misstep) -> str:
    return next(share.reason for share in judgement.contributions if share.source is source)


@pytest.mark.parametrize("rule", FLAGS)
def test_rules_are_in_the_playbooks_that_these_tests_name(library: PlaybookLibrary, rule: str) -> None:
    assert {playbook.name for playbook in library if getattr(playbook.rules, rule)} == set(FLAGS[rule])


@pytest.mark.parametrize(
    "apology",
    [
        "I am sorry that our courier left it in the rain.",
        "I apologise for what the billing system did.",
        "I am sorry for Dave's tone on the phone.",
        "I am sorry that the new trainee was short with you.",
        "Please accept our apology for the returns process.",
    ],
)
def test_apology_that_names_somebody_is_worth_less(worlds: Mapping[str, World], apology: str) -> None:
    says = {apology: agent(Step.APOLOGIZE)}
    with_rule, without = both(
        worlds, "apology_names_nobody", "listen_apologize_reflect", said(*HEARD), apology, says=says
    )
    assert with_rule.score < without.score
    assert reason_of(with_rule, Step.APOLOGIZE) == with_rule.steps[Step.APOLOGIZE].missing == wording.NAMING
    assert without.steps[Step.APOLOGIZE].missing == ""


@pytest.mark.parametrize(
    "apology",
    [
        "I am so sorry, Sarah.",
        "Sorry, Mr Patel, for what you went through on Monday.",
        "I'm sorry that you waited until Friday for it.",
        "I apologise on behalf of the whole team for this.",
        "We let you down, and I apologise.",
        "We are sorry for four lost hours of your Sunday.",
    ],
)
def test_apology_to_the_customer_names_nobody(worlds: Mapping[str, World], apology: str) -> None:
    says = {apology: agent(Step.APOLOGIZE)}
    with_rule, without = both(
        worlds, "apology_names_nobody", "listen_apologize_reflect", said(*HEARD), apology, says=says
    )
    assert with_rule.score == without.score


def test_apology_beside_one_that_names_somebody_keeps_its_worth(worlds: Mapping[str, World]) -> None:
    named = "I am sorry that our courier left it in the rain."
    says = {named: agent(Step.APOLOGIZE)}
    turns = said(*HEARD)
    with_rule, without = both(
        worlds, "apology_names_nobody", "listen_apologize_reflect", turns, f"{SORRY} {named}", says=says
    )
    assert with_rule.score == without.score


def test_shipped_apologies_of_the_rule_name_nobody(library: PlaybookLibrary) -> None:
    exemplars = library.get("listen_apologize_reflect").exemplars[Step.APOLOGIZE]
    assert [text for text in exemplars if names_somebody(text)] == []


@pytest.mark.parametrize("name", FLAGS["action_needs_time"])
def test_action_without_a_time_is_worth_less_and_says_why(worlds: Mapping[str, World], name: str) -> None:
    says = {"A new one comes to you.": agent(Step.TAKE_ACTION)}
    turns = said(*HEARD, REFLECT, CONFIRMS)
    with_rule, without = both(worlds, "action_needs_time", name, turns, f"{SORRY} A new one comes to you.", says=says)
    assert with_rule.score < without.score
    assert reason_of(with_rule, Step.TAKE_ACTION) == wording.WITHOUT_TIME
    assert reason_of(without, Step.TAKE_ACTION) != wording.WITHOUT_TIME


def test_survey_weighs_more_where_a_person_asks(worlds: Mapping[str, World]) -> None:
    survey = "A survey will reach you soon."
    says = {survey: agent(Misstep.AUTOMATED_SURVEY)}
    with_rule, without = both(
        worlds, "satisfaction_by_person", "unified", said(*HEARD, SORRY, EXPLAINS, ACT, ACCEPTS), survey, says=says
    )
    assert [(f.severity, f.reason) for f in with_rule.missteps] == [(Severity.MAJOR, wording.SURVEY_BY_RULE)]
    assert [f.severity for f in without.missteps] == [Severity.MINOR]
    assert with_rule.score < without.score


@pytest.mark.parametrize("name", FLAGS["satisfaction_by_person"])
def test_survey_is_to_be_avoided_once_a_remedy_was_stated(worlds: Mapping[str, World], name: str) -> None:
    with_rule, without = advised(worlds, "satisfaction_by_person", name, said(*HEARD, SORRY, EXPLAINS, ACT, EXPLAINS))
    assert Misstep.AUTOMATED_SURVEY in [each.subject for each in with_rule.avoid]
    assert Misstep.AUTOMATED_SURVEY not in [each.subject for each in without.avoid]


def test_restatement_that_asks_for_no_yes_is_worth_less(worlds: Mapping[str, World]) -> None:
    with_rule, without = both(worlds, "reflection_is_confirmed", "defuse_and_retain", said(*HEARD), REFLECT)
    assert with_rule.score < without.score
    assert with_rule.steps[Step.REFLECT].missing == reason_of(with_rule, Step.REFLECT) == wording.UNCONFIRMED
    assert without.steps[Step.REFLECT].missing == ""


@pytest.mark.parametrize(
    "reply",
    [
        "So you paid for speed and got a wait, is that so?",
        "So you paid for speed and got a wait. Have I got that right?",
        "So you paid for speed and got a wait. Tell me if I have that wrong.",
    ],
)
def test_restatement_that_asks_keeps_its_worth(worlds: Mapping[str, World], reply: str) -> None:
    says = {"So you paid for speed and got a wait, is that so?": agent(Step.REFLECT)}
    turns = said(*HEARD)
    with_rule, without = both(worlds, "reflection_is_confirmed", "defuse_and_retain", turns, reply, says=says)
    assert with_rule.score == without.score


@pytest.mark.parametrize(
    ("texts", "reply", "rushed"),
    [
        (HEARD, (f"{REFLECT} {ACT}",), True),
        (HEARD, (REFLECT, ACT), False),
        ((*HEARD, REFLECT, CONFIRMS), (f"{REFLECT} {SORRY} {ACT}",), False),
        ((VENTS, LISTEN, ASKS), (f"{REFLECT} {SORRY} {ACT}",), False),
    ],
    ids=["unanswered", "in turns of their own", "confirmed", "asked for"],
)
def test_remedy_rushes_past_a_restatement_that_waits_for_its_yes(
    world: World, texts: tuple[str, ...], reply: tuple[str, ...], rushed: bool
) -> None:
    judgement = world.judge(said(*texts), *reply, playbook="defuse_and_retain")
    reasons = [finding.reason for finding in judgement.missteps if finding.misstep is Misstep.NO_PAUSE]
    assert reasons == ([wording.RUSHED_PAST_GATE] if rushed else [])


@pytest.mark.parametrize(
    ("name", "texts", "reply", "rushed"),
    [
        ("empathy_first", (VENTS,), f"{EMPATHIZE} {ACT}", True),
        ("empathy_first", (ASKS,), f"{EMPATHIZE} {ACT}", False),
        ("connect_first", (VENTS, EMPATHIZE, EXPLAINS), f"{CLARIFY} {ACT}", True),
        ("connect_first", (VENTS, EMPATHIZE, EXPLAINS), f"{EMPATHIZE} {ACT}", False),
        ("unified", (VENTS,), f"{EMPATHIZE} {CLARIFY} {ACT}", False),
        ("six_steps", (VENTS,), f"{EMPATHIZE} {CLARIFY} {ACT}", False),
    ],
)
def test_remedy_rushes_past_the_pause_of_the_stage_that_is_reached(
    world: World, name: str, texts: tuple[str, ...], reply: str, rushed: bool
) -> None:
    judgement = world.judge(said(*texts), reply, playbook=name)
    assert (Misstep.NO_PAUSE in {finding.misstep for finding in judgement.missteps}) is rushed


def test_advice_asks_for_the_yes_and_holds_the_remedy_back(worlds: Mapping[str, World]) -> None:
    with_rule, without = advised(worlds, "reflection_is_confirmed", "defuse_and_retain", said(*HEARD))
    told = [next(s for s in each.steps if s.step is Step.REFLECT) for each in (with_rule, without)]
    assert "yes or no" in told[0].reason
    assert "yes or no" not in told[1].reason
    assert all(text.endswith("?") for text in told[0].phrasings[:3])
    waiting = advised(worlds, "reflection_is_confirmed", "defuse_and_retain", said(*HEARD, REFLECT))
    assert [Misstep.NO_PAUSE in [a.subject for a in each.avoid] for each in waiting] == [True, False]


@pytest.mark.parametrize("name", FLAGS["exception_allowed"])
def test_exception_is_due_where_a_limit_was_turned_down(worlds: Mapping[str, World], name: str) -> None:
    turns, done = said(*HEARD, EMPATHIZE, EXPLAINS, LIMITS, REJECTS), f"{REFLECT} {SORRY} {OWN} {ACT}"
    with_rule, without = both(worlds, "exception_allowed", name, turns, done)
    assert with_rule.steps[Step.GO_FURTHER].expectation is Expectation.EXPECTED
    assert with_rule.steps[Step.GO_FURTHER].missing == wording.EXCEPTION
    assert without.steps[Step.GO_FURTHER].expectation is Expectation.WELCOME
    assert wording.EXCEPTION in [suggestion.text for suggestion in with_rule.suggestions]
    generous, _ = both(worlds, "exception_allowed", name, turns, f"{done} {MORE}")
    assert generous.score > with_rule.score
    assert generous.steps[Step.GO_FURTHER].missing == ""


@pytest.mark.parametrize("name", FLAGS["exception_allowed"])
def test_exception_is_among_the_first_advice_where_it_is_due(worlds: Mapping[str, World], name: str) -> None:
    turns = said(*HEARD, EMPATHIZE, EXPLAINS, LIMITS, REJECTS)
    with_rule, without = advised(worlds, "exception_allowed", name, turns)
    ranks = [[s.step for s in each.steps].index(Step.GO_FURTHER) for each in (with_rule, without)]
    assert ranks[0] < 3
    assert ranks[0] < ranks[1]
    assert "exception" in with_rule.steps[ranks[0]].reason


@pytest.mark.parametrize("last", [CONFIRMS, EXPLAINS, ACCEPTS])
def test_no_exception_is_due_where_the_limit_was_not_turned_down(world: World, last: str) -> None:
    judgement = world.judge(said(*HEARD, LIMITS, last), SORRY)
    assert judgement.steps[Step.GO_FURTHER].missing != wording.EXCEPTION


SHARED = "The same happened to me last year, and I hated it."
SELF_FOCUS = [agent(Misstep.SELF_FOCUS), agent(Misstep.SELF_FOCUS, p=0.3)]


@pytest.mark.parametrize("name", FLAGS["self_disclosure_allowed"])
@pytest.mark.parametrize("reading", SELF_FOCUS, ids=["claimed", "hinted"])
def test_short_disclosure_of_the_same_feeling_costs_nothing(
    worlds: Mapping[str, World], name: str, reading: Says
) -> None:
    reply = f"{EMPATHIZE} {SHARED}"
    with_rule, without = both(worlds, "self_disclosure_allowed", name, said(VENTS), reply, says={SHARED: reading})
    assert with_rule.missteps == ()
    assert with_rule.score > without.score
    innocent = worlds["self_disclosure_allowed"].judge(said(VENTS), reply, playbook=name, says={SHARED: agent()})
    assert with_rule.score == innocent.score
    assert [s.reading for s in with_rule.sentences] == [s.reading for s in without.sentences]


@pytest.mark.parametrize(
    "text",
    [
        "I have had forty calls like this today too.",
        "I haven't had my lunch yet myself.",
        "You think that is bad, my own flight was cancelled last year.",
        "The same happened to me last year, when my boiler broke and nobody came for a month of cold nights.",
        "We are very short-staffed.",
    ],
    ids=["workload", "own trouble", "contest", "detail", "no disclosure"],
)
@pytest.mark.parametrize("name", FLAGS["self_disclosure_allowed"])
def test_what_is_no_short_disclosure_stays_a_misstep(worlds: Mapping[str, World], name: str, text: str) -> None:
    with_rule, without = both(
        worlds, "self_disclosure_allowed", name, said(VENTS), text, says={text: agent(Misstep.SELF_FOCUS)}
    )
    assert {finding.misstep for finding in with_rule.missteps} == {Misstep.SELF_FOCUS}
    assert with_rule.score == without.score


@pytest.mark.parametrize("more", ["I would be cross myself, as I was once.", "My feet hurt."])
def test_second_sentence_about_the_agent_makes_both_count(worlds: Mapping[str, World], more: str) -> None:
    says = {SHARED: agent(Misstep.SELF_FOCUS), more: agent(Misstep.SELF_FOCUS)}
    with_rule, without = both(
        worlds, "self_disclosure_allowed", "six_steps", said(VENTS), f"{SHARED} {more}", says=says
    )
    assert with_rule.score == without.score
    assert len(with_rule.missteps[0].places) == 2


def test_disclosure_that_also_blames_is_not_excused(worlds: Mapping[str, World]) -> None:
    says = {SHARED: agent(Misstep.SELF_FOCUS, Misstep.DISMISS_FEELING)}
    with_rule, without = both(worlds, "self_disclosure_allowed", "six_steps", said(VENTS), SHARED, says=says)
    assert with_rule.score == without.score


TELLING = (
    "I am sorry that our courier left it in the rain.",
    "So you waited for us, have I got that right?",
    "We can do no more by our policy.",
    SHARED,
    "I would be cross too.",
    "My shift ends soon.",
    "A new one comes to you.",
)
"""Sentences whose words the rules look at."""
outputs = st.dictionaries(
    st.sampled_from([output_name(label) for label in (*Step, *SENTENCE_MISSTEPS)]), st.floats(0.01, 0.99), max_size=4
)


def scored(world: World, name: str, reply: list[str], says: Mapping[str, Says]) -> float:
    turns = [Turn(Role.CUSTOMER, VENTS), Turn(Role.AGENT, LIMITS), Turn(Role.CUSTOMER, REJECTS)]
    judgement = world.judge(turns, " ".join(reply), playbook=name, says=says)
    assert judgement.score == sum(share.points for share in judgement.contributions)
    return judgement.score


@given(
    name=st.sampled_from(sorted({name for names in FLAGS.values() for name in names})),
    reply=st.lists(st.sampled_from(TELLING), min_size=1, unique=True),
    readings=st.lists(outputs, min_size=len(TELLING), max_size=len(TELLING)),
    misstep=st.sampled_from(SENTENCE_MISSTEPS),
    data=st.data(),
)
def test_rules_never_make_harm_or_saying_it_twice_pay(
    world: World,
    name: str,
    reply: list[str],
    readings: list[dict[str, float]],
    misstep: Misstep,
    data: st.DataObject,
) -> None:
    says = {text: Says(each) for text, each in zip(TELLING, readings, strict=True)}
    says["And that is that."] = Says({output_name(misstep): 0.9})
    score = scored(world, name, reply, says)
    assert scored(world, name, [*reply, "And that is that."], says) <= score
    assert scored(world, name, [*reply, data.draw(st.sampled_from(reply))], says) <= score
