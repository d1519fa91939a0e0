"""Samples: what the network reads in one epoch, and what it should say: rows, roughened, joined, taken back."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from amends_core.taxonomy import Misstep, Step

from amends_train.augment import joined, roughen, turned
from amends_train.rows import REAL, VOICE, AgentRow, CustomerRow
from amends_train.targets import (
    ACTS,
    CARE,
    COLUMN,
    LABEL_COLUMNS,
    NEXT,
    UPSET,
    Floats,
    agent_target,
    column_of,
    customer_target,
)

Passage = tuple[str, str]
"""A text, and what the other side said before it; the latter may be empty."""
SoftTargets = Mapping[Passage, Floats]
"""What a teacher says of a passage: probabilities, shape (len(OUTPUTS),)."""

Hear = Callable[[Floats], Floats]
"""From a teacher's word to the weights with which it is heard."""

_EXCUSES = frozenset(
    {Misstep.DEFEND, Misstep.BLAME_CUSTOMER, Misstep.BLAME_OTHERS, Misstep.DISMISS_FEELING, Misstep.SELF_FOCUS}
)
_AMENDS = frozenset({Step.TAKE_ACTION, Step.TAKE_OWNERSHIP, Step.GO_FURTHER})
_MOST_WORDS = 16


@dataclass(frozen=True, slots=True)
class Shares:
    """How often rows are composed or read otherwise; each 0 to 1."""

    join: float = 0.08
    """Agent rows that are run together with another one."""
    turn: float = 0.15
    """Apologies that are followed by "but": half by an excuse, which takes them back, half by what makes amends."""
    no_context: float = 0.25
    """Customer messages that are read without what the agent said before."""
    twin: float = 0.35
    """Agent rows that are read a second time in the same batch, in another voice."""
    teacher: float = 0.6
    """Of the teacher's word in a target, against the label's."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One text with what the network should say of it."""

    passage: Passage
    target: Floats
    weight: Floats
    importance: float = 1.0
    twin: Passage | None = None
    """The same in another voice, of which the network should say the same."""


@dataclass(frozen=True, slots=True, eq=False)
class Further:
    """A passage of a conversation whose labels nobody gave."""

    passage: Passage
    target: Floats
    weight: Floats
    """0 where nothing is known; a teacher may know."""
    of_customer: bool = False


@dataclass(frozen=True, slots=True)
class Corpus:
    """Labelled rows, passages of conversations, and what a teacher says."""

    agents: Sequence[AgentRow]
    customers: Sequence[CustomerRow]
    further: Sequence[Further] = ()
    soft: SoftTargets = field(default_factory=dict)
    """Of clean passages; empty without a teacher."""

    def __len__(self) -> int:
        return len(self.agents) + len(self.customers) + len(self.further)


def samples(corpus: Corpus, shares: Shares, real_weight: float, rng: random.Random) -> Iterator[Sample]:
    """One epoch of samples; `real_weight` is that of a real sentence against a written one."""
    excuses = [row for row in corpus.agents if _only(row, _EXCUSES)]
    amends = [row for row in corpus.agents if _only(row, _AMENDS)]
    voices = _voices(corpus.agents)
    for row in corpus.agents:
        target, weight = agent_target(row)
        importance = real_weight if row.kind == REAL else 1.0
        drawn = rng.random() if row.kind != REAL else 1.0
        if _only(row, frozenset({Step.APOLOGIZE})) and drawn < shares.turn and excuses and amends:
            yield _turned(row, rng.choice(excuses if rng.random() < 0.5 else amends), rng)
        elif drawn < shares.join:
            yield _joined(row, rng.choice(corpus.agents), rng)
        else:
            target, weight = blended(target, weight, corpus.soft.get((row.text, "")), shares.teacher, heard_of_agent)
            twin = _twin(row, voices, shares.twin, rng)
            yield Sample((roughen(row.text, rng), ""), target, weight, importance, twin)
    yield from _messages(corpus, shares, rng)
    yield from _further(corpus, shares, rng)


def _voices(rows: Iterable[AgentRow]) -> Mapping[str, Sequence[str]]:
    """The sentences of each group whose rows say the same in several voices."""
    voices: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row.kind == VOICE:
            voices[row.group].append(row.text)
    return voices


