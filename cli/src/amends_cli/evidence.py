"""Shows a reply with its evidence: steps green, missteps red, the label in small letters after each."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from amends.v1 import conversation_pb2, judgement_pb2
from rich.text import Text

from amends_cli.words import BAD, GOOD, misstep_word, step_word


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of one turn and what it was found to be."""

    turn_index: int
    start: int
    """First code point."""
    end: int
    """One past the last code point."""
    label: str
    harms: bool


def find_marks(judgement: judgement_pb2.Judgement) -> list[Mark]:
    """Gives the stretches behind every step and misstep of a judgement."""
    steps = [mark for step in judgement.steps for mark in _marks(step.spans, label=step_word(step.step), harms=False)]
    missteps = [
        mark
        for finding in judgement.missteps
        for mark in _marks(finding.spans, label=misstep_word(finding.misstep), harms=True)
    ]
    return [*steps, *missteps]


def show_turn(text: str, marks: Sequence[Mark]) -> Text:
    """Shows one turn with the marks that lie in it."""
    shown = Text()
    for start, end in _stretches(len(text), marks):
        covering = [mark for mark in marks if mark.start <= start and end <= mark.end]
        shown.append(text[start:end], style=_style(covering))
        shown.append_text(_labels(mark for mark in covering if mark.end == end))
    return shown


def _marks(spans: Iterable[conversation_pb2.Span], *, label: str, harms: bool) -> Iterator[Mark]:
    for span in spans:
        yield Mark(span.turn_index, span.start, span.end, label, harms)


def _stretches(length: int, marks: Iterable[Mark]) -> Iterator[tuple[int, int]]:
    bounds = {0, length, *(bound for mark in marks for bound in (mark.start, mark.end) if bound < length)}
    yield from pairwise(sorted(bounds))


def _style(covering: Sequence[Mark]) -> str:
    if any(mark.harms for mark in covering):
        return BAD
    return GOOD if covering else ""


def _labels(ending: Iterable[Mark]) -> Text:
    shown = Text()
    for mark in ending:
        shown.append(f" [{mark.label}]", style=f"italic dim {BAD if mark.harms else GOOD}")
    return shown
