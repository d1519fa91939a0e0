"""What holds of every judgement, whatever its sentences say: the sum is exact, harm never helps, twice is once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from amends_core.bundle import OUTPUTS, output_name
from amends_core.conversation import Turn
from amends_core.judgement import Judgement, Verdict
from amends_core.judgement.points import verdict_of
from amends_core.judgement.weights import GRID
from amends_core.taxonomy import CUSTOMER_ACTS, SENTENCE_MISSTEPS, Misstep, Role, Step
from core_builders import Says, World, agent, customer
from hypothesis import given, settings
from hypothesis import strategies as st

PLAYBOOKS = ["unified", "connect_first", "defuse_and_retain", "empathy_first", "listen_apologize_reflect", "six_steps"]
WORDS = ("apple", "river", "stone", "cloud", "maple", "ember", "lemon", "otter", "pearl", "raven", "tiger", "cedar")
AGENT_OUTPUTS = [name for name in OUTPUTS if not name.startswith(("act:", "upset"))]

sentences = st.builds(Says, outputs=st.dictionaries(st.sampled_from(AGENT_OUTPUTS), st.floats(0.01, 0.99), max_size=6))
messages = st.builds(customer, st.sampled_from(CUSTOMER_ACTS), st.floats(0, 1))


@dataclass(frozen=True)
class Case:
    """A conversation of drawn turns and a reply of drawn sentences; each text is its own and its model's words."""

    turns: tuple[Turn, ...]
    reply: tuple[str, ...]
    says: Mapping[str, Says]
    playbook: str

    def with_sentence(self, text: str, says: Says) -> "Case":
        return replace(self, reply=(*self.reply, text), says={**self.says, text: says})

    def judged(self, world: World) -> Judgement:
        return world.judge(self.turns, " ".join(self.reply), playbook=self.playbook, says=self.says)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    turns: list[Turn] = []
    says: dict[str, Says] = {}
    for index in range(draw(st.integers(1, 4))):
        text = f"The {WORDS[index]} is late again."
        says[text] = draw(messages)
        turns.append(Turn(Role.CUSTOMER, text))
        text = f"The {WORDS[index]} was looked at again."
        says[text] = draw(sentences)
        turns.append(Turn(Role.AGENT, text))
    reply = tuple(f"We come to {word} and its end." for word in WORDS[4 : 5 + draw(st.integers(0, 4))])
    says |= {text: draw(sentences) for text in reply}
    return Case(tuple(turns[:-1]), reply, says, draw(st.sampled_from(PLAYBOOKS)))


def total(points: Sequence[float]) -> float:
    whole = 0.0
    for value in points:
        whole += value
    return whole


@given(case=cases())
def test_contributions_add_up_exactly_to_a_score_on_the_grid(world: World, case: Case) -> None:
    judgement = case.judged(world)
    shares = [share.points for share in judgement.contributions]
    assert total(shares) == total(shares[::-1]) == judgement.score
    assert all(points % GRID == 0 for points in shares)
    assert 0 <= judgement.score <= 100


@given(case=cases())
def test_no_contribution_exceeds_what_was_possible(world: World, case: Case) -> None:
    for share in case.judged(world).contributions:
        assert share.points <= share.possible_points
        assert share.possible_points >= 0
        assert not isinstance(share.source, Misstep) or share.points <= 0


@given(case=cases())
def test_verdict_is_the_band_of_the_score_unless_there_are_reasons_for_doubt(world: World, case: Case) -> None:
    judgement = case.judged(world)
    expected = Verdict.UNSURE if judgement.unsure_reasons else verdict_of(judgement.score, judgement.missteps)
    assert judgement.verdict is expected
    assert 0 <= judgement.confidence <= 1


@given(case=cases(), misstep=st.sampled_from(SENTENCE_MISSTEPS), p=st.floats(0.51, 0.99), beside=sentences)
def test_sentence_with_a_misstep_never_raises_the_score(
    world: World, case: Case, misstep: Misstep, p: float, beside: Says
) -> None:
    """Whatever steps the sentence makes beside it."""
    worse = case.with_sentence("And that is that.", Says({**beside.outputs, output_name(misstep): p}))
    assert worse.judged(world).score <= case.judged(world).score


@given(case=cases(), data=st.data())
def test_saying_a_sentence_twice_never_raises_the_score(world: World, case: Case, data: st.DataObject) -> None:
    again = data.draw(st.sampled_from(case.reply))
    twice = case.with_sentence(again, case.says[again])
    assert twice.judged(world).score <= case.judged(world).score


@given(case=cases())
@settings(max_examples=30)
def test_judgement_is_deterministic(world: World, case: Case) -> None:
    assert case.judged(world) == case.judged(world)


@given(case=cases())
def test_suggestions_are_few_ordered_and_bring_something(world: World, case: Case) -> None:
    gains = [suggestion.expected_gain for suggestion in case.judged(world).suggestions]
    assert len(gains) <= 3
    assert gains == sorted(gains, reverse=True)
    assert all(gain >= GRID for gain in gains)


@given(case=cases())
def test_every_place_is_a_sentence_of_the_reply(world: World, case: Case) -> None:
    judgement = case.judged(world)
    text = " ".join(case.reply)
    found = [*judgement.steps.values(), *judgement.missteps, *judgement.contributions]
    assert {place.span.of(text) for item in found for place in item.places} <= set(case.reply)
    assert {place.turn_index for item in found for place in item.places} <= {0}


@given(case=cases(), step=st.sampled_from(list(Step)))
def test_misstep_costs_no_more_than_there_was(world: World, case: Case, step: Step) -> None:
    for misstep in SENTENCE_MISSTEPS:
        case = case.with_sentence(f"That is {misstep.lower().replace('_', ' ')}.", agent(misstep, step))
    assert case.judged(world).score >= 0