def _twin(row: AgentRow, voices: Mapping[str, Sequence[str]], share: float, rng: random.Random) -> Passage | None:
    """The sentence in another author's voice where one wrote it; else, for a share of the rows, roughened anew."""
    if others := voices.get(row.group, ()):
        return roughen(rng.choice(others), rng), ""
    return (roughen(row.text, rng), "") if rng.random() < share else None


def _messages(corpus: Corpus, shares: Shares, rng: random.Random) -> Iterator[Sample]:
    for message in corpus.customers:
        context = message.context if rng.random() >= shares.no_context else ""
        soft = corpus.soft.get((message.text, context))
        target, weight = blended(*customer_target(message), soft, shares.teacher, heard_of_customer)
        yield Sample((roughen(message.text, rng), context), target, weight)


def _further(corpus: Corpus, shares: Shares, rng: random.Random) -> Iterator[Sample]:
    for further in corpus.further:
        hear = heard_of_customer if further.of_customer else heard_of_agent
        soft = corpus.soft.get(further.passage)
        target, weight = blended(further.target, further.weight, soft, shares.teacher, hear)
        if weight.any():
            text, context = further.passage
            yield Sample((roughen(text, rng), context), target, weight)


def blended(target: Floats, weight: Floats, soft: Floats | None, share: float, hear: Hear) -> tuple[Floats, Floats]:
    """Label and teacher in one target: a cross-entropy against the mixture is the mixture of cross-entropies.

    Where the label says nothing the teacher's word counts by its share, as far as it is heard there.

    Source: Hinton et al. (2015), Distilling the Knowledge in a Neural Network, at temperature 1.
    """
    if soft is None:
        return target, weight
    mixed = np.where(weight > 0, (1 - share) * target + share * soft, soft).astype(np.float32)
    mixed[CARE] = target[CARE]  # graded replies are few: a teacher knows no more of them
    return mixed, np.where(weight > 0, weight, share * hear(soft)).astype(np.float32)


def heard_of_agent(soft: Floats) -> Floats:
    """Where a teacher is heard on a sentence: on labels wholly, on a step's strength by the step's probability."""
    weight = np.zeros_like(soft)
    weight[LABEL_COLUMNS] = 1.0
    for step in Step:
        weight[COLUMN[f"strong:{step}"]] = soft[column_of(step)]
    return weight


def heard_of_customer(soft: Floats) -> Floats:
    """Where a teacher is heard on a message: on act, upset and what the message calls for."""
    weight = np.zeros_like(soft)
    weight[ACTS] = weight[UPSET] = weight[NEXT] = 1.0
    return weight


def _only(row: AgentRow, wanted: Iterable[Step | Misstep]) -> bool:
    """Whether a short sentence carries labels, and none but the wanted ones."""
    return bool(row.firm) and set(row.firm) <= set(wanted) and len(row.text.split()) <= _MOST_WORDS


def _joined(row: AgentRow, other: AgentRow, rng: random.Random) -> Sample:
    """Two sentences run together carry the labels of both; where one is arguable and none is firm, nothing is known."""
    (a, known_a), (b, known_b) = agent_target(row), agent_target(other)
    target = np.maximum(a, b)
    known = np.where(target > 0, np.maximum(known_a * (a > 0), known_b * (b > 0)), known_a * known_b)
    return Sample((joined(row.text, other.text, rng), ""), target, known.astype(np.float32))


def _turned(apology: AgentRow, other: AgentRow, rng: random.Random) -> Sample:
    """An apology, "but", and another sentence: an excuse makes it a NON_APOLOGY, amends leave it one."""
    sample = _joined(apology, other, rng)
    target, weight = sample.target.copy(), sample.weight.copy()
    if set(other.firm) & _EXCUSES:
        for label, value in ((Step.APOLOGIZE, 0.0), (Misstep.NON_APOLOGY, 1.0)):
            target[column_of(label)], weight[column_of(label)] = value, 1.0
    return Sample((turned(apology.text, other.text, rng), ""), target, weight)
