"""Whole conversations: the customer at each turn, and the steps and missteps of each reply."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from amends_core.taxonomy import CONVERSATION_MISSTEPS, MISSTEPS, STEPS

from amends_eval.answers import ConversationAnswer
from amends_eval.datasets.rows import ArcRow, ArcTurn
from amends_eval.metrics.labels import Decisions, micro_f1, precision, recall
from amends_eval.suites.measures import from_sums, share, share_right
from amends_eval.suites.suite import Answered, Metric, Outcome, Suite, SuiteResult

_GROUPS: Mapping[str, Sequence[str]] = {
    "steps": [step.value for step in STEPS],
    "missteps": [misstep.value for misstep in MISSTEPS],
    "conversation_missteps": [misstep.value for misstep in CONVERSATION_MISSTEPS],
}
_ALL = [*_GROUPS["steps"], *_GROUPS["missteps"]]


def measure(answered: Mapping[str, Sequence[Answered]], seed: int) -> SuiteResult:
    """Act and upset at each customer turn; F1 of steps and missteps over the turns of agents."""
    items = answered["arcs"]
    moments = [outcome for item in items for outcome in _moments(item)]
    replies = [reply for item in items for reply in _replies(item)]
    errors = [_upset_error(item) for item in items]
    metrics: list[Metric] = [
        share_right("arcs.act_accuracy", moments, seed),
        share("arcs.upset_error", errors, [item.row.cluster for item in items], seed, higher_is_better=False),
    ]
    for name, labels in _GROUPS.items():
        metrics += _group(name, labels, replies, seed)
    outcomes = (*moments, *(_outcome(*reply) for reply in replies))
    return SuiteResult(suite="arcs", metrics=tuple(metrics), outcomes=outcomes)


_Reply = tuple[Answered, int, int, set[str]]
"""The conversation, first and last turn of a reply, and the labels found in it."""


def _group(name: str, labels: Sequence[str], replies: Sequence[_Reply], seed: int) -> list[Metric]:
    counts = _decisions(labels, replies).counts()
    clusters = [item.row.cluster for item, *_ in replies]
    return [
        from_sums(f"arcs.{name}.micro_f1", counts, clusters, micro_f1, seed),
        from_sums(f"arcs.{name}.precision", counts, clusters, precision, seed),
        from_sums(f"arcs.{name}.recall", counts, clusters, recall, seed),
    ]


def _decisions(labels: Sequence[str], replies: Sequence[_Reply]) -> Decisions:
    truth = [[label in _firm(_turns(reply)) for label in labels] for reply in replies]
    known = [[label in t or label not in o for label in labels] for t, o in map(_truth, replies)]
    claimed = [[label in reply[3] for label in labels] for reply in replies]
    shape = (-1, len(labels))
    return Decisions(
        truth=np.array(truth, dtype=np.bool_).reshape(shape),
        claimed=np.array(claimed, dtype=np.bool_).reshape(shape),
        known=np.array(known, dtype=np.bool_).reshape(shape),
        names=labels,
    )


def _truth(reply: _Reply) -> tuple[set[str], set[str]]:
    turns = _turns(reply)
    return _firm(turns), {label for turn in turns for label in turn.optional}


def _turns(reply: _Reply) -> Sequence[ArcTurn]:
    item, first, last, _ = reply
    return item.row_as(ArcRow).turns[first : last + 1]


def _firm(turns: Sequence[ArcTurn]) -> set[str]:
    return {label.partition(":")[0] for turn in turns for label in (*turn.steps, *(m.value for m in turn.missteps))}


def _replies(item: Answered) -> Iterator[_Reply]:
    answer = item.answer(ConversationAnswer)
    for judged in answer.replies if answer else ():
        yield item, judged.first_turn, judged.last_turn, {finding.label for finding in judged.judgement.findings}


def _moments(item: Answered) -> Iterator[Outcome]:
    answer = item.answer(ConversationAnswer)
    found = {moment.turn: moment for moment in answer.moments} if answer else {}
    for index, turn in enumerate(item.row_as(ArcRow).turns):
        if turn.role != "customer" or turn.act is None:
            continue
        moment = found.get(index)
        also = f" or {turn.second_act}" if turn.second_act else ""
        yield Outcome(
            dataset="arcs",
            id=item.row.id,
            part=f"turn {index}",
            ok=moment is not None and moment.act in (turn.act, turn.second_act),
            expected=f"{turn.act}{also}",
            found=moment.act if moment else "none",
            slices=item.row.slices,
            cluster=item.row.cluster,
        )


def _upset_error(item: Answered) -> float:
    answer = item.answer(ConversationAnswer)
    turns = item.row_as(ArcRow).turns
    apart = [abs(m.upset - (turns[m.turn].upset or 0.0)) for m in answer.moments] if answer else [1.0]
    return sum(apart) / len(apart)


def _outcome(item: Answered, first: int, last: int, found: set[str]) -> Outcome:
    truth, optional = _truth((item, first, last, found))
    return Outcome(
        dataset="arcs",
        id=item.row.id,
        part=f"turns {first} to {last}",
        ok=truth - optional == found - optional,
        expected=", ".join(label for label in _ALL if label in truth) or "none",
        found=", ".join(label for label in _ALL if label in found) or "none",
        slices=item.row.slices,
        cluster=item.row.cluster,
    )


SUITE = Suite("arcs", "Whole conversations: how the customer fares, what each reply does", ("arcs",), measure)
