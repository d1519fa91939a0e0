"""Words that no spelling may be put right in: those that several authors write and a dictionary does not know."""

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import amends_core.text
from amends_core.text.spelling import in_dictionary

from amends_train.rows import AgentRow, CustomerRow, read_agents, read_customers

AUTHORS = 3
"""How many authors must write a word: what fewer write may be their slip."""
FILE = Path(amends_core.text.__file__).with_name("known_words.txt")
_WORD = re.compile(r"(?<![\w'])[a-z]{3,14}(?![\w'])")


def known_words(rows: Iterable[AgentRow | CustomerRow]) -> list[str]:
    """In alphabetical order."""
    authors: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        for word in _WORD.findall(f"{row.text} {row.context}".lower()):
            authors[word].add(row.author)
    return sorted(word for word, by in authors.items() if len(by) >= AUTHORS and not in_dictionary(word))


def main(data: Path = Path("training/data")) -> None:
    """Writes the list that the core reads."""
    words = known_words([*read_agents(data / "agents"), *read_customers(data / "customers")])
    FILE.write_text("\n".join(words) + "\n", "utf-8")
    print(f"{len(words)} words in {FILE.name}")


if __name__ == "__main__":
    main()
