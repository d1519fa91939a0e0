import json
from collections import Counter
from pathlib import Path

import pytest
from amends_core.taxonomy import SENTENCE_LABELS
from amends_eval.answers import SentenceAnswer
from amends_eval.errors import DatasetError
from amends_eval.labels.items import Item, Unsure, read_items, sampled, stratified, unsure


def answer(claimed: tuple[str, ...] = (), **probability: float) -> SentenceAnswer:
    every = {label.value: probability.get(label.value, 0.0) for label in SENTENCE_LABELS}
    return SentenceAnswer(probability=every, claimed=claimed, strong=())


def crowd(number: int, predicted: str, certainty: float) -> list[Unsure]:
    return [Unsure(Item(f"{predicted}{certainty}{index}", "text"), certainty, predicted) for index in range(number)]


def test_certainty_is_that_of_the_least_certain_label_and_the_likeliest_claim_is_predicted() -> None:
    found = unsure(Item("a", "x"), answer(("DEFEND", "APOLOGIZE"), DEFEND=0.7, APOLOGIZE=0.95, THANK=0.4))
    assert found.certainty == pytest.approx(0.2)
    assert found.predicted == "APOLOGIZE"
    assert unsure(Item("a", "x"), answer()).predicted == "none"


def test_a_sample_is_mostly_where_the_model_is_unsure_and_rare_labels_come_in() -> None:
    items = [
        *crowd(97, "none", 0.1), *crowd(3, "DEFEND", 0.1), *crowd(100, "none", 0.5), *crowd(100, "none", 0.9),
    ]  # fmt: skip
    chosen = stratified(items, 50, 1)
    assert len({item.id for item in chosen}) == 50
    bands = Counter(next(each.certainty for each in items if each.item == item) for item in chosen)
    assert bands == {0.1: 25, 0.5: 15, 0.9: 10}
    assert sum("DEFEND" in item.id for item in chosen) == 3


def test_a_sample_is_the_same_for_the_same_seed_whatever_the_order_of_what_is_sampled() -> None:
    items = [*crowd(40, "none", 0.1), *crowd(40, "DEFEND", 0.7)]
    assert stratified(items, 20, 7) == stratified(items[::-1], 20, 7)
    assert stratified(items, 20, 7) != stratified(items, 20, 8)


def test_the_order_of_a_sample_does_not_tell_how_sure_the_model_is() -> None:
    items = [*crowd(100, "none", 0.1), *crowd(100, "none", 0.5), *crowd(100, "none", 0.9)]
    front = [item.id for item in stratified(items, 60, 3)[:30]]
    assert 5 < sum("0.1" in id_ for id_ in front) < 25


@pytest.mark.parametrize("size", [1, 7, 300, 1000])
def test_a_sample_is_as_large_as_asked_or_as_there_are(size: int) -> None:
    items = [*crowd(5, "none", 0.1), *crowd(295, "DEFEND", 0.9)]
    assert len(stratified(items, size, 1)) == min(size, 300)
    assert len(sampled([each.item for each in items], size, 1)) == min(size, 300)
    assert stratified([], size, 1) == []


def test_sentences_are_read_with_context_and_without_what_others_said(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"id": "a", "text": "Sorry.", "context": "Late!", "labels": ["DEFEND"]}) + "\n")
    assert read_items(path, {}) == [Item("a", "Sorry.", "Late!")]


def test_rows_without_ids_are_named_by_their_line_and_empty_ones_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('Satz\nSorry.\n""\nCalm down.\n')
    assert read_items(path, {}) == [Item("rows:2", "Sorry."), Item("rows:4", "Calm down.")]


def test_ids_that_are_there_twice_and_damaged_rows_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("id,text\n1,a\n1,b\n")
    with pytest.raises(DatasetError, match="more than once"):
        read_items(path, {})
    path.write_text("id,text\n1\n")
    with pytest.raises(DatasetError, match=r"rows\.csv:2: cells are missing"):
        read_items(path, {})
