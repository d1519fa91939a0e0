"""What own exemplars change: on labelled sentences, and on one another."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from amends_core.detection import Detector
from amends_core.playbooks import misstep_exemplars, phrasings
from amends_core.taxonomy import SENTENCE_LABELS, Label
from amends_core.teaching import Correction, OwnExemplars, reach_of
from amends_core.teaching.own_exemplars import LabelExemplars
from numpy.typing import NDArray

from amends_eval.datasets.rows import SentenceRow
from amends_eval.metrics.labels import Decisions, micro_f1, precision, recall
from amends_eval.statistics.bootstrap import Interval, interval_of_sums
from amends_eval.statistics.paired import Difference, difference_of_sums
from amends_eval.teaching.reader import Reader, Readings, read_all


class State(StrEnum):
    """What became of an exemplar itself."""

    TAUGHT = "taught"
    """The model read it wrong, and with the exemplars it is read right."""
    KNOWN = "known"
    """The model reads it right by itself, and sentences about it come out otherwise."""
    IDLE = "does nothing"
    """The model reads it right by itself, and no sentence tried comes out otherwise for it."""
    CONFLICT = "in conflict"
    """The model reads another label in it and not this one, or reads it wrong even as an exemplar: it may stand under
    the wrong label, or too near to an exemplar of the other side."""


@dataclass(frozen=True, slots=True)
class ExemplarTrial:
    """One exemplar."""

    label: Label
    positive: bool
    text: str
    line: int
    before: float
    """Probability of the label in it, without own exemplars."""
    after: float
    state: State
    read_as: tuple[Label, ...]
    """Other labels that are claimed in it."""
    left_out: bool
    """Whether it is read right by the other exemplars alone: whether they teach more than themselves."""
    reached: int
    """Sentences tried that lie within its reach."""


@dataclass(frozen=True, slots=True)
class Flip:
    """A decision that came out otherwise."""

    row: SentenceRow
    label: Label
    before: float
    after: float
    claimed: bool
    """After."""
    right: bool | None
    """Whether it is right now; None where a careful judge could go either way."""

    @property
    def others(self) -> tuple[str, ...]:
        """What the sentence carries instead."""
        return tuple(name for name in self.row.strength if name != self.label)


@dataclass(frozen=True, slots=True)
class LabelTrial:
    """One taught label over the sentences tried."""

    label: Label
    rows: int
    """That carry it."""
    before: Mapping[str, Interval]
    after: Mapping[str, Interval]
    change: Difference
    """Of F1."""


@dataclass(frozen=True, slots=True)
class Trial:
    """The whole effect."""

    labels: tuple[LabelTrial, ...]
    flips: tuple[Flip, ...]
    exemplars: tuple[ExemplarTrial, ...]
    sentences: int
    reach: float

    @property
    def harms(self) -> bool:
        """Whether a label's F1 falls by more than chance explains."""
        return any(each.change.high is not None and each.change.high < 0 for each in self.labels)


_FIGURES = {"precision": precision, "recall": recall, "f1": micro_f1}


def try_exemplars(exemplars: OwnExemplars, reader: Reader, rows: Sequence[SentenceRow], seed: int) -> Trial:
    """Measures the effect of exemplars on labelled sentences; intervals are drawn by `seed`."""
    pieces = [reader.pieces(row.text) for row in rows]
    before, after = (read_all(detector, pieces) for detector in (reader.detector(), reader.detector(exemplars)))
    flips = tuple(_flips(rows, before, after))
    bench = _Bench(exemplars, reader, [piece.embedding for each in pieces for piece in each], flips)
    return Trial(
        labels=tuple(_label(label, rows, before, after, seed) for label in exemplars.labels),
        flips=flips,
        exemplars=tuple(bench.trials()),
        sentences=len(rows),
        reach=bench.reach,
    )


def _label(label: Label, rows: Sequence[SentenceRow], before: Readings, after: Readings, seed: int) -> LabelTrial:
    column = SENTENCE_LABELS.index(label)
    clusters = [row.cluster for row in rows]
    first, second = (_counts(label, rows, readings.claimed[:, [column]]) for readings in (before, after))

    def figures(counts: NDArray[np.float64]) -> Mapping[str, Interval]:
        return {name: interval_of_sums(counts, clusters, statistic, seed) for name, statistic in _FIGURES.items()}

    return LabelTrial(
        label=label,
        rows=sum(label in row.strength for row in rows),
        before=figures(first),
        after=figures(second),
        change=difference_of_sums(first, second, clusters, micro_f1, seed),
    )


