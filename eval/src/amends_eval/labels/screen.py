"""What a labeller sees. Says everything in words: colour only helps."""

import re

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from amends_eval.datasets.accord import Accord
from amends_eval.labels import notation
from amends_eval.labels.adjudication import Dispute
from amends_eval.labels.guide import MEANING
from amends_eval.labels.items import Item
from amends_eval.labels.notation import NAMES, STEP_NAMES

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_QUIET = "bright_black"
HOW = """\
labels by number or beginning of name, such as `5:2 ?def`: 1 weak, 2 strong, ? arguable; - for none
? shows the labels, u takes back, s passes over, q ends"""
HOW_OPEN = """\
of what is open, `5:2` is firm, `?5` or not named optional, `-5` refused; - refuses all
? shows the labels, u takes back, s passes over, q ends"""
END = "none is left: u takes the last answer back, anything else ends"


def show_item(item: Item, answered: int, whole: int) -> RenderableType:
    """One sentence with what was said before it."""
    parts = [Text(f"\n{answered + 1} of {whole}", style=_QUIET)]
    if item.context:
        parts.append(Text.assemble(("customer  ", _QUIET), harmless(item.context)))
    parts.append(Text.assemble(("agent     ", _QUIET), (harmless(item.text), "bold")))
    return Group(*parts)


def show_dispute(dispute: Dispute, answered: int, whole: int) -> RenderableType:
    """One sentence in two readings, and what is open."""
    numbered = (f"{NAMES.index(name) + 1} {notation.plain(name)}" for name in dispute.settlement.open)
    return Group(
        show_item(dispute.item, answered, whole),
        *(
            Text.assemble((f"reading {number} ", _QUIET), notation.in_words(reading))
            for number, reading in enumerate(dispute.readings, 1)
        ),
        Text.assemble(("open      ", _QUIET), (", ".join(numbered), "yellow")),
    )


def show_guide() -> RenderableType:
    """Every label with its number and meaning."""
    table = Table("", "label", "the sentence …", "does not count", box=None, pad_edge=False, header_style=_QUIET)
    for number, (label, (meaning, other)) in enumerate(MEANING.items(), 1):
        colour = "green" if label.value in STEP_NAMES else "red"
        table.add_row(str(number), Text(notation.plain(label.value), style=colour), meaning, other)
    return table


def show_accord(accord: Accord) -> RenderableType:
    """Agreement, in figures."""
    table = Table("label", "first", "second", "kappa", box=None, pad_edge=False, header_style=_QUIET)
    for name, (first, second) in accord.given.items():
        if first or second:
            table.add_row(notation.plain(name), str(first), str(second), figure(accord.kappa[name]))
    return Group(
        Text(f"\nagreement over {accord.n} sentences", style="bold"),
        Text(
            f"micro-F1 {figure(accord.micro_f1)} (arguable taken as not given: {figure(accord.strict_micro_f1)}), "
            f"Krippendorff's alpha {figure(accord.alpha)}, equally strong {figure(accord.strength)}"
        ),
        table,
    )


def figure(value: float | None) -> str:
    """A figure with two digits; a dash where there is none."""
    return "–" if value is None else f"{value:.2f}"


def harmless(text: str) -> str:
    """A text whose control characters cannot steer the terminal."""
    return _CONTROL.sub("\ufffd", text)
