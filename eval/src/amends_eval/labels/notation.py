"""How labels are written: `STEP:1`, `STEP:2`, `MISSTEP`, and `?LABEL` for what could be given or withheld."""

from collections.abc import Callable, Iterable, Mapping

from amends_core.taxonomy import SENTENCE_LABELS, STEPS

from amends_eval.datasets.rows import Labels

NAMES = tuple(label.value for label in SENTENCE_LABELS)
"""In the order of the taxonomy: a label's number at the terminal is its place here, from 1."""
STEP_NAMES = frozenset(step.value for step in STEPS)
NONE = "-"
"""Says that a sentence carries no label."""
_STRENGTH = {1: " weak", 2: " strong"}


class NotationError(ValueError):
    """Labels that cannot be read; the message says why and what to write."""


def typed(line: str) -> Labels:
    """Reads what a labeller typed: numbers or beginnings of names, steps with their strength, such as `5:2 ?6 def`.

    Raises:
        NotationError: nothing was typed, or it names no label, several, one twice, or a step without strength.
    """
    words = line.replace(",", " ").split()
    if not words:
        raise NotationError(f"nothing was typed: write labels, or {NONE} for none")
    if words == [NONE]:
        return Labels(labels=())
    firm: dict[str, int] = {}
    optional: list[str] = []
    for word in words:
        name, strength = parsed(word, found)
        if name in firm or name in optional:
            raise NotationError(f"{name} is named twice: name it once")
        if strength is None:
            optional.append(name)
        else:
            firm[name] = strength
    return labels(firm, optional)


def parsed(word: str, find: Callable[[str], str]) -> tuple[str, int | None]:
    """The label of one word, and its strength: 1 or 2, for a misstep 1, None where it is optional.

    Raises:
        NotationError: as `find`, or the strength is missing, wrong or out of place.
    """
    name, _, given = word.removeprefix("?").partition(":")
    label = find(name)
    if word.startswith("?"):
        return label, None
    if label not in STEP_NAMES:
        if given:
            raise NotationError(f"{label} is a misstep, which has no strength: write it without")
        return label, 1
    if given not in {"1", "2"}:
        raise NotationError(f"how strong is {label}? write :1 for weak or :2 for strong behind it")
    return label, int(given)


def found(word: str) -> str:
    """The label of a number or of the beginning of a name, in any case.

    Raises:
        NotationError: none or several begin so.
    """
    if word.isascii() and word.isdigit():
        if not 1 <= int(word) <= len(NAMES):
            raise NotationError(f"there is no label {word[:8]}: the numbers go from 1 to {len(NAMES)}")
        return NAMES[int(word) - 1]
    begin = spelled(word)
    if begin in NAMES:
        return begin
    fitting = [name for name in NAMES if begin and name.startswith(begin)]
    if len(fitting) != 1:
        which = f"could be {' or '.join(fitting)}: write more of it" if fitting else "begins no label: ? shows them"
        raise NotationError(f"“{word[:24]}” {which}")
    return fitting[0]


def spelled(name: str) -> str:
    """A name as the taxonomy spells it: `Take action` is `TAKE_ACTION`."""
    return "_".join(name.replace("-", " ").replace("_", " ").upper().split())


def labels(firm: Mapping[str, int], optional: Iterable[str]) -> Labels:
    """Labels in the order of the taxonomy; what is firm is not optional, too."""
    optional = set(optional)
    return Labels(
        labels=tuple(written(name, firm[name]) for name in NAMES if name in firm),
        optional=tuple(name for name in NAMES if name in optional and name not in firm),
    )


def written(name: str, strength: int) -> str:
    """One firm label as rows hold it."""
    return f"{name}:{strength}" if name in STEP_NAMES else name


def in_words(given: Labels) -> str:
    """Labels as people read them: `empathize strong, maybe defend`."""
    firm = [
        plain(name) + (_STRENGTH[strength] if name in STEP_NAMES else "") for name, strength in given.strength.items()
    ]
    return ", ".join([*firm, *(f"maybe {plain(name)}" for name in given.optional)]) or "no label"


def plain(name: str) -> str:
    """A label in small letters."""
    return name.replace("_", " ").lower()
