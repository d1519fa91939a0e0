"""Near-duplicates are found, augmentation keeps what a sentence means, targets say what is known."""

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from amends_core.bundle import OUTPUTS
from amends_core.taxonomy import CUSTOMER_ACTS, SENTENCE_MISSTEPS, STEPS, Label, Misstep, Step
from amends_train.augment import joined, roughen
from amends_train.conversations import read_conversations, unlabelled
from amends_train.duplicates import NGRAM_COSINE, near_duplicates, without_duplicates
from amends_train.rows import VOICE
from amends_train.samples import Corpus, Shares, _joined, blended, heard_of_agent, samples
from amends_train.targets import (
    ACTS,
    CARE,
    COLUMN,
    NEXT,
    OPEN_WEIGHT,
    SECOND_ACT_SHARE,
    UPSET,
    agent_target,
    column_of,
    customer_target,
)
from train_builders import CONVERSATION, agent_row, customer_row, write_lines

TEXTS = [
    "I am sorry that your parcel came late.",
    "We will send a new one on Monday.",
    "I am sorry that your parcel came so late.",
    "i am sorry that your parcel came late",
    "What happened when you opened the box?",
]


def test_near_duplicates_are_found_likest_first_each_pair_once() -> None:
    found = near_duplicates(TEXTS)
    assert {(a, b) for a, b, _ in found} == {(2, 0), (3, 0), (3, 2)}
    assert all(NGRAM_COSINE <= cosine <= 1 + 1e-9 for _, _, cosine in found)
    assert [cosine for _, _, cosine in found] == sorted((cosine for _, _, cosine in found), reverse=True)


def test_placeholders_hide_what_is_only_another_number() -> None:
    assert near_duplicates(["Your order #AB-12345 is on its way.", "Your order #XK-99871 is on its way."])


def test_rows_are_compared_with_those_of_another_set() -> None:
    others = ["Nothing like it at all, my friend.", "We will send a new one on Monday"]
    assert [(a, b) for a, b, _ in near_duplicates(TEXTS, others)] == [(1, 1)]


def test_first_of_each_pair_is_kept() -> None:
    assert without_duplicates(TEXTS, [""] * 5) == [0, 1, 4]


def test_minimal_edits_of_one_group_are_kept() -> None:
    assert without_duplicates(TEXTS, ["g1", "", "g1", "g1", ""]) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("text", TEXTS)
def test_roughening_is_decided_by_the_seed(text: str) -> None:
    first, again = ([roughen(text, random.Random(seed)) for seed in range(200)] for _ in range(2))
    assert first == again
    assert len(set(first)) > 5


@pytest.mark.parametrize("text", TEXTS)
def test_roughened_sentence_stays_itself_half_the_time_and_alike_otherwise(text: str) -> None:
    rng = random.Random(7)
    drawn = [roughen(text, rng) for _ in range(600)]
    assert 0.45 < sum(rough == text for rough in drawn) / 600 < 0.8
    assert all(abs(len(rough.split()) - len(text.split())) <= 1 for rough in drawn)


def test_another_name_takes_the_place_of_a_name() -> None:
    rng = random.Random(7)
    drawn = {roughen("Sorry about that, Priya.", rng) for _ in range(400)}
    assert sum("Priya" not in rough for rough in drawn) > 50


@pytest.mark.parametrize("text", ["ok", "I", "a b c", "Yes.", "..."])
def test_short_sentence_can_be_roughened(text: str) -> None:
    rng = random.Random(1)
    assert {type(roughen(text, rng)) for _ in range(100)} == {str}


def test_joined_sentences_hold_the_words_of_both_in_order() -> None:
    for seed in range(50):
        found = joined(TEXTS[0], TEXTS[1], random.Random(seed)).lower()
        assert found.startswith("i am sorry that your parcel came late")
        assert found.endswith("we will send a new one on monday.")


def test_augmentation_leaves_labels_untouched() -> None:
    rows = [agent_row(text, "APOLOGIZE:2", optional=["THANK"], name=str(i)) for i, text in enumerate(TEXTS)]
    target, weight = agent_target(rows[0])
    for seed in range(5):
        for sample in samples(Corpus(rows, []), Shares(join=0.5, turn=0.0), 0.5, random.Random(seed)):
            np.testing.assert_array_equal(sample.target, target)
            np.testing.assert_array_equal(sample.weight, weight)


