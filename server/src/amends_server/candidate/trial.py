"""Who answers a conversation, and whose answers are compared. The same conversation always gets the same lot.

Neither can the candidate make calls late, for shadow work is done where nobody waits, nor can it fail them for
longer than one call: once its encoder fails, the current model answers all.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from contextvars import Context
from dataclasses import dataclass
from typing import Any, TypeVar

from amends_core.advice import Advice
from amends_core.coaching.token import Memory, digest_of
from amends_core.conversation import Turn
from amends_core.judgement import Judgement
from amends_core.scorer import ConversationJudgement, Encodings, Plan, Scorer

from amends_server.candidate.comparison import compare
from amends_server.candidate.metrics import CandidateMetrics
from amends_server.encoding import EncoderPool, Overloaded, Priority, QueueExpired
from amends_server.identity.visit import current_visit
from amends_server.metrics import Metrics
from amends_server.playbooks import Edition

T = TypeVar("T")
_MOST_AT_ONCE = 64
"""Comparisons that wait; more are skipped, which bounds what they hold of memory."""
_PATIENCE_S = 30.0
"""How long a comparison may wait for idle workers; old ones tell no more than new ones."""
_LOT = b"amends-candidate"
_log = logging.getLogger("amends.candidate")


@dataclass(frozen=True, slots=True)
class Shares:
    """Of the conversations, 0 to 1."""

    shadow: float = 0.0
    """Answered by the current model, and judged by both. Taken from those that are no canaries."""
    canary: float = 0.0
    """Answered by the candidate."""


def lot_of(turn: Turn) -> float:
    """Where a conversation lies from 0 to 1, by its first turn: role, text, time and speaker.

    The same everywhere and always, so that replicas agree, and a larger share takes in those of a smaller one.
    """
    return int.from_bytes(digest_of(_LOT, turn)[:7]) / (1 << 56)


class Trial:
    """Draws the lots and compares. Does nothing for editions without a candidate. Belongs to one event loop."""

    def __init__(self, pool: EncoderPool, metrics: Metrics, counts: CandidateMetrics, shares: Shares) -> None:
        self._pool = pool
        self._metrics = metrics
        self._counts = counts
        self._shares = shares
        self._tasks: set[asyncio.Task[None]] = set()
        self._judging = asyncio.Lock()
        """One at a time: calls are judged in threads, too, and by the same interpreter."""

    def answering(self, edition: Edition, first: Turn | None) -> Edition:
        """The edition that answers a conversation that begins with this turn; the current one before there is any."""
        candidate = self._candidate(edition)
        if candidate is None or first is None or lot_of(first) >= self._shares.canary:
            return edition
        return candidate

    def reopened(self, edition: Edition, token: bytes) -> Edition:
        """The edition that made a live conversation's token; the current one where it was none of these.

        Raises:
            RequestError: the token cannot be read.
        """
        candidate = self._candidate(edition)
        if candidate is not None and Memory.from_token(token).model == candidate.model_id:
            return candidate
        return edition

    def judged(self, edition: Edition, plan: Plan, judgement: Judgement) -> None:
        """Counts a judgement that was given; compares it where its conversation is shadowed."""
        self._count(edition, judgement)

        def tell(version: str, theirs: Judgement) -> None:
            self._counts.compared(version, compare(judgement, theirs))

        self._compare(edition, plan, lambda scorer, encodings: scorer.judge(plan, encodings), tell)

    def judged_whole(self, edition: Edition, plan: Plan, judged: ConversationJudgement) -> None:
        """As `judged`, for every reply of a conversation."""
        for reply in judged.replies:
            self._count(edition, reply.judgement)

        def tell(version: str, theirs: ConversationJudgement) -> None:
            for ours, other in zip(judged.replies, theirs.replies, strict=True):  # models do not move the sentences
                self._counts.compared(version, compare(ours.judgement, other.judgement))

        self._compare(edition, plan, lambda scorer, encodings: scorer.judge_conversation(plan, encodings), tell)

    def advised(self, edition: Edition, plan: Plan, advice: Advice) -> None:
        """Counts advice that was given; compares its first step where its conversation is shadowed."""
        self._count_answer(edition)

        def tell(version: str, theirs: Advice) -> None:
            self._counts.compared_advice(version, same=advice.steps[0].step is theirs.steps[0].step)

        self._compare(edition, plan, lambda scorer, encodings: scorer.advise(plan, encodings, 1), tell)

    def close(self) -> None:
        """Leaves the comparisons that wait."""
        for task in self._tasks:
            task.cancel()

    def _candidate(self, edition: Edition) -> Edition | None:
        candidate = edition.candidate
        return candidate if candidate is not None and self._pool.works(candidate.reader) else None

    def _count(self, edition: Edition, judgement: Judgement) -> None:
        if edition.on_trial:
            self._counts.answered(edition.model.version, judgement)
        else:
            self._metrics.judged((judgement,))
        self._count_answer(edition)

    def _count_answer(self, edition: Edition) -> None:
        if edition.on_trial:
            current_visit().candidate = edition.title
        if edition.on_trial or edition.candidate is not None:
            who = "candidate" if edition.on_trial else "current"
            self._counts.answers.labels(edition.model.version, who).inc()

    def _compare(
        self,
        edition: Edition,
        plan: Plan,
        judge: Callable[[Scorer, Encodings], T],
        tell: Callable[[str, T], None],
    ) -> None:
        candidate = self._candidate(edition)
        if candidate is None or lot_of(plan.turns[0]) < 1 - self._shares.shadow:
            return
        if len(self._tasks) >= _MOST_AT_ONCE:
            self._counts.skipped.labels(candidate.model.version, "busy").inc()
            return
        self._start(self._shadow(candidate, plan, current_visit().tenant.name, judge, tell))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        # In a context of its own: the call may have ended by then, and its trace with it.
        task = asyncio.get_running_loop().create_task(work, context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _shadow(
        self,
        candidate: Edition,
        plan: Plan,
        tenant: str,
        judge: Callable[[Scorer, Encodings], T],
        tell: Callable[[str, T], None],
    ) -> None:
        version = candidate.model.version
        deadline = time.monotonic() + _PATIENCE_S
        try:
            encoded = await self._pool.encode(
                plan.texts, deadline=deadline, priority=Priority.SHADOW, tenant=tenant, model=candidate.reader
            )
            async with self._judging:
                theirs = await asyncio.to_thread(judge, candidate.scorer, encoded.encodings)
            tell(version, theirs)
        except (Overloaded, QueueExpired) as error:
            self._counts.skipped.labels(version, "busy" if isinstance(error, Overloaded) else "late").inc()
        except Exception as error:  # whatever it is, the caller has had the answer; and no text of it in the log
            self._counts.skipped.labels(version, "failed").inc()
            _log.error("comparison failed", extra={"type": type(error).__name__})
