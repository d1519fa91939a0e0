"""The list of words that stay as they are typed is that of the training data."""

from pathlib import Path

from amends_core.text.spelling import corrected
from amends_train.known_words import FILE, known_words
from amends_train.rows import read_agents, read_customers

DATA = Path(__file__).parents[1] / "data"


def test_the_list_is_made_from_the_rows() -> None:
    found = known_words([*read_agents(DATA / "agents"), *read_customers(DATA / "customers")])
    assert FILE.read_text("utf-8").split() == found, "`make words` writes it anew"


def test_what_several_authors_write_stays() -> None:
    for word in known_words([*read_agents(DATA / "agents")])[::20]:
        assert corrected(f"we say {word} here") == f"we say {word} here"