def test_twin_of_a_sentence_is_another_voice_of_its_group() -> None:
    voices = [replace(agent_row(text, "THANK:1"), kind=VOICE, group="g1") for text in ("Ta!", "We thank you, madam.")]
    rows = [*voices, replace(agent_row("Cheers", "THANK:1"), group="g1"), agent_row("It is ten.")]
    never = Shares(join=0.0, turn=0.0, twin=0.0)
    drawn = [sample for seed in range(30) for sample in samples(Corpus(rows, []), never, 0.5, random.Random(seed))]
    assert {sample.twin is None for sample in drawn[3::4]} == {True}, "a sentence of no group has no other voice"
    first = [(sample.passage[0][:1].lower(), sample.twin[0][:1].lower()) for sample in drawn[0::4] if sample.twin]
    assert {one for one, _ in first} == {"t"}
    assert {other for _, other in first} == {"t", "w"}


def test_share_of_sentences_is_read_twice() -> None:
    rows = [agent_row(text, name=str(i)) for i, text in enumerate(TEXTS * 100)]
    drawn = list(samples(Corpus(rows, []), Shares(join=0.0, turn=0.0, twin=0.25), 0.5, random.Random(1)))
    assert np.mean([sample.twin is not None for sample in drawn]) == pytest.approx(0.25, abs=0.06)


def test_samples_are_decided_by_the_seed() -> None:
    rows = [agent_row(text, "APOLOGIZE:2") for text in TEXTS]
    first, again, other = (
        [sample.passage for sample in samples(Corpus(rows, [customer_row()]), Shares(), 0.5, random.Random(seed))]
        for seed in (3, 3, 4)
    )
    assert first == again
    assert first != other


def test_joined_rows_carry_the_labels_of_both_and_know_what_both_know() -> None:
    a = agent_row(TEXTS[0], "APOLOGIZE:1", optional=["EMPATHIZE"])
    b = agent_row(TEXTS[1], "TAKE_ACTION:2", optional=["APOLOGIZE", "FOLLOW_UP"])
    sample = _joined(a, b, random.Random(0))
    target, known = sample.target, sample.weight
    firm = {Step.APOLOGIZE, Step.TAKE_ACTION}
    assert {step for step in STEPS if target[column_of(step)] == 1} == firm
    assert {step for step in STEPS if known[column_of(step)] == 0} == {Step.EMPATHIZE, Step.FOLLOW_UP}
    assert known[COLUMN["strong:TAKE_ACTION"]] == target[COLUMN["strong:TAKE_ACTION"]] == 1


def test_columns_are_those_of_the_bundle() -> None:
    labels: list[Label] = [*STEPS, *SENTENCE_MISSTEPS]
    assert [OUTPUTS[column_of(label)].partition(":")[2] for label in labels] == [label.value for label in labels]
    assert OUTPUTS[ACTS] == tuple(f"act:{act}" for act in CUSTOMER_ACTS)
    assert OUTPUTS[UPSET] == "upset"


def test_agent_target_knows_every_label_but_the_arguable_and_strength_where_the_step_is() -> None:
    target, weight = agent_target(agent_row("x", "APOLOGIZE:2", "THANK:1", "SCRIPTED", optional=["DEFEND", "LISTEN"]))
    said = {OUTPUTS[i] for i in np.flatnonzero(target)}
    known = {OUTPUTS[i] for i in np.flatnonzero(weight)}
    assert said == {"step:APOLOGIZE", "strong:APOLOGIZE", "step:THANK", "misstep:SCRIPTED"}
    assert {name for name in known if name.startswith("strong:")} == {"strong:APOLOGIZE", "strong:THANK"}
    assert {f"step:{s}" for s in STEPS} - known == {"step:LISTEN"}
    assert {f"misstep:{m}" for m in SENTENCE_MISSTEPS} - known == {"misstep:DEFEND"}
    assert not weight[ACTS].any()
    assert not weight[UPSET]


@pytest.mark.parametrize("second", ["", "VENT", "ASK"])
def test_acts_of_a_customer_target_add_up_to_one(second: str) -> None:
    target, weight = customer_target(customer_row(act="ASK", upset=0.25, second_act=second))
    assert target[ACTS].sum() == pytest.approx(1)
    assert target[COLUMN["act:ASK"]] == pytest.approx(1 - SECOND_ACT_SHARE if second == "VENT" else 1)
    assert target[UPSET] == pytest.approx(0.25)
    assert {OUTPUTS[i] for i in np.flatnonzero(weight)} == {*OUTPUTS[ACTS], "upset"}


def test_what_a_message_calls_for_is_known_of_named_steps_and_guessed_of_others() -> None:
    row = replace(customer_row(), acceptable=("LISTEN", "EMPATHIZE"), wrong=("APPRECIATE",))
    target, weight = customer_target(row)
    said = {step: (target[COLUMN[f"next:{step}"]], weight[COLUMN[f"next:{step}"]]) for step in Step}
    assert said[Step.LISTEN] == said[Step.EMPATHIZE] == (1.0, 1.0)
    assert said[Step.APPRECIATE] == (0.0, 1.0)
    assert said[Step.THANK] == (0.0, OPEN_WEIGHT)