def _counts(label: Label, rows: Sequence[SentenceRow], claimed: NDArray[np.bool_]) -> NDArray[np.float64]:
    truth = np.array([[label in row.strength] for row in rows], dtype=np.bool_)
    known = np.array([[label not in row.optional] for row in rows], dtype=np.bool_)
    return Decisions(truth, claimed, known, [label]).counts()


def _flips(rows: Sequence[SentenceRow], before: Readings, after: Readings) -> Iterator[Flip]:
    for index, column in np.argwhere(before.claimed != after.claimed).tolist():
        row, label = rows[index], SENTENCE_LABELS[column]
        claimed = bool(after.claimed[index, column])
        yield Flip(
            row=row,
            label=label,
            before=float(before.probability[index, column]),
            after=float(after.probability[index, column]),
            claimed=claimed,
            right=None if label in row.optional else (label in row.strength) == claimed,
        )


class _Bench:
    """Tries the exemplars on one another."""

    def __init__(
        self, exemplars: OwnExemplars, reader: Reader, tried: Sequence[NDArray[np.float32]], flips: Sequence[Flip]
    ) -> None:
        self._exemplars = exemplars
        self._reader = reader
        self._plain, self._taught = reader.detector(), reader.detector(exemplars)
        shipped = {**misstep_exemplars(), **phrasings()}
        texts = [text for each in shipped.values() for text in each]
        self.reach = reach_of(shipped, {text: reader.encode(text).embedding for text in texts})
        self._tried = np.array(tried)
        self._flipped = {
            label: reader.embeddings([flip.row.text for flip in flips if flip.label is label])
            for label in exemplars.labels
        }

    def trials(self) -> Iterator[ExemplarTrial]:
        for label, each in self._exemplars.labels.items():
            for positive, phrases in ((True, each.positive), (False, each.negative)):
                for index, phrase in enumerate(phrases):
                    yield self._trial(label, positive, index, phrase.text, phrase.line)

    def _trial(self, label: Label, positive: bool, index: int, text: str, line: int) -> ExemplarTrial:
        encoding = self._reader.encode(text)
        plain, taught = (detector.read_sentence(encoding) for detector in (self._plain, self._taught))
        without = self._without(label, positive, index).read_sentence(encoding)
        before, after, left_out = (self._plain.claims(each, label) is positive for each in (plain, taught, without))
        others = tuple(other for other in SENTENCE_LABELS if other is not label and self._plain.claims(plain, other))
        mistaken = positive and not before and bool(others)
        return ExemplarTrial(
            label=label,
            positive=positive,
            text=text,
            line=line,
            before=plain.probability(label),
            after=taught.probability(label),
            state=State.CONFLICT if mistaken or not after else self._state(label, encoding.embedding, known=before),
            read_as=others,
            left_out=left_out,
            reached=_within(self._tried, encoding.embedding, self.reach),
        )

    def _state(self, label: Label, embedding: NDArray[np.float32], *, known: bool) -> State:
        if not known:
            return State.TAUGHT
        return State.KNOWN if _within(self._flipped[label], embedding, self.reach) else State.IDLE

    def _without(self, label: Label, positive: bool, index: int) -> Detector:
        sides = self._exemplars.labels[label]
        side = sides.positive if positive else sides.negative
        rest = side[:index] + side[index + 1 :]
        kept = LabelExemplars(rest, sides.negative) if positive else LabelExemplars(sides.positive, rest)
        fewer = replace(self._exemplars, labels={label: kept})
        embeddings = {text: self._reader.encode(text).embedding for text in fewer.phrases}
        return Detector(self._reader.bundle.manifest, Correction(fewer, embeddings, self.reach))


def _within(vectors: NDArray[np.float32], embedding: NDArray[np.float32], reach: float) -> int:
    return int((vectors @ embedding > reach).sum()) if len(vectors) else 0
