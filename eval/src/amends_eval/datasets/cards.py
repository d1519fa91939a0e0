"""The part of a dataset's card that is counted and not written: what it holds, and how far its judges agree."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from amends_core.taxonomy import SENTENCE_LABELS

from amends_eval.datasets.accord import Accord
from amends_eval.datasets.catalogue import MODELS, VERSION, parse
from amends_eval.datasets.judges import figures, judges, label_accord
from amends_eval.datasets.rows import (
    ArcRow,
    ContrastRow,
    CustomerRow,
    Labels,
    NextStepRow,
    RankedRow,
    RealLabels,
    Row,
)

CARD = "card.md"
COUNTED = "## Counted"
"""Begins the part of a card that is made here; the words above are written by hand."""
_HALVES = ("dev", "test")
_NAMES = tuple(label.value for label in SENTENCE_LABELS)
_MOST_VALUES = 12
Halves = Sequence[Sequence[Row]]
"""The rows of development, then those of test."""


def counted(name: str, folder: Path) -> str:
    """The counted part of a dataset's card, as Markdown."""
    place = folder / f"{name}-v{VERSION}"
    halves = [
        list(parse(MODELS[name], (place / f"{half}.jsonl").read_text(encoding="utf-8"), half)) for half in _HALVES
    ]
    lines = [COUNTED, "", f"{len(halves[0])} rows of development, {len(halves[1])} of test.", ""]
    lines += [*_held(halves), *_slices(halves)]
    said = judges(place)
    a, b = said.values()
    lines += ["### Agreement before settling", "", f"Judges: {' and '.join(f'`{judge}`' for judge in said)}.", ""]
    if name in {"sentences", "real", "contrast", "invariance", "arcs"}:
        lines += _accord(label_accord(a, b), list(said))
    lines += _figures(figures(name, a, b))
    return "\n".join(lines).rstrip() + "\n"


def with_counted(card: str, made: str) -> str:
    """A card with its counted part replaced."""
    return card.partition(COUNTED)[0].rstrip() + "\n\n" + made


def _held(halves: Halves) -> Iterator[str]:
    if any(_labels(row) for half in halves for row in half):
        yield from _label_table(halves)
    for what, values in _VALUES.items():
        found = [Counter(value for row in half for value in values(row)) for half in halves]
        if any(found):
            yield f"{what}, development / test: {_both(found)}."
            yield ""


def _label_table(halves: Halves) -> Iterator[str]:
    labels = [[labels for row in half for labels in _labels(row)] for half in halves]
    empty = [sum(not each.labels for each in half) for half in labels]
    yield f"{len(labels[0])} / {len(labels[1])} labelled texts, {empty[0]} / {empty[1]} of them without a firm label."
    yield from ("", "| label | dev | test | strong | optional |", "| --- | ---: | ---: | ---: | ---: |")
    whole = [*labels[0], *labels[1]]
    strong = Counter(name for each in whole for name, strength in each.strength.items() if strength == 2)
    optional = Counter(name for each in whole for name in each.optional)
    firm = [Counter(name for each in half for name in each.strength) for half in labels]
    for name in _NAMES:
        yield f"| {name} | {firm[0][name]} | {firm[1][name]} | {strong[name] or '–'} | {optional[name]} |"
    yield ""


def _slices(halves: Halves) -> Iterator[str]:
    names = list(dict.fromkeys(name for half in halves for row in half for name in row.slices))
    if not names:
        return
    yield from ("| slice | rows (dev / test) |", "| --- | --- |")
    for name in names:
        yield f"| {name} | {_both([Counter(row.slices[name] or 'not said' for row in half) for half in halves])} |"
    yield ""


def _accord(found: Accord, names: Sequence[str]) -> Iterator[str]:
    yield from _figures(
        [
            ("texts labelled by both", found.n),
            ("micro-F1 of firm labels, what either calls arguable left out", found.micro_f1),
            ("micro-F1 with arguable taken as not given", found.strict_micro_f1),
            ("Krippendorff's alpha of decisions that neither calls arguable", found.alpha),
            ("share of the steps firm in both that are equally strong in both", found.strength),
        ]
    )
    yield f"| label | firm by `{names[0]}` | firm by `{names[1]}` | Cohen's kappa |"
    yield "| --- | ---: | ---: | ---: |"
    for name, (first, second) in found.given.items():
        if first or second:
            yield f"| {name} | {first} | {second} | {_written(found.kappa[name])} |"
    yield ""


def _figures(found: Iterable[tuple[str, float | int | None]]) -> Iterator[str]:
    rows = [f"| {what} | {_written(value)} |" for what, value in found]
    if rows:
        yield from ("| | |", "| --- | ---: |", *rows, "")


def _labels(row: Row) -> Sequence[Labels]:
    if isinstance(row, ContrastRow):
        return (row.a, row.b)
    if isinstance(row, ArcRow):
        turns = [turn for turn in row.turns if turn.role == "agent"]
        return [
            Labels(labels=_of_sentences((*turn.steps, *turn.missteps)), optional=_of_sentences(turn.optional))
            for turn in turns
        ]
    return (row,) if isinstance(row, Labels) else ()


def _of_sentences(written: Sequence[str]) -> tuple[str, ...]:
    return tuple(label for label in written if label.partition(":")[0] in _NAMES)


def _acts(row: Row) -> list[str]:
    if isinstance(row, CustomerRow):
        return [row.act]
    return [turn.act for turn in row.turns if turn.act] if isinstance(row, ArcRow) else []


def _upset(row: Row) -> list[str]:
    turns = row.turns if isinstance(row, ArcRow) else ()
    upset = [row.upset] if isinstance(row, CustomerRow) else [turn.upset for turn in turns]
    return [_band(value) for value in upset if value is not None]


def _band(upset: float) -> str:
    return "calm (below 0.3)" if upset < 0.3 else "between" if upset < 0.6 else "upset (from 0.6)"


def _pause(row: Row) -> list[str]:
    return [{True: "yes", False: "no", None: "undefined"}[row.pause]] if isinstance(row, NextStepRow) else []


_VALUES: Mapping[str, Callable[[Row], list[str]]] = {
    "Sources": lambda row: [row.id.partition("|")[0]] if isinstance(row, RealLabels) else [],
    "Labels that flip": lambda row: [*row.flips] if isinstance(row, ContrastRow) else [],
    "Acts": _acts,
    "Upset": _upset,
    "Grades": lambda row: [f"{reply.grade:g}" for reply in row.replies] if isinstance(row, RankedRow) else [],
    "Acceptable steps": lambda row: [*row.acceptable] if isinstance(row, NextStepRow) else [],
    "Plainly wrong steps": lambda row: [*row.wrong] if isinstance(row, NextStepRow) else [],
    "Pause": _pause,
    "Conversation-level missteps": lambda row: (
        [misstep for turn in row.turns for misstep in turn.missteps if misstep not in _NAMES]
        if isinstance(row, ArcRow)
        else []
    ),
}
"""What else is counted: what a row holds of it."""


def _both(counts: Sequence[Counter[str]]) -> str:
    whole = sum(counts, Counter[str]())
    common = sorted(whole, key=lambda value: (-whole[value], value))
    shown = [f"{value} {counts[0][value]} / {counts[1][value]}" for value in common[:_MOST_VALUES]]
    if rest := common[_MOST_VALUES:]:
        shown.append(f"{len(rest)} more {' / '.join(str(sum(half[value] for value in rest)) for half in counts)}")
    return ", ".join(shown)


def _written(value: float | int | None) -> str:
    return "–" if value is None else str(value) if isinstance(value, int) else f"{value:.3f}"
