import json
from itertools import product
from pathlib import Path

import pytest
from amends_eval.datasets.accord import accord
from amends_eval.datasets.rows import Labels
from amends_eval.labels import notation
from amends_eval.labels.adjudication import Adjudication, Dispute, disputes
from amends_eval.labels.items import Item
from amends_eval.labels.journal import Entry
from amends_eval.labels.notation import typed
from amends_eval.labels.settlement import decided, in_order_of_chance, settled
from hypothesis import given
from hypothesis import strategies as st

readings = st.builds(
    notation.labels,
    st.dictionaries(st.sampled_from(notation.NAMES[4:17]), st.sampled_from([1, 2])),
    st.lists(st.sampled_from(notation.NAMES[4:17])),
)


@pytest.mark.parametrize(
    ("a", "b", "labels", "optional", "open_"),
    [
        ("6:2", "6:2", ("APOLOGIZE:2",), (), ()),
        ("6:2", "6:1", ("APOLOGIZE:1",), (), ()),
        ("6:2", "?6", ("APOLOGIZE:2",), (), ()),
        ("6:2", "-", (), ("APOLOGIZE",), ("APOLOGIZE",)),
        ("?6", "-", (), ("APOLOGIZE",), ()),
        ("?6", "?6", (), ("APOLOGIZE",), ()),
        ("-", "-", (), (), ()),
        ("def 5:1", "def ?5 scr", ("EMPATHIZE:1", "DEFEND"), ("SCRIPTED",), ("SCRIPTED",)),
    ],
)
def test_the_rule(a: str, b: str, labels: tuple[str, ...], optional: tuple[str, ...], open_: tuple[str, ...]) -> None:
    found = settled(typed(a), typed(b))
    assert found.open == open_
    assert decided(found, None) == Labels(labels=labels, optional=optional)


@given(readings, readings)
def test_it_does_not_matter_who_is_first_and_no_label_is_lost_or_made_up(a: Labels, b: Labels) -> None:
    assert settled(a, b) == settled(b, a)
    made = decided(settled(a, b), None)
    named = {*a.strength, *b.strength, *a.optional, *b.optional}
    assert {*made.strength, *made.optional} == named


def test_the_rule_is_the_one_by_which_the_shipped_sets_were_settled() -> None:
    from amends_eval.datasets.catalogue import FOLDER

    checked = 0
    for name, first, second in (("sentences", "nadia", "sol"), ("real", "lena+marc", "vera")):
        place = FOLDER / f"{name}-v1"
        a, b = (
            {
                line["id"]: Labels(labels=line["labels"], optional=line["optional"])
                for line in lines(place / f"judges/{judge}.jsonl")
            }
            for judge in (first, second)
        )
        for row in [*lines(place / "dev.jsonl"), *lines(place / "test.jsonl")]:
            made = decided(settled(a[row["id"]], b[row["id"]]), None)
            assert (sorted(made.labels), sorted(made.optional)) == (sorted(row["labels"]), sorted(row["optional"])), (
                row["id"]
            )
            checked += 1
    assert checked == 1660


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def entries(labeller: str, **said: str) -> dict[str, Entry]:
    return {
        id_: Entry(id=id_, text=f"text {id_}", labeller=labeller, **typed(line).model_dump())
        for id_, line in said.items()
    }


def disputed() -> list[Dispute]:
    a = entries("ana", w="6:2", x="6:2 def ?scr", y="-", z="5:1", only="5:1")
    b = entries("ben", w="6:2", x="6:2 20", y="9:2", z="?5")
    return disputes(a, b, {})


def test_only_what_is_open_is_asked() -> None:
    talk = Adjudication(disputed(), [], "cleo")
    assert talk.whole == 2
    assert talk.current is not None
    assert (talk.current.item, talk.current.settlement.open) == (Item("x", "text x"), ("DEFEND", "SELF_FOCUS"))


@pytest.mark.parametrize(
    ("line", "labels", "optional"),
    [
        ("", ("APOLOGIZE:2",), ("DEFEND", "SELF_FOCUS", "SCRIPTED")),
        ("def", ("APOLOGIZE:2", "DEFEND"), ("SELF_FOCUS", "SCRIPTED")),
        ("def -20", ("APOLOGIZE:2", "DEFEND"), ("SCRIPTED",)),
        ("?def -self", ("APOLOGIZE:2",), ("DEFEND", "SCRIPTED")),
        ("-", ("APOLOGIZE:2",), ("SCRIPTED",)),
    ],
)
def test_an_adjudicator_decides_what_is_open(line: str, labels: tuple[str, ...], optional: tuple[str, ...]) -> None:
    talk = Adjudication(disputed(), [], "cleo")
    dispute = talk.current
    response = talk.feed(line)
    assert dispute is not None
    assert response.save is not None
    assert decided(dispute.settlement, response.save) == Labels(labels=labels, optional=optional)
    assert talk.answered == 1


@pytest.mark.parametrize("line", ["6:2", "def -def", "nothing", "def def"])
def test_a_decision_that_cannot_be_read_or_is_not_open_is_refused(line: str) -> None:
    talk = Adjudication(disputed(), [], "cleo")
    response = talk.feed(line)
    assert response.save is None
    assert response.said
    assert talk.answered == 0


def test_a_decision_can_be_taken_back_and_a_session_resumed() -> None:
    talk = Adjudication(disputed(), [], "cleo")
    first = talk.feed("def").save
    assert first is not None
    resumed = Adjudication(disputed(), [first], "cleo")
    assert resumed.current is not None
    assert resumed.current.item.id == "y"
    taken = resumed.feed("u").save
    assert taken is not None
    assert (taken.id, taken.undone) == ("x", True)
    assert resumed.current.item.id == "x"


def test_who_is_reading_one_differs_from_item_to_item_and_is_always_the_same() -> None:
    a, b = typed("def"), typed("-")
    firsts = [in_order_of_chance(str(index), a, b)[0] == a for index in range(400)]
    assert 150 < sum(firsts) < 250
    assert firsts == [in_order_of_chance(str(index), b, a)[0] == b for index in range(400)]


def test_agreement_is_that_of_a_case_worked_by_hand() -> None:
    # APOLOGIZE: both, only a, neither, neither. DEFEND: arguable in the second, both in the third.
    a = [typed("6:2"), typed("6:1 def"), typed("def"), typed("-")]
    b = [typed("6:1"), typed("?def"), typed("def"), typed("-")]
    found = accord(a, b)
    assert found.n == 4
    # Together: APOLOGIZE and DEFEND once each; alone: APOLOGIZE once.
    assert found.micro_f1 == pytest.approx(4 / 5)
    assert found.strict_micro_f1 == pytest.approx(4 / 6)
    assert found.strength == pytest.approx(1 / 2)
    # APOLOGIZE: observed 3/4; by chance 2/4 * 1/4 + 2/4 * 3/4 = 1/2.
    assert found.kappa["APOLOGIZE"] == pytest.approx(0.5)
    assert found.kappa["DEFEND"] == pytest.approx(1.0)
    assert found.kappa["THANK"] is None
    assert found.given["DEFEND"] == (2, 1)


def test_agreement_of_nothing_is_absent() -> None:
    found = accord([typed("-")], [typed("-")])
    assert (found.micro_f1, found.alpha, found.strength) == (None, None, None)


def test_every_pair_of_states_of_a_label_is_settled() -> None:
    states = ["6:1", "6:2", "?6", "-"]
    for a, b in product(states, states):
        made = decided(settled(typed(a), typed(b)), None)
        assert (made.labels, made.optional) != ((), ()) or (a, b) == ("-", "-")