def test_message_of_which_nobody_said_what_it_calls_for_teaches_nothing_of_it() -> None:
    assert not customer_target(customer_row())[1][NEXT].any()


@pytest.mark.parametrize(
    ("label", "kept"),
    [("DEFEND", Misstep.NON_APOLOGY), ("BLAME_CUSTOMER", Misstep.NON_APOLOGY), ("TAKE_ACTION:1", Step.APOLOGIZE)],
)
def test_apology_is_taken_back_by_an_excuse_and_kept_by_amends(label: str, kept: Label) -> None:
    rows = [agent_row("I am sorry we are late.", "APOLOGIZE:1"), agent_row("The tills were down.", label)]
    other = {Misstep.NON_APOLOGY: Step.APOLOGIZE, Step.APOLOGIZE: Misstep.NON_APOLOGY}[kept]  # type: ignore[index]
    corpus = Corpus([*rows, agent_row("It is ten.", "DEFEND" if kept is Step.APOLOGIZE else "TAKE_ACTION:1")], [])
    turned = [
        sample
        for seed in range(40)
        for sample in samples(corpus, Shares(turn=1.0), 0.5, random.Random(seed))
        if sample.passage[0].lower().startswith("i am sorry") and "tills" in sample.passage[0]
    ]
    assert turned
    for sample in turned:
        assert sample.target[column_of(kept)] == 1
        assert sample.target[column_of(other)] == 0
        assert sample.weight[column_of(kept)] == sample.weight[column_of(other)] == 1


def test_teacher_and_label_are_mixed_where_both_speak_and_the_teacher_is_heard_where_the_label_is_silent() -> None:
    target, weight = agent_target(agent_row("x", "APOLOGIZE:1", optional=["THANK"]))
    soft = np.full(len(OUTPUTS), 0.25, dtype=np.float32)
    mixed, known = blended(target, weight, soft, 0.6, heard_of_agent)
    assert mixed[column_of(Step.APOLOGIZE)] == pytest.approx(0.4 * 1 + 0.6 * 0.25)
    assert mixed[column_of(Step.THANK)] == pytest.approx(0.25)
    assert known[column_of(Step.APOLOGIZE)] == 1
    assert known[column_of(Step.THANK)] == pytest.approx(0.6)
    assert known[COLUMN["strong:LISTEN"]] == pytest.approx(0.6 * 0.25)
    assert not known[ACTS].any()
    assert not known[UPSET]
    assert blended(target, weight, None, 0.6, heard_of_agent) == (target, weight)


def test_message_is_taught_by_the_word_on_the_context_it_is_read_with() -> None:
    row = replace(customer_row(act="ASK", upset=1.0), context="Is it this one?")
    said = {
        context: np.full(len(OUTPUTS), value, dtype=np.float32) for context, value in (("", 0.0), (row.context, 0.5))
    }
    soft = {(row.text, context): value for context, value in said.items()}
    (sample,) = samples(Corpus([], [row], soft=soft), Shares(no_context=1.0, teacher=0.5), 0.5, random.Random(1))
    assert sample.target[UPSET] == pytest.approx(0.5 * 1.0)
    assert {OUTPUTS[i] for i in np.flatnonzero(sample.weight)} == {*OUTPUTS[ACTS], *OUTPUTS[NEXT], "upset"}


def test_sentences_of_graded_replies_teach_care_and_other_turns_teach_nothing_without_a_teacher(tmp_path: Path) -> None:
    write_lines(tmp_path / "replies/eve.jsonl", CONVERSATION)
    further = read_conversations(tmp_path)
    graded = {one.passage[0]: float(one.target[CARE]) for one in further if one.weight[CARE]}
    assert graded == {"That is ours.": 0.75, "I'll mend it.": 0.75, "Hm.": 0.0}
    drawn = list(samples(Corpus([], [], further), Shares(), 0.5, random.Random(0)))
    assert len(drawn) == len(graded)
    messages = [one.passage for one in further if one.of_customer]
    assert messages == [("Still nothing here.", ""), ("Error nine.", "I am looking. What does the screen say?")]


def test_teacher_is_heard_on_what_nobody_labelled() -> None:
    further = unlabelled(["It leaves today."])
    soft = {further[0].passage: np.full(len(OUTPUTS), 0.5, dtype=np.float32)}
    (sample,) = samples(Corpus([], [], further, soft), Shares(teacher=0.6), 0.5, random.Random(0))
    assert sample.target[column_of(Step.TAKE_ACTION)] == pytest.approx(0.5)
    assert sample.weight[column_of(Step.TAKE_ACTION)] == pytest.approx(0.6)
    assert not sample.weight[CARE]
    assert not sample.weight[UPSET]
