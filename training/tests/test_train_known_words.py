"""The list of words that stay as they are typed is that of the training data."""

from dataclasses import replace
from pathlib import Path

from amends_core.text.spelling import corrected
from amends_train.known_words import FILE, known_words
from amends_train.rows import VOICE, read_agents, read_customers
from train_builders import agent_row

DATA = Path(__file__).parents[1] / "data"


def test_the_list_is_made_from_the_rows() -> None:
    found = known_words([*read_agents(DATA / "agents"), *read_customers(DATA / "customers")])
    assert FILE.read_text("utf-8").split() == found, "`make words` writes it anew"


def test_what_several_authors_write_stays() -> None:
    for word in known_words([*read_agents(DATA / "agents")])[::20]:
        assert corrected(f"we say {word} here") == f"we say {word} here"


def test_what_stands_for_a_word_in_another_voice_is_a_slip() -> None:
    said = {
        "ann": "just tell me",
        "ben": "jsut tell me",
        "cem": "jsut do it",
        "dan": "abeg tell me",
        "eve": "abeg do it",
    }
    rows = [replace(agent_row(text, name=author), author=author) for author, text in said.items()]
    rows += [replace(agent_row("abeg, jsut a word", name="fay"), author="fay")]
    assert known_words(rows) == ["abeg", "jsut"], "three authors write both"
    voices = [replace(row, kind=VOICE, group="g") for row in rows[:2]]
    assert known_words([*voices, *rows[2:]]) == ["abeg"]
