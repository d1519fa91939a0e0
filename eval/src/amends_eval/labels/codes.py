"""From their codes to our labels."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from amends_eval.datasets.rows import Labels
from amends_eval.errors import DatasetError
from amends_eval.labels import notation
from amends_eval.labels.notation import NAMES, NotationError

SEPARATORS = ";|,\n"
"""What may stand between codes in a cell where no separator was given."""
_SAFE_CODE = re.compile(r"[\w?:.&/+-]+( [\w?:.&/+-]+){0,2}")
_MOST_SHOWN = 32
_YES = frozenset({"1", "true", "yes", "y", "x", "ja", "oui", "si", "sí", "1.0"})
_NO = frozenset({"", "0", "false", "no", "n", "-", "nein", "non", "0.0", "nan", "na"})
_STRONG = frozenset({"2", "2.0"})


@dataclass(frozen=True, slots=True)
class Codes:
    """How cells become labels."""

    ours: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Their code, in small letters, to ours as `notation` writes them; without strength where none was told."""
    separator: str | None = None
    """Between codes in a cell; None: any of `SEPARATORS`."""
    strength: int | None = None
    """Of a step whose strength nothing tells; None: such a row is an error."""

    def in_cell(self, cell: str) -> list[str]:
        """The codes in one cell."""
        parts = cell.split(self.separator) if self.separator else re.split(f"[{re.escape(SEPARATORS)}]", cell)
        return [part.strip() for part in parts if part.strip() and part.strip() != notation.NONE]

    def labels(self, codes: Iterable[str], optional: Iterable[str] = ()) -> Labels:
        """The labels of codes: of two for one label the stronger counts.

        Raises:
            NotationError: a code is unknown, or lacks its strength.
        """
        firm: dict[str, int] = {}
        arguable: list[str] = []
        marked = [code if code.startswith("?") else f"?{code}" for code in optional]
        for word in (word for code in [*codes, *marked] for word in self._words(code)):
            name, strength = notation.parsed(word, _ours)
            if strength is None:
                arguable.append(name)
            else:
                firm[name] = max(strength, firm.get(name, 0))
        return notation.labels(firm, arguable)

    def _words(self, code: str) -> list[str]:
        bare = code.removeprefix("?").strip()
        mark = "?" if code.startswith("?") else ""
        if bare.casefold() in self.ours:
            return [
                self._with_strength(mark + word.removeprefix("?") if mark else word)
                for word in self.ours[bare.casefold()]
            ]
        name, _, strength = bare.partition(":")
        given = self.ours.get(name.strip().casefold(), (name.strip(),))
        if not given:
            return []
        ending = f":{strength.strip()}" if strength else ""
        return [self._with_strength(mark + word + ("" if mark or ":" in word else ending)) for word in given]

    def _with_strength(self, word: str) -> str:
        missing = self.strength is not None and ":" not in word and notation.spelled(word) in notation.STEP_NAMES
        return f"{word}:{self.strength}" if missing else word


def ticked(cells: Mapping[str, str]) -> list[str]:
    """The codes of a row with a column a label: 1, yes or x is given, 2 given strongly, ? arguable, 0 or nothing not.

    Raises:
        NotationError: a cell holds anything else.
    """
    found: list[str] = []
    for code, cell in cells.items():
        value = cell.strip().casefold()
        if value in _YES:
            found.append(code)
        elif value in _STRONG:
            found.append(f"{code}:2")
        elif value == "?":
            found.append(f"?{code}")
        elif value not in _NO:
            raise NotationError(f"the cell of {shown(code)} is neither 0, 1, 2 nor ?: write one of them")
    return found


def read_map(path: Path) -> dict[str, tuple[str, ...]]:
    """Reads a YAML mapping from their codes to ours: a label, a list of labels, or nothing for none.

    Raises:
        DatasetError: the file cannot be read, or a label is none of ours; all that is wrong is told at once.
    """
    try:
        # Of strings alone: a code such as `no` or `1` is no truth value and no number.
        found = yaml.load(path.read_text(encoding="utf-8-sig"), yaml.BaseLoader)  # noqa: S506
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no YAML in UTF-8"
        raise DatasetError(f"cannot read {path}: {why}") from None
    if not isinstance(found, dict):
        raise DatasetError(f"{path.name} is no mapping: write lines such as `their code: APOLOGIZE:1`")
    ours = {str(code).strip().casefold(): _listed(given) for code, given in found.items()}
    if wrong := [_wrong(code, word) for code, words in ours.items() for word in words if not _known(word)]:
        raise DatasetError(f"{path.name}: {'; '.join(wrong)}; ours are {', '.join(NAMES)}")
    return ours


def shown(code: str) -> str:
    """A code as a message may show it: what could be a sentence is not shown."""
    if len(code) <= _MOST_SHOWN and _SAFE_CODE.fullmatch(code):
        return f"“{code}”"
    return f"a code of {len(code)} characters"


def _ours(name: str) -> str:
    spelled = notation.spelled(name)
    if spelled not in NAMES:
        raise NotationError(f"{shown(name)} is none of our labels: map it in --label-map")
    return spelled


def _listed(given: Any) -> tuple[str, ...]:
    words: Sequence[Any] = given if isinstance(given, list) else [given]
    return tuple(str(word).strip() for word in words if str(word).strip() not in {"", "null", "~", notation.NONE})


def _known(word: str) -> bool:
    name, _, strength = word.removeprefix("?").partition(":")
    spelled = notation.spelled(name)
    if word.startswith("?") or spelled not in notation.STEP_NAMES:
        return spelled in NAMES and not strength
    return strength in {"", "1", "2"}


def _wrong(code: str, word: str) -> str:
    return f"{code[:40]!r} stands for {word[:40]!r}, which is no label (LABEL, STEP:1, STEP:2 or ?LABEL)"
