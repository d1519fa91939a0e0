"""The judgement: what helps brings points, what harms costs them, and doubt is said aloud."""

from dataclasses import replace

import pytest
from amends_core.conversation import Turn
from amends_core.judgement import Change, Judgement, MisstepFinding, Verdict, wording
from amends_core.judgement.points import verdict_of
from amends_core.judgement.weights import FILLER_FREE_WORDS, GRID
from amends_core.playbooks import phrasings
from amends_core.taxonomy import STEPS, CustomerAct, Expectation, Misstep, Role, Severity, Step, Strength
from core_builders import (
    ACT,
    APPRECIATE,
    ASKS,
    CHECK,
    EMPATHIZE,
    EXPLAINS,
    FOLLOW,
    HOURS,
    OWN,
    REFLECT,
    SORRY,
    VENTS,
    Says,
    World,
    agent,
    customer,
    said,
)

FULL = f"{REFLECT} {EMPATHIZE} {SORRY} {OWN} {ACT}"


def points(judgement: Judgement, source: Step | Misstep) -> float:
    return sum(share.points for share in judgement.contributions if share.source is source)


@pytest.mark.parametrize(
    ("score", "verdict"),
    [
        (0.0, Verdict.HARMS),
        (24.75, Verdict.HARMS),
        (25.0, Verdict.FALLS_SHORT),
        (44.75, Verdict.FALLS_SHORT),
        (45.0, Verdict.PARTLY),
        (59.75, Verdict.PARTLY),
        (60.0, Verdict.MAKES_AMENDS),
        (100.0, Verdict.MAKES_AMENDS),
    ],
)
def test_verdict_is_the_band_of_the_score(score: float, verdict: Verdict) -> None:
    finding = MisstepFinding(Misstep.DEFEND, 0.9, Severity.MAJOR, (), "")
    assert verdict_of(score, [finding]) is verdict
    assert verdict_of(score, []) is (Verdict.FALLS_SHORT if verdict is Verdict.HARMS else verdict)


def test_reply_that_does_all_that_is_expected_makes_amends(world: World) -> None:
    judgement = world.judge(said(VENTS), FULL)
    assert judgement.verdict is Verdict.MAKES_AMENDS
    assert judgement.suggestions == ()
    assert judgement.confidence > 0.9


def test_hostile_reply_to_an_upset_customer_harms(world: World) -> None:
    says = {"Stop wasting my time.": agent(Misstep.HOSTILITY)}
    judgement = world.judge(said(VENTS), "Stop wasting my time.", says=says)
    assert judgement.verdict is Verdict.HARMS
    assert judgement.score < 5


def test_hint_of_a_misstep_costs_a_share_and_says_so(world: World) -> None:
    said_plainly = "It went out on Monday."
    plain = world.judge(said(VENTS), said_plainly, says={said_plainly: agent()})
    hinted = world.judge(said(VENTS), said_plainly, says={said_plainly: agent(Misstep.DEFEND, p=0.3)})
    assert hinted.score < plain.score
    assert hinted.missteps == ()
    assert Misstep.DEFEND not in {change.subject for change in hinted.suggestions}, "a hint accuses nobody"
    (share,) = (share for share in hinted.contributions if share.source is Misstep.DEFEND)
    assert "a little like" in share.reason


def test_steps_never_take_the_score_above_100(world: World) -> None:
    says = {ACT: replace(agent(Step.TAKE_ACTION), outputs={**agent(Step.TAKE_ACTION).outputs, "care": 0.9})}
    judgement = world.judge(said(VENTS), f"{FULL} {CHECK} {FOLLOW} {APPRECIATE}", says=says)
    assert judgement.score == sum(share.points for share in judgement.contributions) == 100


@pytest.mark.parametrize("step", [Step.REFLECT, Step.EMPATHIZE, Step.APOLOGIZE, Step.TAKE_OWNERSHIP])
def test_expected_step_that_is_left_out_costs_its_worth_and_is_suggested(world: World, step: Step) -> None:
    sentence = {Step.REFLECT: REFLECT, Step.EMPATHIZE: EMPATHIZE, Step.APOLOGIZE: SORRY, Step.TAKE_OWNERSHIP: OWN}[step]
    judgement = world.judge(said(VENTS), FULL.replace(sentence, "").strip())
    assert judgement.score < world.judge(said(VENTS), FULL).score
    assert points(judgement, step) == 0
    assert [(s.change, s.subject, s.text) for s in judgement.suggestions] == [(Change.ADD, step, wording.ABSENT[step])]
    assert judgement.suggestions[0].example in phrasings()[step]


