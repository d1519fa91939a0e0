"""Public corpora: how their files are read and mapped to our labels."""

from pathlib import Path

import pytest
from amends_core.taxonomy import SENTENCE_LABELS, STEPS
from amends_eval.answers import Answer, CustomerAnswer
from amends_eval.errors import DatasetError
from amends_eval.questions import NextStep, ReadSentence
from amends_eval.yardsticks import annomi, epitome, esconv, goemotions, readings
from amends_eval.yardsticks.catalogue import yardsticks
from amends_eval.yardsticks.yardstick import Guess
from yardstick_corpora import REFUSED, SECRET, advice, replace, sentence, write_corpora


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_corpora(tmp_path / "data")


# Reading the corpora


def test_epitome_counts_equal_ratings_once_and_leaves_conflicting_ones_out(data: Path) -> None:
    items = epitome.read(data / "epitome")
    assert [item.id for item in items] == ["p1|r1", "p1|r2", "p2|r3", "p3|r4", "p5|r6"]
    assert items[0].truth == {"emotional reactions": "2", "interpretations": "2", "explorations": "0"}


def test_epitome_groups_by_post_and_asks_of_the_response(data: Path) -> None:
    items = epitome.read(data / "epitome")
    assert [item.cluster for item in items] == ["p1", "p1", "p2", "p3", "p5"]
    assert items[2].question == ReadSentence(text=f"listen, {SECRET}\nand reflect", customer="post")


def test_epitome_drops_a_response_that_one_mechanism_lacks(data: Path) -> None:
    replace(data / "epitome" / epitome.FILES["explorations"], "p2,r3", "p2,r9")
    assert "p2|r3" not in [item.id for item in epitome.read(data / "epitome")]


def test_esconv_finds_where_dialogues_begin(data: Path) -> None:
    items = esconv.read(data / "esconv")
    assert [(item.id, item.cluster) for item in items] == [("1", "0"), ("2", "0"), ("3", "3"), ("4", "3"), ("5", "5")]


def test_esconv_gives_the_turns_their_speakers(data: Path) -> None:
    question = esconv.read(data / "esconv")[0].question
    assert isinstance(question, NextStep)
    assert [turn.role for turn in question.turns] == ["agent", "customer"]
    assert question.turns[1].text == "I lost my job"


@pytest.mark.parametrize(("old", "new"), [("None seeker,", "None seeker seeker,"), (",7,5", ",8,5"), (",7,5", ",x,5")])
def test_esconv_refuses_a_table_of_another_make_without_quoting_it(data: Path, old: str, new: str) -> None:
    replace(data / "esconv" / esconv.FILE, old, new)
    with pytest.raises(DatasetError, match=r"row [4-7]") as told:
        esconv.read(data / "esconv")
    assert SECRET not in str(told.value)


def test_annomi_brings_what_the_client_of_the_same_transcript_said_last(data: Path) -> None:
    asked = [item.question for item in annomi.read(data / "annomi")]
    assert [q.customer for q in asked if isinstance(q, ReadSentence)] == ["", f"I drink {SECRET}", "", "", ""]


def test_annomi_groups_by_video_and_skips_the_client_and_silence(data: Path) -> None:
    items = annomi.read(data / "annomi")
    assert [(item.id, item.cluster) for item in items] == [
        ("1|0", "v1"),
        ("1|2", "v1"),
        ("2|0", "v1"),
        ("3|0", "v2"),
        ("3|2", "v2"),
    ]
    assert items[1].truth == {"behaviour": "reflection", "reflection": "yes", "question": "no"}


def test_goemotions_tells_upset_from_other_negative_feelings(data: Path) -> None:
    items = goemotions.read(data / "goemotions")
    assert [item.truth["upset"] for item in items] == ["yes", "no", "no", "no", "yes"]
    assert [item.truth["negative"] for item in items] == ["yes", "no", "no", "yes", "yes"]


def test_goemotions_takes_quotes_as_they_are_and_groups_equal_words(data: Path) -> None:
    items = goemotions.read(data / "goemotions")
    assert items[0].words == f'UPSET "{SECRET}"'
    assert items[1].cluster == items[2].cluster
    assert len({item.cluster for item in items}) == 4


