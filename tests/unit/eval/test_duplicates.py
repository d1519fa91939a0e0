from pathlib import Path

import numpy as np
import pytest
from amends_eval.errors import DatasetError
from amends_eval.labels import duplicates
from amends_eval.labels.duplicates import Match, Text, matches, training_texts
from numpy.typing import NDArray

LONG = "I am so sorry that your kettle arrived with a broken lid this morning."


def ways(found: list[Match]) -> list[tuple[str, str, str]]:
    return [(match.id, match.other, match.way) for match in found]


def test_the_same_after_normalising_is_exact() -> None:
    found = matches(
        [Text("a", "I’m  sorry, it's late"), Text("b", "unlike the rest"), Text("c", "I'M SORRY, it’s late")]
    )
    assert ways(found) == [("c", "a", "exact")]


def test_a_phrase_that_stands_there_often_makes_few_pairs() -> None:
    found = matches([Text(str(index), "Thank you.") for index in range(50)])
    assert len(found) == 49
    assert {match.way for match in found} == {"exact"}


def test_a_small_edit_is_near_and_another_sentence_is_not() -> None:
    edited = LONG.replace("this morning", "this mornin")
    found = matches([Text("a", LONG), Text("b", edited), Text("c", "Please restart the router and wait.")])
    assert ways(found) == [("b", "a", "near")]
    assert 0.86 <= found[0].likeness < 1


def test_leaks_are_found_against_others_and_not_within() -> None:
    texts = [Text("a", LONG), Text("b", LONG), Text("c", LONG + " Truly.")]
    found = matches(texts, [Text("t", LONG)])
    assert ways(found) == [("a", "t", "exact"), ("b", "t", "exact"), ("c", "t", "near")]


def test_the_encoder_is_asked_where_given_and_what_is_known_is_not_said_again() -> None:
    def embed(text: str) -> NDArray[np.float32]:
        angle = 0.0 if "kettle" in text else 0.1 if "water" in text else 1.5
        return np.array([np.cos(angle), np.sin(angle)], dtype=np.float32)

    texts = [Text("a", LONG), Text("b", "Water heater broke? Regrets."), Text("c", "Unrelated words entirely.")]
    assert ways(matches([*texts, Text("d", LONG)], None, embed)) == [("d", "a", "exact"), ("b", "a", "alike")]


def test_blocks_give_what_one_block_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [Text(str(index), f"{LONG} {'very ' * (index % 7)}{index % 5}") for index in range(40)]
    whole = matches(texts)
    monkeypatch.setattr(duplicates, "_BLOCK_CELLS", 60)
    assert matches(texts) == whole
    assert whole


def test_near_agrees_with_cosines_worked_out_one_by_one() -> None:
    from itertools import combinations

    from amends_core.text import normalise
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = [Text(str(index), f"{LONG[: 20 + 7 * index]} number {'x' * index}") for index in range(8)]
    vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True).fit_transform(
        normalise(text.text).casefold() for text in texts
    )
    dense = vectors.toarray()
    expected = {(b, a) for a, b in combinations(range(8), 2) if dense[a] @ dense[b] >= duplicates.NEAR}
    assert {(int(match.id), int(match.other)) for match in matches(texts)} == expected


def test_nothing_and_texts_without_letters_are_no_error() -> None:
    assert matches([]) == []
    faces = [Text("a", "🙂"), Text("b", "😡"), Text("c", "!")]
    assert matches(faces) == []
    assert matches(faces, []) == []
    assert matches(faces, [Text("t", "😡"), Text("u", "?")]) == []


def test_training_rows_are_read_from_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_text('{"id": "a-1", "text": "hello"}\n{"text": "no id"}\n')
    (tmp_path / "two.csv").write_text("sentence\nhi\n")
    found = training_texts([tmp_path, tmp_path / "two.csv"])
    assert [text.text for text in found] == ["hello", "no id", "hi"]
    assert (found[0].id, found[2].id) == ("a-1", "two:2")


def test_a_folder_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"holds no \.jsonl"):
        training_texts([tmp_path])