def test_weak_step_earns_less_than_a_strong_one_and_should_be_strengthened(world: World) -> None:
    weak = world.judge(said(VENTS), FULL, says={EMPATHIZE: agent(Step.EMPATHIZE, strong=False)})
    strong = world.judge(said(VENTS), FULL)
    assert 0 < points(weak, Step.EMPATHIZE) < points(strong, Step.EMPATHIZE)
    assert weak.steps[Step.EMPATHIZE].strength is Strength.WEAK
    assert [(s.change, s.subject) for s in weak.suggestions] == [(Change.STRENGTHEN, Step.EMPATHIZE)]
    assert weak.suggestions[0].text == wording.WEAK[Step.EMPATHIZE]


@pytest.mark.parametrize(
    ("action", "missing"),
    [
        ("A new one leaves us today.", ""),
        ("A new one is with you by Friday.", ""),
        ("A new one comes within 3 days.", ""),
        ("A new one leaves us at 4 pm.", ""),
        ("A new one comes to you.", wording.WITHOUT_TIME),
    ],
)
def test_action_without_a_time_says_so_where_the_playbook_asks_for_one(world: World, action: str, missing: str) -> None:
    says = {action: agent(Step.TAKE_ACTION)}
    judgement = world.judge(said(VENTS), FULL.replace(ACT, action), says=says)
    assert judgement.steps[Step.TAKE_ACTION].missing == missing
    assert (points(judgement, Step.TAKE_ACTION) < points(world.judge(said(VENTS), FULL), Step.TAKE_ACTION)) is bool(
        missing
    )


def test_general_words_about_this_customers_case_are_worth_more(world: World) -> None:
    general, own = "This must be very hard on you.", "Two weeks without the parcel must be hard."
    says = {text: agent(Step.EMPATHIZE, strong=False) for text in (general, own)}
    assert world.judge(said(VENTS), own, says=says).score > world.judge(said(VENTS), general, says=says).score


def test_words_beside_the_point_cost_a_little_and_only_after_the_free_ones(world: World) -> None:
    few, many = " ".join(["plain"] * (FILLER_FREE_WORDS - 1)) + ".", " ".join(["plain"] * 50) + "."
    bare = world.judge(said(VENTS), SORRY).score
    assert world.judge(said(VENTS), f"{SORRY} {few}").score == bare
    assert 0 < bare - world.judge(said(VENTS), f"{SORRY} {many}").score <= 12


def test_plain_statement_answers_a_calm_question(world: World) -> None:
    judgement = world.judge(said(HOURS), "From nine to five on weekdays.")
    assert judgement.steps[Step.TAKE_ACTION].places
    assert judgement.score > world.judge(said(HOURS), "Why do you ask?").score
    assert judgement.verdict in {Verdict.PARTLY, Verdict.MAKES_AMENDS}


def test_sympathy_nobody_called_for_costs(world: World) -> None:
    plain = world.judge(said(HOURS), "From nine to five on weekdays.")
    sorry = world.judge(said(HOURS), f"From nine to five on weekdays. {SORRY}")
    assert sorry.score < plain.score
    assert sorry.steps[Step.APOLOGIZE].expectation is Expectation.NOT_NOW


def test_calm_customer_is_no_reason_to_miss_a_step(world: World) -> None:
    judgement = world.judge(said(HOURS), "From nine to five on weekdays.")
    assert [s.subject for s in judgement.suggestions if s.change is Change.ADD] == []


def test_suggestions_are_at_most_three_and_the_one_that_brings_most_comes_first(world: World) -> None:
    judgement = world.judge(said(VENTS), "We had a look at it.")
    gains = [suggestion.expected_gain for suggestion in judgement.suggestions]
    assert len(gains) == 3
    assert gains == sorted(gains, reverse=True)
    assert min(gains) >= GRID