@pytest.mark.parametrize(("old", "new"), [("\t2,3\t", "\t2,9\t"), ("\t2,3\t", "\tsad\t"), ("\t2,3\t", " ")])
def test_goemotions_names_the_line_that_is_wrong_and_not_its_text(data: Path, old: str, new: str) -> None:
    replace(data / "goemotions" / goemotions.COMMENTS, old, new)
    with pytest.raises(DatasetError, match=r"test\.tsv:4") as told:
        goemotions.read(data / "goemotions")
    assert SECRET not in str(told.value)


@pytest.mark.parametrize("name", ["epitome", "esconv", "annomi", "goemotions"])
def test_missing_file_is_told_with_the_remedy(data: Path, name: str) -> None:
    (data / name / yardsticks()[name].files[0]).unlink()
    with pytest.raises(DatasetError, match="--data"):
        yardsticks()[name].read(data / name)


def test_missing_column_is_told_by_name(data: Path) -> None:
    replace(data / "annomi" / annomi.FILE, "video_url", "url")
    with pytest.raises(DatasetError, match="no column 'video_url'"):
        annomi.read(data / "annomi")


# The mapping


def test_every_mapped_label_is_of_the_taxonomy() -> None:
    mapped = {*sum(epitome.LABELS.values(), ()), *sum(annomi.LABELS.values(), ())}
    assert mapped <= {label.value for label in SENTENCE_LABELS}
    assert set(esconv.CLASS_OF) <= {step.value for step in STEPS}
    assert set(esconv.CLASS_OF.values()) <= set(esconv.STRATEGIES)


def test_negative_feelings_are_known_to_the_authors_list() -> None:
    assert goemotions.UPSET < goemotions.NEGATIVE
    assert len(goemotions.NEGATIVE) == 11


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (sentence(["LISTEN"], ["LISTEN"], LISTEN=0.9, CLARIFY=0.2), Guess("2", 0.9)),
        (sentence(["CLARIFY"], LISTEN=0.3, CLARIFY=0.6), Guess("1", 0.6)),
        (sentence(["THANK"], ["THANK"], LISTEN=0.3), Guess("0", 0.3)),
        (REFUSED, Guess("0", 0.0)),
    ],
)
def test_level_follows_the_strength_of_the_labels(answer: Answer, expected: Guess) -> None:
    assert readings.level(answer, ("CLARIFY", "LISTEN")) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (sentence(["REFLECT", "LISTEN"], REFLECT=0.6, LISTEN=0.7), "question"),
        (sentence(["REFLECT"], REFLECT=0.6, LISTEN=0.7), "reflection"),
        (sentence(["THANK"], THANK=0.9, REFLECT=0.4), "other"),
        (REFUSED, "other"),
    ],
)
def test_likeliest_claimed_class_wins(answer: Answer, expected: str) -> None:
    assert readings.likeliest_claimed(answer, annomi.LABELS, "other").claim == expected


def test_first_step_that_has_a_class_decides_the_strategy() -> None:
    answer = advice(("APOLOGIZE", 0.5), ("REFLECT", 0.3), ("LISTEN", 0.2))
    assert readings.first_advised(answer, esconv.CLASS_OF, "Others").claim == "Restatement or Paraphrasing"
    assert readings.first_advised(advice(("APOLOGIZE", 1.0)), esconv.CLASS_OF, "Others").claim == "Others"
    assert readings.first_advised(REFUSED, esconv.CLASS_OF, "Others").claim == "Others"


@pytest.mark.parametrize(("chance", "claim"), [(0.5, "yes"), (0.49, "no")])
def test_upset_counts_from_an_even_chance(chance: float, claim: str) -> None:
    answer = CustomerAnswer(act="ASK", act_probability=0.5, upset=chance)
    assert readings.upset(answer) == Guess(claim, chance)


def test_refused_questions_have_as_many_features_as_answered_ones() -> None:
    customer = CustomerAnswer(act="ASK", act_probability=0.5, upset=0.5)
    assert len(readings.sentence_features(REFUSED)) == len(readings.sentence_features(sentence(THANK=0.5)))
    assert len(readings.advice_features(REFUSED)) == len(readings.advice_features(advice(("THANK", 1.0))))
    assert len(readings.customer_features(REFUSED)) == len(readings.customer_features(customer))


def test_log_odds_are_cut_on_either_side() -> None:
    assert readings.log_odds(0.5) == 0.0
    assert readings.log_odds(0.0) == readings.log_odds(readings.FLOOR)
    assert readings.log_odds(1.0) == pytest.approx(-readings.log_odds(0.0))
