"""The language of a sentence, of three: English, another, or not to be told."""

import json
from pathlib import Path

import pytest
from amends_server.language import Language, language_of
from hypothesis import given
from hypothesis import strategies as st

ROWS = Path(__file__).parents[3] / "eval" / "datasets" / "sentences-v1" / "dev.jsonl"
OTHERS = """Es tut mir leid, das hätte nicht passieren dürfen.
Je suis vraiment désolé pour ce retard.
Siento mucho lo ocurrido con su paquete.
Mi dispiace molto per il ritardo.
Sinto muito pelo atraso do pedido.
Het spijt me dat het zo lang duurt.
Bardzo przepraszam za opóźnienie.
Моя посылка так и не пришла.
お待たせして申し訳ございません。
非常抱歉给您带来不便。""".splitlines()


def test_nearly_every_english_sentence_is_taken_for_english() -> None:
    found = [language_of(json.loads(row)["text"]) for row in ROWS.read_text().splitlines()]
    assert found.count(Language.EN) > 0.95 * len(found)
    assert found.count(Language.OTHER) < 0.01 * len(found)


@pytest.mark.parametrize("sentence", OTHERS)
def test_another_language_is_told(sentence: str) -> None:
    assert language_of(sentence) is Language.OTHER


@pytest.mark.parametrize("sentence", ["", "ok", "4K?", "😡😡", "<url>", "\x00", "�"])
def test_too_little_to_tell_is_said_to_be_so(sentence: str) -> None:
    assert language_of(sentence) is Language.UNKNOWN


@given(st.text(max_size=300))
def test_any_text_has_one_of_the_three(sentence: str) -> None:
    assert language_of(sentence) in Language