def test_misstep_is_suggested_for_removal_at_what_it_costs(world: World) -> None:
    says = {"You dropped it yourself.": agent(Misstep.BLAME_CUSTOMER)}
    judgement = world.judge(said(VENTS), f"{FULL} You dropped it yourself.", says=says)
    removal = judgement.suggestions[0]
    assert (removal.change, removal.subject) == (Change.REMOVE, Misstep.BLAME_CUSTOMER)
    assert "blame customer" in removal.text
    assert removal.expected_gain == -points(judgement, Misstep.BLAME_CUSTOMER) > 0


def test_every_step_is_assessed_with_its_places_and_nearest_exemplar(world: World) -> None:
    judgement = world.judge(said(VENTS), f"Hello Jo. {SORRY}")
    assert list(judgement.steps) == list(STEPS)
    found = judgement.steps[Step.APOLOGIZE]
    assert [place.span.of(f"Hello Jo. {SORRY}") for place in found.places] == [SORRY]
    assert found.nearest is not None
    assert judgement.steps[Step.THANK].places == ()
    assert judgement.steps[Step.THANK].nearest is None


def test_judgement_names_the_customer_the_playbook_and_the_stage(world: World) -> None:
    judgement = world.judge(said(VENTS), SORRY, playbook="connect_first")
    assert (judgement.customer.reading.act, judgement.customer.turn_index) == (CustomerAct.VENT, 0)
    assert (judgement.playbook.name, judgement.stage) == ("connect_first", "empathize")


@pytest.mark.parametrize("locale", ["", "en", "en-GB", "en_US", "EN"])
def test_english_is_judged(world: World, locale: str) -> None:
    assert world.judge(said(VENTS), FULL, locale=locale).unsure_reasons == ()


@pytest.mark.parametrize("locale", ["de", "de-AT", "fr_FR", "enm"])
def test_other_languages_leave_the_verdict_unsure(world: World, locale: str) -> None:
    judgement = world.judge(said(VENTS), FULL, locale=locale)
    assert judgement.verdict is Verdict.UNSURE
    assert locale in judgement.unsure_reasons[0]


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        (Says(tokens=10, unknown_tokens=4), "words or a script"),
        (Says(truncated=True), "longer than the model reads"),
        (Says({f"step:{step}": 0.5001 for step in STEPS}), "close to their thresholds"),
    ],
    ids=["unknown words", "cut off", "on the thresholds"],
)
def test_what_cannot_be_read_leaves_the_verdict_unsure(world: World, says: Says, reason: str) -> None:
    judgement = world.judge(said(VENTS), "We looked at it.", says={"We looked at it.": says})
    assert judgement.verdict is Verdict.UNSURE
    assert [reason in told for told in judgement.unsure_reasons] == [True]


def test_few_unknown_words_leave_the_verdict_firm(world: World) -> None:
    says = {"We looked at it.": Says(tokens=10, unknown_tokens=3)}
    assert world.judge(said(VENTS), "We looked at it.", says=says).verdict is not Verdict.UNSURE


def test_confidence_falls_as_labels_come_near_their_thresholds(world: World) -> None:
    found = [
        world.judge(said(VENTS), SORRY, says={SORRY: agent(Step.APOLOGIZE, p=p)}).confidence for p in (0.99, 0.8, 0.6)
    ]
    assert found == sorted(found, reverse=True)
    assert found[0] > found[-1]


def test_heat_lowers_the_ground_a_reply_stands_on(world: World) -> None:
    text = "It has been like this for days."
    grounds = [
        world.judge([Turn(Role.CUSTOMER, text)], OWN, says={text: customer(CustomerAct.VENT, upset)}).contributions[0]
        for upset in (0.1, 0.5, 0.9)
    ]
    assert [ground.source for ground in grounds] == [None] * 3
    assert grounds[0].points > grounds[1].points > grounds[2].points > 0


@pytest.mark.parametrize("texts", [(VENTS,), (EXPLAINS,), (ASKS,), (HOURS,)])
def test_same_reply_is_judged_the_same_again(world: World, texts: tuple[str, ...]) -> None:
    assert world.judge(said(*texts), FULL) == world.judge(said(*texts), FULL)
