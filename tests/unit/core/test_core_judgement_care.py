"""Care: the best sentence earns, the worst costs, and nothing that is only said again, pasted in or harmful does."""

import pytest
from amends_core.bundle import output_name
from amends_core.conversation import Sentence, Turn
from amends_core.detection import Detector
from amends_core.judgement import Judgement, wording
from amends_core.judgement.care import care_of
from amends_core.judgement.evidence import Line, place_of
from amends_core.judgement.weights import CARE, CARE_LEAD, CARELESS, PASTED_SHARE
from amends_core.taxonomy import Misstep, Role, Step
from amends_core.text import Span
from core_builders import Says, World, agent, manifest

DETECTOR = Detector(manifest())
COMPLAINT = Turn(Role.CUSTOMER, "My parcel is two weeks late and nobody cares!")


def line(text: str, care: float, own: float = 1.0, **outputs: float) -> Line:
    encoding = Says({"care": care, **{f"misstep:{name}": p for name, p in outputs.items()}}).encoding(text)
    sentence = Sentence(0, Span(0, len(text)), text, DETECTOR.read_sentence(encoding))
    harms = any(isinstance(label, Misstep) for label in sentence.reading.claimed)
    return Line(sentence, place_of(sentence), {}, own=own, harms=harms)


def care_points(judgement: Judgement) -> float:
    return next(share.points for share in judgement.contributions if share.reason == wording.CARE)


def careless_points(judgement: Judgement) -> float:
    return sum(share.points for share in judgement.contributions if share.reason == wording.CARELESS)


def test_best_and_worst_are_those_of_single_sentences() -> None:
    found = care_of([line("It leaves tonight.", 0.6), line("That is how it is.", 0.4)])
    assert found.best == pytest.approx(0.6, abs=0.01)
    assert found.worst == pytest.approx(0.4)


def test_best_stands_no_higher_than_its_lead_over_the_worst() -> None:
    found = care_of([line("It leaves tonight.", 0.9), line("That is how it is.", 0.2)])
    assert found.best == pytest.approx(0.2 + CARE_LEAD)


def test_sentence_with_a_misstep_earns_nothing_and_a_hint_of_one_takes_its_share() -> None:
    claimed, hinted = (line("You should have looked.", 0.8, BLAME_CUSTOMER=p) for p in (0.6, 0.4))
    assert care_of([claimed]).best == 0
    assert care_of([hinted]).best == pytest.approx(0.8 * 0.6)


def test_what_is_not_the_agents_own_counts_by_its_share() -> None:
    pasted = line("It leaves tonight.", 0.8, own=PASTED_SHARE)
    assert care_of([pasted]).best == pytest.approx(0.8 * PASTED_SHARE, abs=0.01)


def test_greeting_counts_half_and_no_sentence_more_makes_the_worst_one_better() -> None:
    greeting, answer = line("Hi Tom,", 0.1), line("It leaves tonight.", 0.7)
    assert care_of([greeting]).worst == pytest.approx(0.55)
    assert care_of([greeting, answer]).worst == pytest.approx(0.55)
    assert care_of([greeting, line("It leaves tonight.", 0.3)]).worst == pytest.approx(0.3)


@pytest.mark.parametrize("care", [0.2, 0.5, 0.95])
def test_care_moves_the_score_by_its_weights(world: World, care: float) -> None:
    says = {"We bring it tonight.": Says({output_name(Step.TAKE_ACTION): 0.99, "care": care})}
    judgement = world.judge([COMPLAINT], "We bring it tonight.", says=says)
    assert care_points(judgement) == pytest.approx(CARE * care, abs=0.3)
    assert careless_points(judgement) == pytest.approx(-CARELESS * (1 - care), abs=0.3)


def test_another_sentence_of_less_care_never_raises_the_score(world: World) -> None:
    says = {"We bring it tonight.": Says({"care": 0.6}), "So it goes with these.": Says({"care": 0.55})}
    alone = world.judge([COMPLAINT], "We bring it tonight.", says=says)
    padded = world.judge([COMPLAINT], "We bring it tonight. So it goes with these.", says=says)
    assert padded.score <= alone.score


def test_customers_own_words_said_back_earn_nothing(world: World) -> None:
    told = Turn(Role.CUSTOMER, "The green kettle leaked through the kitchen ceiling yesterday evening.")
    echo = "The green kettle leaked through the kitchen ceiling yesterday evening."
    says = {echo: Says({"care": 0.9})}
    assert care_points(world.judge([told], echo, says=says)) == 0


def test_misstep_in_the_best_sentence_costs_its_care(world: World) -> None:
    text = "We bring it tonight, as you should have known."
    clean = world.judge([COMPLAINT], text, says={text: Says({"care": 0.8})})
    blaming = world.judge([COMPLAINT], text, says={text: replace_care(agent(Misstep.BLAME_CUSTOMER), 0.8)})
    assert care_points(blaming) == 0
    assert blaming.score < clean.score


def replace_care(says: Says, care: float) -> Says:
    return Says({**says.outputs, "care": care}, near=says.near)
