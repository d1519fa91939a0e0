"""Words that no spelling may be put right in: those that several authors write and a dictionary does not know.

Several authors share slips, too ("abuot"). What tells them from words of other Englishes are groups of rows that say
the same in several voices: where a slip stands in one row, the word that is meant stands in another.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from pathlib import Path

import amends_core.text
from amends_core.text.spelling import in_dictionary, meant

from amends_train.rows import VOICE, AgentRow, CustomerRow, read_agents, read_customers

AUTHORS = 3
"""How many authors must write a word: what fewer write may be their slip."""
FILE = Path(amends_core.text.__file__).with_name("known_words.txt")
_WORD = re.compile(r"(?<![\w'])[a-z]{3,14}(?![\w'])")


def known_words(rows: Sequence[AgentRow | CustomerRow]) -> list[str]:
    """In alphabetical order."""
    authors: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        for word in _words(f"{row.text} {row.context}"):
            authors[word].add(row.author)
    common = {word for word, by in authors.items() if len(by) >= AUTHORS and not in_dictionary(word)}
    return sorted(common - _slips(common, rows))


def _slips(words: Set[str], rows: Iterable[AgentRow | CustomerRow]) -> set[str]:
    """Those that stand, in most groups that say one thing in several voices, for the word they would be taken for."""
    groups: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if isinstance(row, AgentRow) and row.kind == VOICE:
            groups[row.group].update(_words(row.text))
    stands: dict[str, list[bool]] = defaultdict(list)
    for said in groups.values():
        for word in said & words:
            stands[word].append(meant(word) in said - {word})
    return {word for word, found in stands.items() if 2 * sum(found) > len(found)}


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.lower()))


def main(data: Path = Path("training/data")) -> None:
    """Writes the list that the core reads."""
    words = known_words([*read_agents(data / "agents"), *read_customers(data / "customers")])
    FILE.write_text("\n".join(words) + "\n", "utf-8")
    print(f"{len(words)} words in {FILE.name}")


if __name__ == "__main__":
    main()
